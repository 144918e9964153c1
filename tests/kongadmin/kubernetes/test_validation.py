"""What manifests may say: unknown fields, defaults, schemas and rules."""

from collections.abc import Callable

import pytest

from clients import Client
from manifests import (
    APPLY,
    CONSUMERS,
    MERGE,
    consumer,
    credential,
    path_of,
    refused,
)

SHOP = f"{CONSUMERS}/shop"
Made = Callable[[dict], dict]
NAMED = {
    "type": "konnectNamespacedRef",
    "konnectNamespacedRef": {"name": "edge"},
}


def causes_of(kube: Client, manifest: dict) -> dict[str, tuple[str, str]]:
    """Return reason and message of everything that is wrong, by field."""
    status = refused(kube.post(path_of(manifest), json=manifest), 422, "Invalid")
    causes = status["details"]["causes"]
    return {one["field"]: (one["reason"], one["message"]) for one in causes}


def invalid_ref(ref: dict) -> dict:
    return consumer(spec={"controlPlaneRef": ref})


# Unknown fields


def test_strictly_an_unknown_field_is_refused(kube: Client) -> None:
    given = consumer(usrname="x", spec={"tag": ["y"]})

    answer = kube.post(f"{CONSUMERS}?fieldValidation=Strict", json=given)

    status = refused(answer, 400, "BadRequest")
    assert status["message"] == (
        'KongConsumer in version "v1" cannot be handled as a KongConsumer: strict '
        'decoding error: unknown field "usrname", unknown field "spec.tag"'
    )


@pytest.mark.parametrize("query", ["", "?fieldValidation=Warn"])
def test_by_default_it_is_warned_of_and_dropped(kube: Client, query: str) -> None:
    answer = kube.post(f"{CONSUMERS}{query}", json=consumer(usrname="x"))

    assert answer.status == 201
    assert "usrname" not in answer.json()
    assert answer.headers["Warning"] == '299 - "unknown field \\"usrname\\""'


def test_it_may_be_passed_over_in_silence(kube: Client) -> None:
    answer = kube.post(f"{CONSUMERS}?fieldValidation=Ignore", json=consumer(a="x"))

    assert answer.status == 201
    assert "Warning" not in answer.headers


def test_another_field_validation_is_refused(kube: Client) -> None:
    answer = kube.post(f"{CONSUMERS}?fieldValidation=Never", json=consumer())

    refused(answer, 400, "BadRequest")


# What is said twice

TWICE = b"""{
    "apiVersion": "configuration.konghq.com/v1", "kind": "KongConsumer",
    "metadata": {"name": "shop", "labels": {"a": "b", "a": "c"}},
    "username": "a", "username": "b", "username": "c", "usrname": "d"
}"""
SAID = ["username", "metadata.labels.a"]


def test_strictly_nothing_is_said_twice(kube: Client) -> None:
    headers = {"Content-Type": "application/json"}

    answer = kube.post(
        f"{CONSUMERS}?fieldValidation=Strict", body=TWICE, headers=headers
    )

    status = refused(answer, 400, "BadRequest")
    assert status["message"].endswith(
        'strict decoding error: duplicate field "username", duplicate field '
        '"metadata.labels.a", unknown field "usrname"'
    )


def test_of_what_is_said_twice_the_last_word_counts(kube: Client) -> None:
    answer = kube.post(
        CONSUMERS, body=TWICE, headers={"Content-Type": "application/json"}
    )

    assert answer.status == 201
    assert answer.json()["username"] == "c"
    told = [f'299 - "duplicate field \\"{path}\\""' for path in SAID]
    assert answer.headers["Warning"].startswith(", ".join(told))


@pytest.mark.parametrize("headers", [MERGE, APPLY])
def test_a_patch_says_nothing_twice_either(
    kube: Client, made: Made, headers: dict
) -> None:
    made(consumer())
    query = "?fieldManager=me&fieldValidation="
    path = f"{CONSUMERS}/shop"
    body = b'{"username": "shop", "spec": {"tags": [], "tags": ["x"]}}'

    strictly = kube.patch(f"{path}{query}Strict", body=body, headers=headers)
    warned = kube.patch(f"{path}{query}Warn", body=body, headers=headers)
    silently = kube.patch(f"{path}{query}Ignore", body=body, headers=headers)

    assert "spec.tags" in refused(strictly, 400, "BadRequest")["message"]
    assert warned.headers["Warning"] == '299 - "duplicate field \\"spec.tags\\""'
    assert "Warning" not in silently.headers
    assert silently.json()["spec"]["tags"] == ["x"]


def test_yaml_may_say_something_twice_too(kube: Client) -> None:
    body = b"username: a\nusername: b\nmetadata: {name: shop, labels: {1: x}}"
    headers = {"Content-Type": "application/yaml"}

    answer = kube.post(CONSUMERS, body=body, headers=headers)

    assert answer.headers["Warning"] == '299 - "duplicate field \\"username\\""'
    assert answer.json()["metadata"]["labels"] == {"1": "x"}


# Schemas


def test_defaults_are_filled_in(kube: Client, made: Made) -> None:
    jwt = made(credential("KongCredentialJWT", "jwt", key="k", secret="s"))
    assert jwt["spec"]["algorithm"] == "HS256"

    ours = made(invalid_ref({}))
    assert ours["spec"]["controlPlaneRef"] == {"type": "kic"}


def test_null_is_as_good_as_absent(kube: Client, made: Made) -> None:
    assert "custom_id" not in made(consumer(custom_id=None))


def test_everything_that_is_wrong_is_told_at_once(kube: Client) -> None:
    manifest = {
        "apiVersion": "configuration.konghq.com/v1alpha1",
        "kind": "KongCredentialJWT",
        "metadata": {"name": "J"},
        "spec": {"algorithm": "XX", "tags": ["t"] * 21, "key": 5},
    }

    causes = causes_of(kube, manifest)

    assert causes["spec.consumerRef"] == ("FieldValueRequired", "Required value")
    assert causes["spec.algorithm"][0] == "FieldValueNotSupported"
    assert causes["spec.algorithm"][1].startswith(
        'Unsupported value: "XX": supported values: "HS256", "HS384"'
    )
    assert causes["spec.tags"] == (
        "FieldValueTooMany",
        "Too many: 21: must have at most 20 items",
    )
    assert causes["spec.key"] == (
        "FieldValueTypeInvalid",
        'Invalid value: "integer": spec.key in body must be of type string: "integer"',
    )
    assert causes["metadata.name"][0] == "FieldValueInvalid"


def test_one_cause_is_in_the_message_as_it_is(kube: Client) -> None:
    manifest = credential("KongCredentialJWT", "j", algorithm="XX")

    status = refused(kube.post(path_of(manifest), json=manifest), 422, "Invalid")

    assert status["message"].startswith(
        'KongCredentialJWT.configuration.konghq.com "j" is invalid: spec.algorithm: '
        'Unsupported value: "XX"'
    )
    assert status["details"]["kind"] == "KongCredentialJWT"
    assert status["details"]["group"] == "configuration.konghq.com"


def test_a_set_holds_nothing_twice(kube: Client) -> None:
    causes = causes_of(kube, consumer(credentials=["a", "b", "a"]))

    assert causes == {"credentials[2]": ("FieldValueDuplicate", 'Duplicate value: "a"')}


@pytest.mark.parametrize("tag", ["", "x" * 129])
def test_tags_have_a_length(kube: Client, tag: str) -> None:
    causes = causes_of(kube, consumer(spec={"tags": ["ok", tag]}))

    assert causes["spec.tags"][1].endswith(
        "tags entries must not be longer than 128 characters"
    )


def test_a_consumer_has_a_name_or_an_id(kube: Client, made: Made) -> None:
    nameless = consumer()
    del nameless["username"]

    assert causes_of(kube, nameless) == {
        "<nil>": (
            "FieldValueInvalid",
            'Invalid value: "object": Need to provide either username or custom_id',
        )
    }
    assert made({**nameless, "custom_id": ""})["custom_id"] == ""


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (
            {"type": "konnectID", "konnectID": "0" * 8 + "-0000" * 3 + "-" + "0" * 12},
            "'konnectID' type is not supported",
        ),
        (
            {"type": "konnectNamespacedRef"},
            "when type is konnectNamespacedRef, konnectNamespacedRef must be set",
        ),
        (
            {**NAMED, "konnectID": "0" * 8 + "-0000" * 3 + "-" + "0" * 12},
            "when type is konnectNamespacedRef, konnectID must not be set",
        ),
        ({"type": "konnectID"}, "when type is konnectID, konnectID must be set"),
        (
            {**NAMED, "type": "kic"},
            "when type is kic, konnectNamespacedRef must not be set",
        ),
        (
            {"konnectNamespacedRef": {"name": "edge"}},
            "when type is kic, konnectNamespacedRef must not be set",
        ),
    ],
)
def test_a_reference_is_what_its_type_says(kube: Client, ref: dict, text: str) -> None:
    status = refused(kube.post(CONSUMERS, json=invalid_ref(ref)), 422, "Invalid")

    assert f'spec.controlPlaneRef: Invalid value: "object": {text}' in status["message"]


@pytest.mark.parametrize(
    ("ref", "field", "text"),
    [
        ({"type": "other"}, "spec.controlPlaneRef.type", "Unsupported value"),
        (
            {"type": "konnectID", "konnectID": "x"},
            "spec.controlPlaneRef.konnectID",
            "in body should match",
        ),
        (
            {"type": "konnectNamespacedRef", "konnectNamespacedRef": {"name": ""}},
            "spec.controlPlaneRef.konnectNamespacedRef.name",
            "should be at least 1 chars long",
        ),
        (
            {"type": "konnectNamespacedRef", "konnectNamespacedRef": {}},
            "spec.controlPlaneRef.konnectNamespacedRef.name",
            "Required value",
        ),
    ],
)
def test_a_reference_is_of_the_right_form(
    kube: Client, ref: dict, field: str, text: str
) -> None:
    assert text in causes_of(kube, invalid_ref(ref))[field][1]


def test_a_reference_stays_in_its_namespace(kube: Client) -> None:
    named = {"name": "edge", "namespace": "shops"}

    causes = causes_of(kube, invalid_ref({**NAMED, "konnectNamespacedRef": named}))

    assert causes["<nil>"][1].endswith(
        "spec.controlPlaneRef cannot specify namespace for namespaced resource"
    )


def test_a_reference_is_never_taken_away(kube: Client, made: Made) -> None:
    made(invalid_ref(NAMED))
    body = {"spec": {"controlPlaneRef": None}}

    status = refused(kube.patch(SHOP, json=body, headers=MERGE), 422, "Invalid")

    assert "controlPlaneRef is required once set" in status["message"]


def test_a_reference_moves_until_it_is_programmed(kube: Client, made: Made) -> None:
    made(invalid_ref(NAMED))
    other = {"spec": {"controlPlaneRef": {"type": "kic", "konnectNamespacedRef": None}}}

    assert kube.patch(SHOP, json=other, headers=MERGE).status == 200

    back = {"spec": {"controlPlaneRef": NAMED}}
    status = refused(kube.patch(SHOP, json=back, headers=MERGE), 422, "Invalid")
    assert (
        "spec.controlPlaneRef is immutable when an entity is already Programmed"
        in status["message"]
    )


@pytest.mark.parametrize("algorithm", ["RS256", "ES512", "PS384", "EdDSA"])
def test_an_asymmetric_jwt_needs_its_key(kube: Client, algorithm: str) -> None:
    manifest = credential("KongCredentialJWT", "j", algorithm=algorithm)

    assert causes_of(kube, manifest)["spec"][1].endswith(
        "spec.rsa_public_key is required when algorithm is RS*, ES*, PS* or EdDSA*"
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"type": "token"}, "spec.token is required"),
        ({"type": "token", "token": "nope"}, "have to start with spat_ or kpat_"),
        ({"type": "secretRef"}, "spec.secretRef is required"),
    ],
)
def test_a_token_of_konnect_looks_like_one(kube: Client, spec: dict, text: str) -> None:
    manifest = {
        "apiVersion": "konnect.konghq.com/v1alpha1",
        "kind": "KonnectAPIAuthConfiguration",
        "metadata": {"name": "token"},
        "spec": {"serverURL": "eu.api.konghq.com", **spec},
    }

    assert text in causes_of(kube, manifest)["spec"][1]


def plane(version: str = "v1alpha2", **spec: object) -> dict:
    return {
        "apiVersion": f"konnect.konghq.com/{version}",
        "kind": "KonnectGatewayControlPlane",
        "metadata": {"name": "edge"},
        "spec": {"konnect": {"authRef": {"name": "token"}}, **spec},
    }


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "must be set when spec.source is Origin"),
        ({"source": "Mirror"}, "mirror field must be set when source is Mirror"),
        (
            {
                "source": "Mirror",
                "mirror": {"konnect": {"id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12}},
                "createControlPlaneRequest": {"name": "edge"},
            },
            "fields cannot be set for type Mirror",
        ),
    ],
)
def test_a_control_plane_is_made_or_mirrored(
    kube: Client, spec: dict, text: str
) -> None:
    assert text in causes_of(kube, plane(**spec))["<nil>"][1]


def test_the_type_of_a_control_planes_cluster_stays(kube: Client, made: Made) -> None:
    made(plane("v1alpha1", name="edge"))
    path = f"{path_of(plane('v1alpha1'))}/edge"
    body = {"spec": {"cluster_type": "CLUSTER_TYPE_CONTROL_PLANE_GROUP"}}

    status = refused(kube.patch(path, json=body, headers=MERGE), 422, "Invalid")

    assert "spec.cluster_type is immutable" in status["message"]


# Metadata


@pytest.mark.parametrize("name", ["Shop", "-a", "a_b", "a..b", "x" * 254, "ä"])
def test_names_are_subdomains(kube: Client, name: str) -> None:
    assert "metadata.name" in causes_of(kube, consumer(name, username="shop"))


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels"),
        ({"labels": {"a": "b c"}}, "metadata.labels"),
        ({"labels": {"a": "x" * 64}}, "metadata.labels"),
        ({"labels": {"A.B/c": "x"}}, "metadata.labels"),
        ({"annotations": {"a b": "c"}}, "metadata.annotations"),
        ({"annotations": {"a": "x" * 262_145}}, "metadata.annotations"),
        ({"finalizers": ["a b"]}, "metadata.finalizers[0]"),
        (
            {
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Secret", "name": "", "uid": "u"}
                ]
            },
            "metadata.ownerReferences[0].name",
        ),
        ({"labels": {"a": 5}}, "metadata.labels.a"),
        ({"labels": "x"}, "metadata.labels"),
    ],
)
def test_metadata_is_judged_too(kube: Client, metadata: dict, field: str) -> None:
    assert field in causes_of(kube, consumer(metadata=metadata))


# Bodies nobody means


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b'{"a": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"a":' * 150 + b"1" + b"}" * 150,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_object_is_a_bad_request(kube: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    refused(kube.post(CONSUMERS, body=body, headers=headers), 400, "BadRequest")


@pytest.mark.parametrize("metadata", [None, 5, [], {"name": 5}, {"name": {"a": 1}}])
def test_metadata_that_is_none_is_refused(kube: Client, metadata: object) -> None:
    answer = kube.post(CONSUMERS, json=consumer() | {"metadata": metadata})

    assert answer.status in (400, 422)


def test_another_kind_of_body_is_refused(kube: Client) -> None:
    headers = {"Content-Type": "text/html"}

    answer = kube.post(CONSUMERS, body=b"<p>", headers=headers)

    refused(answer, 415, "UnsupportedMediaType")
