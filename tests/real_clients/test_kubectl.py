"""Every command of kubectl that the contract names, against the running product."""

import http.client
import json
import re
import socket
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import kubectl
from kubectl import Kubectl
from manifests import CONSUMERS, MERGE, consumer, secret
from servers import Server, ask

pytestmark = kubectl.needed()

GROUP = "configuration.konghq.com"
KONGCONSUMER = f"kongconsumer.{GROUP}"


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """Run kubectl in a namespace; each test has its own."""
    home = tmp_path_factory.mktemp("kubectl")
    config = home / "config"
    cluster = {"name": "kong", "cluster": {"server": server.admin}}
    context = {"name": "kong", "context": {"cluster": "kong"}}
    config.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "kong",
                "clusters": [cluster],
                "contexts": [context],
            }
        )
    )
    return Kubectl(config, home)


class InNamespace:
    """kubectl in one namespace."""

    def __init__(self, inner: Kubectl, namespace: str, folder: Path) -> None:
        self.inner, self.namespace, self.folder = inner, namespace, folder

    def run(self, line: str, stdin: str = "", **env: str):
        self.inner.env.update(env)
        return self.inner.run("-n", self.namespace, *line.split(), stdin=stdin)

    def __call__(self, line: str, *manifests: dict, **env: str) -> str:
        """Run a command that has to succeed; manifests go in by `-f -`."""
        done = self.run(line, yaml.safe_dump_all(manifests), **env)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def fails(self, line: str, *manifests: dict) -> str:
        done = self.run(line, yaml.safe_dump_all(manifests))
        assert done.returncode != 0, f"{line}: {done.stdout}"
        return done.stderr.strip()

    def start(self, line: str) -> subprocess.Popen[str]:
        command = [kubectl.PROGRAM, "-n", self.namespace, *line.split()]
        return subprocess.Popen(
            command, env=self.inner.env, stdout=subprocess.PIPE, text=True
        )


@pytest.fixture
def kube(run: Kubectl, request: pytest.FixtureRequest, tmp_path: Path) -> InNamespace:
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:60]
    namespace = InNamespace(run, name.strip("-"), tmp_path)
    namespace(f"create namespace {namespace.namespace}")
    return namespace


def test_what_is_served_is_listed(kube: InNamespace) -> None:
    listed = kube("api-resources --no-headers")

    assert re.search(
        rf"^kongconsumers +kc +{GROUP}/v1 +true +KongConsumer$", listed, re.M
    )
    versions = kube("api-versions").split()
    assert versions == [
        *(f"{GROUP}/v1", f"{GROUP}/v1alpha1", f"{GROUP}/v1beta1"),
        *("konnect.konghq.com/v1alpha1", "konnect.konghq.com/v1alpha2", "v1"),
    ]
    assert "v1.32.0" in kube("version")


def test_apply_creates_changes_and_sees_that_nothing_changed(kube: InNamespace) -> None:
    assert kube("apply -f -", consumer()) == f"{KONGCONSUMER}/shop created"
    assert kube("apply -f -", consumer()) == f"{KONGCONSUMER}/shop unchanged"
    changed = consumer(custom_id="42")
    assert kube("apply -f -", changed) == f"{KONGCONSUMER}/shop configured"
    kube("apply -f -", consumer())

    assert "custom_id" not in json.loads(kube("get kc shop -o json"))


def test_apply_of_a_list(kube: InNamespace) -> None:
    items = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [consumer("a"), consumer("b")],
    }

    assert kube("apply -f -", items).count("created") == 2


def test_apply_of_a_secret(kube: InNamespace) -> None:
    kube("apply -f -", secret(stringData={"a": "b"}))
    kube("apply -f -", secret(stringData={"c": "d"}))

    assert kube("get secret key -o jsonpath={.data.c}") == "ZA=="


def test_dry_runs_and_differences(kube: InNamespace) -> None:
    assert "created (server dry run)" in kube("apply --dry-run=server -f -", consumer())
    assert kube.fails("get kc shop")
    new = kube.run("diff -f -", yaml.safe_dump(consumer()))
    assert (new.returncode, "+username: shop" in new.stdout) == (1, True)

    kube("apply -f -", consumer())
    assert "deleted (server dry run)" in kube("delete kc shop --dry-run=server")
    assert kube("diff -f -", consumer()) == ""
    other = kube.run("diff -f -", yaml.safe_dump(consumer(custom_id="42")))
    assert other.returncode == 1
    lines = other.stdout.splitlines()
    assert sorted(line for line in lines if re.match("[-+][^-+]", line)) == [
        "+  generation: 2",
        '+custom_id: "42"',
        "-  generation: 1",
    ]


def test_server_side_apply_and_its_conflicts(kube: InNamespace) -> None:
    applied = "apply --server-side -f -"
    assert "serverside-applied" in kube(applied, consumer(custom_id="1"))

    said = kube.fails(f"{applied} --field-manager=ci", consumer(custom_id="2"))
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .custom_id' in said

    kube(f"{applied} --field-manager=ci --force-conflicts", consumer(custom_id="2"))
    assert kube("get kc shop -o jsonpath={.custom_id}") == "2"
    shown = kube("get kc shop -o yaml --show-managed-fields")
    assert "manager: ci" in shown
    assert "managedFields" not in kube("get kc shop -o yaml")


def test_server_side_apply_after_the_other_kind(kube: InNamespace) -> None:
    kube("apply -f -", consumer(custom_id="1"))

    kube("apply --server-side -f -", consumer())

    fields = json.loads(kube("get kc shop -o json --show-managed-fields"))["metadata"][
        "managedFields"
    ]
    assert ("kubectl", "Apply") in {
        (one["manager"], one["operation"]) for one in fields
    }
    assert kube.run("get kc shop -o jsonpath={.custom_id}").stdout == ""


def test_pruning_what_is_not_in_the_file_any_more(kube: InNamespace) -> None:
    labels = {"metadata": {"labels": {"app": "x"}}}
    kube("apply -f -", consumer("a", **labels), consumer("b", **labels))

    prune = f"apply --prune -l app=x --prune-allowlist={GROUP}/v1/KongConsumer -f -"
    printed = kube(prune, consumer("a", **labels))

    assert f"{KONGCONSUMER}/b pruned" in printed
    assert kube("get kc -o name") == f"{KONGCONSUMER}/a"


def test_pruning_by_a_set_that_is_kept_in_a_secret(kube: InNamespace) -> None:
    line = "apply --prune --applyset=secret/set -f -"
    on = {"KUBECTL_APPLYSET": "true"}
    kube.run(line, yaml.safe_dump_all([consumer("a"), consumer("b")]), **on)

    kube(line, consumer("a"), **on)

    assert kube("get kc -o name") == f"{KONGCONSUMER}/a"


def test_create_and_replace(kube: InNamespace) -> None:
    assert "server dry run" in kube("create --dry-run=server -f -", consumer())
    kube("create -f -", consumer())
    said = kube.fails("create -f -", consumer())
    assert "(AlreadyExists)" in said
    generated = consumer(metadata={"name": None, "generateName": "made-"})
    assert kube("create -f - -o name", generated).startswith(f"{KONGCONSUMER}/made-")

    kube("replace -f -", json.loads(kube("get kc shop -o json")) | {"custom_id": "9"})
    stale = json.loads(kube("get kc shop -o json"))
    kube("label kc shop a=b")
    assert "(Conflict)" in kube.fails("replace -f -", stale)
    assert "shop replaced" in kube("replace --force -f -", consumer())


def test_patch_in_every_type_there_is(kube: InNamespace) -> None:
    kube("apply -f -", consumer())

    kube('patch kc shop --type=merge -p {"custom_id":"1"}')
    operation = '[{"op":"replace","path":"/custom_id","value":"2"}]'
    kube(f"patch kc shop --type=json -p {operation}")
    assert kube("get kc shop -o jsonpath={.custom_id}") == "2"
    said = kube.fails('patch kc shop -p {"custom_id":"3"}')
    assert "application/strategic-merge-patch+json is not supported by" in said
    status = '{"status":{"conditions":[]}}'
    kube(f"patch kc shop --type=merge --subresource=status -p {status}")


def test_label_annotate_and_edit(kube: InNamespace) -> None:
    kube("apply -f -", consumer())
    editor = kube.folder / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/^username: .*/username: store/' $1\n")
    editor.chmod(0o755)

    kube("label kc shop tier=gold")
    kube("annotate kc shop note=x")
    kube("edit kc shop", KUBE_EDITOR=str(editor))

    said = json.loads(kube("get kc shop -o json"))
    assert said["metadata"]["labels"] == {"tier": "gold"}
    assert said["metadata"]["annotations"]["note"] == "x"
    assert said["username"] == "store"


def test_get_in_every_form(kube: InNamespace) -> None:
    kube("apply -f -", *(consumer(name) for name in "abc"))

    table = kube("get kongconsumers").splitlines()
    assert table[0].split() == ["NAME", "USERNAME", "AGE", "PROGRAMMED"]
    assert re.fullmatch(r"a +a +\d+s +Unknown", table[1])
    assert "NAMESPACE" in kube("get kongconsumer,kongconsumergroup -A -o wide")
    assert "LABELS" in kube("get kc --show-labels")
    assert kube("get kc -l x!=y -o name").count("/") == 3
    assert kube("get kc --field-selector metadata.name=b -o name").endswith("/b")
    assert kube("get kc --chunk-size=2 -o name").count("/") == 3
    assert kube("get kc --sort-by=.metadata.name --no-headers").startswith("a ")
    custom = kube("get kc a -o custom-columns=U:.username,N:.metadata.namespace")
    assert custom.split() == ["U", "N", "a", kube.namespace]
    assert "kongconsumer" in kube("get kong -o name")
    assert "kind: KongConsumerList" not in kube("get kc -o yaml")  # kubectl's own List
    assert "conditions" in kube("get kc a --subresource=status -o json")
    assert "(NotFound)" in kube.fails("get kc nobody")
    assert "doesn't have a resource type" in kube.fails("get kongunicorns")


def test_describe_and_explain(kube: InNamespace) -> None:
    kube("apply -f -", consumer(), secret(stringData={"a": "bcd"}))

    assert re.search("Events: +<none>$", kube("describe kc shop"))
    assert "a:  3 bytes" in kube("describe secret key")
    explained = kube("explain kongconsumer.custom_id")
    assert "FIELD: custom_id <string>" in explained
    assert "existing ID for the consumer" in explained
    assert "algorithm" in kube("explain kongcredentialjwt.spec")
    recursive = kube("explain kongconsumer --recursive")
    assert re.search(r"konnectNamespacedRef.*\n +name.*-required-", recursive)
    assert "labels" in recursive


def test_delete_and_wait_until_it_is_gone(kube: InNamespace) -> None:
    held = consumer(metadata={"finalizers": ["example.com/later"]})
    kube("apply -f -", held, consumer("b"))
    waiting = kube.start("delete kc shop --timeout=20s")
    while not kube("get kc shop -o jsonpath={.metadata.deletionTimestamp}"):
        continue

    kube('patch kc shop --type=merge -p {"metadata":{"finalizers":null}}')

    assert waiting.wait(20) == 0
    assert kube("delete kc --all --cascade=foreground")
    assert kube("get kc -o name") == ""


def test_wait_for_what_comes_later(kube: InNamespace) -> None:
    kube("apply -f -", consumer())
    waiting = kube.start("wait --for=condition=Programmed kc/shop --timeout=20s")
    labelled = kube.start(
        "wait --for=jsonpath={.metadata.labels.a}=b kc/shop --timeout=20s"
    )

    annotated = {"kubernetes.io/ingress.class": "kong"}
    programmed = consumer(metadata={"annotations": annotated}, username="waited-for")
    kube("apply -f -", programmed)
    kube("label kc shop a=b")

    assert waiting.wait(20) == 0
    assert labelled.wait(20) == 0


def test_get_w_tells_what_happens(kube: InNamespace) -> None:
    kube("apply -f -", consumer("a"))
    watch = kube.start("get kc -w --no-headers --output-watch-events")
    try:
        assert watch.stdout.readline().split()[:2] == ["ADDED", "a"]
        kube("apply -f -", consumer("b"))
        assert watch.stdout.readline().split()[:2] == ["ADDED", "b"]
        kube("delete kc b")
        assert watch.stdout.readline().split()[:2] == ["DELETED", "b"]
    finally:
        watch.terminate()
        watch.wait(10)


def test_watchers_take_no_thread_from_anybody(server: Server) -> None:
    target = urlsplit(server.admin)
    watches = []
    for _ in range(20):  # more than there are threads, in every worker
        watch = http.client.HTTPConnection(target.hostname, target.port, timeout=10)
        watch.request("GET", f"{CONSUMERS}?watch=1")
        watches.append((watch, watch.getresponse()))
    try:
        assert ask(f"{server.admin}/consumers", timeout=10).status == 200

        ask(f"{server.admin}{CONSUMERS}", "POST", json=consumer("watched"))
        for _, answer in watches:
            while b"watched" not in answer.readline():
                continue
    finally:
        for watch, answer in watches:
            answer.close()
            watch.close()
        ask(f"{server.admin}{CONSUMERS}/watched", "DELETE")


def test_writers_at_once_lose_nothing(server: Server) -> None:
    url = f"{server.admin}{CONSUMERS}/written"
    ask(f"{server.admin}{CONSUMERS}", "POST", json=consumer("written"))

    def label(name: str) -> int:
        body = {"metadata": {"labels": {name: "x"}}}
        return ask(url, "PATCH", json=body, headers=MERGE).status

    names = [f"label-{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(label, names)) == {200}

    metadata = ask(url).json()["metadata"]
    assert sorted(metadata["labels"]) == sorted(names)
    ask(url, "DELETE")


def test_secrets_and_namespaces_by_newer_kubectls(kube: InNamespace) -> None:
    kube("create secret generic s --from-literal=a=b")

    assert kube("get secret s -o jsonpath={.data.a}") == "Yg=="
    assert kube("auth can-i create kongconsumers") == "yes"
    listed = kube("auth can-i --list --no-headers")
    assert re.search(rf"^kongconsumers.{GROUP} .*\[create delete", listed, re.M)
    assert kube("auth can-i get /version") == "yes"
    assert "anyone on this machine" in kube("auth whoami")
    kube(f"delete namespace {kube.namespace}")
    assert "(NotFound)" in kube.fails("create -f -", consumer())


def test_what_is_wrong_is_said(kube: InNamespace) -> None:
    assert 'unknown field "usrname"' in kube.fails("apply -f -", consumer(usrname="x"))
    nameless = consumer()
    del nameless["username"]
    said = kube.fails("apply -f -", nameless)
    assert "Need to provide either username or custom_id" in said
    assert 'The KongConsumer "shop" is invalid' in said


def test_below_a_prefix_it_is_the_same(server: Server, run: Kubectl) -> None:
    listed = run.do(
        "--server", f"{server.manager}/admin-api", "explain", "kongconsumer.username"
    )

    assert "FIELD: username <string>" in listed


def watching(server: Server) -> tuple[socket.socket, http.client.HTTPResponse]:
    """Open a watch as soon as there is room; return its connection and answer."""
    target = urlsplit(server.admin)
    while True:
        watch = http.client.HTTPConnection(target.hostname, target.port, timeout=10)
        watch.request("GET", f"{CONSUMERS}?watch=1")
        connection = watch.sock
        answer = watch.getresponse()
        if answer.status == 200:
            return connection, answer
        assert answer.status == 429
        answer.close()
        watch.close()


def cut_off(connection: socket.socket, answer: http.client.HTTPResponse) -> None:
    """End a connection as it ends when its client is killed: without a good bye."""
    at_once = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    answer.close()
    connection.close()


def test_watches_end_with_their_clients_and_with_the_server() -> None:
    with Server(WORKERS="1") as own:
        for _ in range(2):  # together more than there is room for
            watches = [watching(own) for _ in range(50)]
            for connection, answer in watches:
                cut_off(connection, answer)
        watch = subprocess.Popen(
            ["curl", "-sN", f"{own.admin}{CONSUMERS}?watch=1"], stdout=subprocess.PIPE
        )
        ask(f"{own.admin}{CONSUMERS}", "POST", json=consumer())
        assert b"ADDED" in watch.stdout.readline()

        own.stop()

        assert watch.wait(5) == 0  # not cut off: the last chunk came
