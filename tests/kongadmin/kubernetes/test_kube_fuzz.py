"""Bodies that nobody means: each is an answer, none a surprise."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients import Client
from manifests import APPLY, CONSUMERS, MERGE, consumer, credential, path_of

SHOP = f"{CONSUMERS}/shop"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
EXPECTED = {200, 201, 400, 404, 409, 415, 422}

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)
NAMES = (
    *("username", "consumerGroups", "credentials", "spec", "status", "metadata"),
    *("apiVersion", "kind", "other"),
)
METADATA = (
    *("name", "generateName", "namespace", "labels", "annotations", "finalizers"),
    *("ownerReferences", "managedFields", "uid", "resourceVersion", "generation"),
)
some = st.dictionaries(st.sampled_from(NAMES), anything, max_size=3)
some_metadata = st.dictionaries(st.sampled_from(METADATA), anything, max_size=3)
fuzzed = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def mixed(values: dict, metadata: dict) -> dict:
    manifest = consumer() | values
    if isinstance(manifest["metadata"], dict):
        manifest["metadata"] = {**manifest["metadata"], **metadata}
    return manifest


@fuzzed
@given(some, some_metadata)
def test_making(kube: Client, values: dict, metadata: dict) -> None:
    answer = kube.post(CONSUMERS, json=mixed(values, metadata))

    assert answer.status in EXPECTED, answer.text
    kube.delete(SHOP)


@fuzzed
@given(some, some_metadata)
def test_applying(kube: Client, values: dict, metadata: dict) -> None:
    target = f"{SHOP}?fieldManager=ci&force=true"

    answer = kube.patch(target, json=mixed(values, metadata), headers=APPLY)

    assert answer.status in EXPECTED, answer.text


@fuzzed
@given(anything, some_metadata)
def test_patching(kube: Client, values: object, metadata: dict) -> None:
    kube.post(CONSUMERS, json=consumer())
    for body in (values, {"metadata": metadata}, {"status": values}):
        for path in (SHOP, f"{SHOP}/status"):
            answer = kube.patch(path, json=body, headers=MERGE)
            assert answer.status in EXPECTED, answer.text


pointers = st.sampled_from(
    ["", "/", "/username", "/consumerGroups/-", "/consumerGroups/1", "/~", "x", "/a/b"]
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"])},
    optional={"path": pointers | scalars, "from": pointers, "value": anything},
)


@fuzzed
@given(st.lists(operations | scalars, max_size=4))
def test_patching_by_operations(kube: Client, body: list) -> None:
    kube.post(CONSUMERS, json=consumer(consumerGroups=["a", "b"]))

    answer = kube.patch(SHOP, json=body, headers=JSON_PATCH)

    assert answer.status in EXPECTED, answer.text


@fuzzed
@given(st.dictionaries(st.sampled_from(["consumerRef", "key", "tags"]), anything))
def test_credentials(kube: Client, spec: dict) -> None:
    manifest = credential("KongCredentialAPIKey", "key") | {"spec": spec}

    assert kube.post(path_of(manifest), json=manifest).status in EXPECTED


@fuzzed
@given(anything)
def test_deleting(kube: Client, options: object) -> None:
    assert kube.delete(SHOP, json=options).status in EXPECTED


@pytest.mark.parametrize("name", ["labelSelector", "fieldSelector", "continue"])
@fuzzed
@given(text=st.text(max_size=8) | st.binary(max_size=8))
def test_selecting(kube: Client, name: str, text: str | bytes) -> None:
    from urllib.parse import quote

    answer = kube.get(f"{CONSUMERS}?{name}={quote(text)}&limit=1")

    assert answer.status in EXPECTED, answer.text
