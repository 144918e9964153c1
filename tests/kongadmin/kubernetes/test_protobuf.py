"""Bodies that newer kubectls send as protobuf."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients import Client
from kongadmin.dialects.kubernetes import protobuf
from kongadmin.dialects.kubernetes.errors import Failure
from manifests import refused

PROTOBUF = {"Content-Type": "application/vnd.kubernetes.protobuf"}


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def pair(key: str, value: bytes | str) -> bytes:
    return field(1, key) + field(2, value)


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    type_meta = field(1, api_version) + field(2, kind)
    return b"k8s\0" + field(1, type_meta) + field(2, raw) + field(3, "") + field(4, "")


def secret(name: str = "key", **data: bytes) -> bytes:
    metadata = field(1, name) + field(2, "") + field(3, "") + field(11, pair("a", "b"))
    entries = b"".join(field(2, pair(key, value)) for key, value in data.items())
    return envelope("v1", "Secret", field(1, metadata) + entries + field(3, "Opaque"))


def test_a_secret_is_made_of_its_bytes(kube: Client) -> None:
    path = "/api/v1/namespaces/default/secrets"

    answer = kube.post(path, body=secret(key=b"\x00\xff"), headers=PROTOBUF)

    assert answer.status == 201
    said = answer.json()
    assert said["data"] == {"key": base64.b64encode(b"\x00\xff").decode()}
    assert said["metadata"]["labels"] == {"a": "b"}


def test_a_namespace_is_made_of_its_bytes(kube: Client) -> None:
    body = envelope("v1", "Namespace", field(1, field(1, "shops")))

    assert kube.post("/api/v1/namespaces", body=body, headers=PROTOBUF).status == 201
    assert kube.get("/api/v1/namespaces/shops").status == 200


def test_a_question_about_oneself_is_understood(kube: Client) -> None:
    attributes = field(2, "create") + field(3, "apps") + field(5, "deployments")
    raw = field(2, field(1, attributes))
    body = envelope("authorization.k8s.io/v1", "SelfSubjectAccessReview", raw)
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    answer = kube.post(path, body=body, headers=PROTOBUF)

    assert answer.json()["status"] == {"allowed": False}


def test_how_to_delete_is_understood(kube: Client) -> None:
    path = "/api/v1/namespaces/default/secrets"
    kube.post(path, body=secret(), headers=PROTOBUF)

    dry_run = envelope("v1", "DeleteOptions", field(4, "Background") + field(5, "All"))
    assert kube.delete(f"{path}/key", body=dry_run, headers=PROTOBUF).status == 200
    another = envelope("v1", "DeleteOptions", field(2, field(1, "another")))
    answer = kube.delete(f"{path}/key", body=another, headers=PROTOBUF)
    refused(answer, 409, "Conflict")

    assert kube.get(f"{path}/key").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"k8s\0",
        b"k8s\0\xff",
        secret()[:-3],
        envelope("v1", "Pod", b""),
        b"k8s\0" + b"\xff" * 20,
        b"k8s\0" + field(1, b"\xff\xfe"),
        b"k8s\0\x0d\x00\x00\x00\x00",
    ],
)
def test_what_cannot_be_read_is_a_bad_request(kube: Client, body: bytes) -> None:
    path = "/api/v1/namespaces/default/secrets"

    refused(kube.post(path, body=body, headers=PROTOBUF), 400, "BadRequest")


@given(st.binary(max_size=60))
def test_nothing_but_a_bad_request_comes_of_any_bytes(raw: bytes) -> None:
    with suppress(Failure):
        assert isinstance(protobuf.decode(b"k8s\0" + raw), dict)
