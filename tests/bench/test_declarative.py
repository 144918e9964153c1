"""How long a decK file takes from text to rows, and how much memory; beside real decK.

`BENCH=full` is 100,000 consumers with a key, an ACL group and a membership each, then
a file of 100 MB, and decK with 1,000 and 10,000; otherwise a few show that this still
runs. Figures are those of a process of its own, printed, and but for memory and the
distance to decK not asserted.
"""

import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from programs import BUILT, needs
from servers import ROOT, Server, ask

FULL = os.environ.get("BENCH") == "full"
COUNT = 100_000 if FULL else 200
DECK_COUNTS = (1_000, 10_000) if FULL else (20,)
LARGE = 100_000_000 if FULL else 100_000
MOST_MEGABYTES = 600
TIMES_FASTER = 20

PROGRAM = """
import json, os, re, resource, sys, time
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread
sys.path[:0] = [os.getcwd()]
os.environ["DJANGO_SETTINGS_MODULE"] = "kongadmin.settings"
import django
django.setup()
from kongadmin.declarative import apart
from kongadmin.declarative.applying import apply
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.declarative.plan import make
from realms.models import ControlPlane
plane = ControlPlane.objects.ours().get(name="default")
said, beside = {}, [0]

# Notes the most memory that a child took; once it has ended nobody knows.
def watch():
    while True:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        for pid in children.split():
            with suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                beside.extend(map(int, re.findall(r"VmHWM:\\s+(\\d+)", status)))
        beside[:] = [max(beside)]
        time.sleep(0.1)

def timed(name, do):
    started = time.perf_counter()
    done = do()
    said[name] = time.perf_counter() - started
    return done

def plan():
    options, is_large = Options(filename="kong.yaml"), "large" in sys.argv
    with open(sys.argv[1], "rb") as file, ExitStack() as stack:
        if is_large:  # as `manage.py deck` reads it
            document = apart.read("deck", file, options, stack)
        else:
            document = FORMATS["deck"].read(file, options)
        return make(plane, document, "sync")

Thread(target=watch, daemon=True).start()
first = timed("plan", plan)
assert not first.problems, first.problems[:3]
if "apply" in sys.argv:
    timed("apply", lambda: apply(first))
    assert timed("unchanged", plan).is_empty
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
said["megabytes"] = (own + max(beside)) / 1024
print(json.dumps(said))
"""


@pytest.fixture
def installation() -> Iterator[Server]:
    """A database of its own that no server is running on."""
    made = Server()
    yield made
    made.remove()


def write_file(path: Path, count: int) -> Path:
    """Write a decK file with so many consumers."""
    with path.open("w") as file:
        file.write('_format_version: "3.0"\nconsumer_groups:\n- name: gold\n')
        file.write("consumers:\n")
        for number in range(count):
            file.write(
                f"- username: consumer-{number:07}\n"
                f"  custom_id: id-{number:07}\n"
                "  groups:\n  - name: gold\n"
                f"  keyauth_credentials:\n  - key: key-of-consumer-{number:07}-xyz\n"
                "  acls:\n  - group: staff\n"
            )
    return path


def measured(installation: Server, path: Path, *words: str) -> dict[str, float]:
    """Return the seconds and megabytes that a file took in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path, *words],
        env=installation.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(what: str, said: dict[str, float]) -> None:
    figures = ", ".join(f"{name} {value:.1f}" for name, value in said.items())
    print(f"\n{what}: {figures} (s, MB)")


def test_a_file_with_many_consumers(installation, tmp_path):
    path = write_file(tmp_path / "kong.yaml", COUNT)

    said = measured(installation, path, "apply", "large")

    told(f"{COUNT} consumers, {4 * COUNT} rows", said)
    assert said["megabytes"] <= MOST_MEGABYTES


def test_a_large_file_stays_within_the_memory(installation, tmp_path):
    path = write_file(tmp_path / "kong.yaml", LARGE // 165)

    said = measured(installation, path, "large")

    told(f"a file of {path.stat().st_size / 1e6:.1f} MB", said)
    assert said["megabytes"] <= MOST_MEGABYTES


@needs("deck")
@pytest.mark.parametrize("count", DECK_COUNTS)
def test_beside_real_deck(installation, tmp_path, count):
    path = write_file(tmp_path / "kong.yaml", count)
    with Server(WORKERS="2") as server:
        command = [BUILT["deck"], "gateway", "sync", path, "--analytics=false"]
        command += ["--kong-addr", server.admin]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=server.env)
        theirs = time.perf_counter() - started

    ours = measured(installation, path, "apply")

    spent = ours["plan"] + ours["apply"]
    print(f"\n{count} consumers: ours {spent:.1f} s, decK's {theirs:.1f} s")
    if count >= 10_000:
        assert theirs / spent >= TIMES_FASTER


def test_a_large_file_that_is_sent_stays_within_the_memory(tmp_path):
    path = write_file(tmp_path / "kong.yaml", LARGE // 165)

    with Server(WORKERS="1") as server:
        planned = send(server.admin, "/declarative/plan?size=1", path, YAML)
        assert planned.status == 200
        after_route = peak(server)
        cookies = server.sign_in()
        record = bring(server, cookies, path)
        wait_until_planned(server, cookies, record)
        after_page = peak(server)

    print(f"\nplanned by HTTP: {after_route} MB, in the Manager: {after_page} MB")
    assert max(after_route, after_page) <= MOST_MEGABYTES


YAML = {"Content-Type": "application/yaml"}
BOUNDARY = "a-line-that-no-file-has"
PART = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="


def send(base: str, target: str, path: Path, headers: dict, *around: bytes):
    """Post a file as it lies on the disk, with something before and after it."""
    before, after = around or (b"", b"")
    size = len(before) + path.stat().st_size + len(after)
    connection = http.client.HTTPConnection(base.partition("//")[2], timeout=3600)
    with path.open("rb") as file:
        body = itertools.chain(
            [before], iter(partial(file.read, 1 << 16), b""), [after]
        )
        headers = {"Content-Length": str(size), **headers}
        connection.request("POST", target, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def bring(server: Server, cookies: dict[str, str], path: Path) -> str:
    """Drop a file in the Manager; return the path of the page about it."""
    fields = {"mode": "apply", "csrfmiddlewaretoken": cookies["kongadmin_csrf"]}
    before = "".join(f'{PART}"{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
    before += f'{PART}"file"; filename="kong.yaml"\r\n\r\n'
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Cookie": jar(cookies),
    }
    around = before.encode(), f"\r\n--{BOUNDARY}--\r\n".encode()
    answer = send(server.manager, "/import", path, headers, *around)
    assert answer.status == 303
    return answer.headers["Location"]


def wait_until_planned(server: Server, cookies: dict[str, str], record: str) -> None:
    while (
        "steps taken"
        not in ask(f"{server.manager}{record}", headers={"Cookie": jar(cookies)}).text
    ):
        time.sleep(0.5)


def jar(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def peak(server: Server) -> int:
    """Return the most megabytes that any process of a server has had."""
    found = (Path(f"/proc/{pid}/status").read_text() for pid in server.processes())
    return max(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in found) // 1024
