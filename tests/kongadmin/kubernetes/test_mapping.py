"""What an object is in Kong's terms."""

from types import SimpleNamespace

import pytest

from kongadmin.dialects.kubernetes import mapping
from kongadmin.dialects.kubernetes.kinds import stored_as
from kongadmin.dialects.kubernetes.mapping import Unusable


def thing(plural: str = "kongconsumers", **fields) -> SimpleNamespace:
    given = {
        "plural": plural,
        "kind": stored_as(plural),
        "name": "shop",
        "namespace": "default",
        "uid": "5c0e",
        "generation": 2,
        "labels": {},
        "annotations": {},
        "body": {},
    }
    return SimpleNamespace(**(given | fields))


def secret(type_: str | None, **texts: str) -> SimpleNamespace:
    import base64

    labels = {"konghq.com/credential": type_} if type_ else {}
    data = {name: base64.b64encode(v.encode()).decode() for name, v in texts.items()}
    return thing("secrets", labels=labels, body={"data": data}, generation=None)


def test_tags_say_where_an_entity_comes_from() -> None:
    assert mapping.tags_of(thing()) == [
        "k8s-generation:2",
        "k8s-group:configuration.konghq.com",
        "k8s-kind:KongConsumer",
        "k8s-name:shop",
        "k8s-namespace:default",
        "k8s-uid:5c0e",
        "k8s-version:v1",
    ]


def test_tags_come_from_the_spec_and_from_the_annotation_each_once() -> None:
    given = thing(
        annotations={"konghq.com/tags": "finance, emea,,finance"},
        body={"spec": {"tags": ["emea", "tier-2"]}},
    )

    own = [tag for tag in mapping.tags_of(given) if not tag.startswith("k8s-")]

    assert own == ["emea", "finance", "tier-2"]


def test_of_too_many_tags_those_of_the_annotation_go_first() -> None:
    mine = [f"mine-{number:02}" for number in range(12)]
    theirs = ",".join(f"theirs-{number}" for number in range(5))

    tags = mapping.tags_of(
        thing(annotations={"konghq.com/tags": theirs}, body={"spec": {"tags": mine}})
    )

    assert len(tags) == 20
    assert set(mine) < set(tags)
    assert [tag for tag in tags if tag.startswith("theirs")] == ["theirs-0"]


def test_a_tag_is_cut_where_it_is_too_long() -> None:
    long = thing(name="n" * 253)

    assert f"k8s-name:{'n' * 119}" in mapping.tags_of(long)


REF = {"type": "konnectNamespacedRef", "konnectNamespacedRef": {"name": "edge"}}
KONG = {"kubernetes.io/ingress.class": "kong"}
OTHER = {"kubernetes.io/ingress.class": "nginx"}


@pytest.mark.parametrize(
    ("ref", "annotations", "plane"),
    [
        (REF, {}, "edge"),
        (REF, KONG, "edge"),
        (None, KONG, ""),
        ({"type": "kic"}, {}, ""),
        ({"type": "kic"}, KONG, ""),
        ({"type": "kic"}, OTHER, None),
        (None, OTHER, None),
        (None, {}, None),
    ],
)
def test_a_reference_or_a_class_says_whose_business_it_is(
    ref, annotations, plane
) -> None:
    body = {"spec": {"controlPlaneRef": ref}} if ref else {}

    assert mapping.plane_named(thing(annotations=annotations, body=body)) == plane


def test_a_group_without_a_name_is_called_as_its_object() -> None:
    assert mapping.group_values(thing("kongconsumergroups"))["name"] == "shop"


@pytest.mark.parametrize("type_", ["hmac", "hmac-auth"])
def test_both_words_for_hmac_are_understood(type_: str) -> None:
    declared, values = mapping.secret_credential(
        secret(type_, username="u", secret="s")
    )

    assert declared.kind == "hmac-auth"
    assert values == {"username": "u", "secret": "s"}


def test_a_secret_of_an_oauth2_client_is_read_as_what_it_means() -> None:
    given = {
        "name": "app",
        "client_id": "id",
        "client_secret": "s",
        "redirect_uris": "https://a.test, https://b.test",
        "hash_secret": "true",
    }

    _, values = mapping.secret_credential(secret("oauth2", **given))

    assert values["redirect_uris"] == ["https://a.test", "https://b.test"]
    assert values["hash_secret"] is True


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (secret(None, key="k"), 'has no label "konghq.com/credential"'),
        (secret("ldap", key="k"), 'has an unsupported credential type "ldap"'),
        (secret("key-auth"), 'lacks "key"'),
        (secret("key-auth", key=""), 'lacks "key"'),
        (secret("basic-auth"), 'lacks "username" and "password"'),
        (secret("jwt", key="k", algorithm="ES256"), 'lacks "rsa_public_key"'),
        (secret("key-auth", key="k", ttl="1h"), 'has a "ttl" that is no number'),
    ],
)
def test_a_secret_that_is_of_no_use_says_why(given, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        mapping.secret_credential(given)
