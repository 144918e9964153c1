"""What happens to a request of a consumer, as each of its pages shows it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import (
    default_control_plane,
    make_consumer,
    make_credential,
    make_group,
    make_key,
    make_plugin,
    make_realm,
)
from kongadmin.explain import words
from kongadmin.explain.presumed import ways

pytestmark = pytest.mark.django_db


def told(consumer) -> dict[str, list[words.Step]]:
    _, found = ways(default_control_plane(), consumer, "192.0.2.1")
    return {declared.kind: words.main_steps(context) for declared, context in found}


def test_a_key_leads_through_all_plugins_to_the_service() -> None:
    carl = make_consumer(username="carl")
    make_key(carl)
    make_group(carl, name="gold")
    make_plugin("key-auth", hide_credentials=True)
    make_plugin("rate-limiting", minute=5)

    steps = told(carl)["key-auth"]

    assert [step.title for step in steps] == [
        "key-auth",
        "rate-limiting",
        "Passed on to the service",
    ]
    assert steps[0].details == [
        "The instance for every request runs.",
        "A key of this consumer comes as apikey, in header or query.",
        "It is taken out of the request.",
        "It belongs to consumer carl.",
        "Consumer groups: gold (its own).",
    ]
    assert "5 a minute: 4 would be left" in " ".join(steps[1].details)


def test_each_kind_that_is_asked_for_has_its_own_way() -> None:
    carl = make_consumer()
    make_key(carl)
    make_credential("basic-auth", carl)
    make_credential("jwt", carl)
    make_plugin("key-auth", anonymous="nobody")
    make_plugin("basic-auth", anonymous="nobody")

    assert [*told(carl)] == ["key-auth", "basic-auth"]


def test_where_two_plugins_each_ask_one_credential_is_not_enough() -> None:
    carl = make_consumer()
    make_key(carl)
    make_plugin("key-auth")
    make_plugin("basic-auth")

    steps = told(carl)["key-auth"]

    assert steps[-1].title == "Refused with 401"


def test_a_key_that_only_a_realm_would_know_is_refused() -> None:
    carl = make_consumer()
    make_key(carl)
    realm = make_realm(name="staff")
    sources = [{"scope": "realm", "id": str(realm.pk)}]
    plugin = make_plugin("key-auth", identity_realms=sources)

    steps = told(carl)["key-auth"]

    assert [step.title for step in steps] == ["key-auth", "Refused with 401"]
    assert "Realm staff does not know the credential." in steps[0].details
    plugin.config = {**plugin.config, "identity_realms": [*sources, {"scope": "cp"}]}
    plugin.save()
    assert told(carl)["key-auth"][-1].title == "Passed on to the service"


def test_an_expired_key_is_none() -> None:
    carl = make_consumer()
    make_key(carl, ttl=-5)
    make_plugin("key-auth")

    assert told(carl) == {}


def test_the_plugin_for_the_consumer_comes_first() -> None:
    carl = make_consumer(username="carl")
    make_key(carl)
    make_plugin("key-auth")
    make_plugin("rate-limiting", minute=5)
    make_plugin("rate-limiting", consumer=carl, minute=50)

    details = told(carl)["key-auth"][1].details

    assert details[:2] == [
        "The instance for consumer carl runs.",
        "It is more specific than the one for every request.",
    ]


def test_however_many_credentials_it_is_a_handful_of_queries() -> None:
    carl = make_consumer()
    for kind in ("key-auth", "basic-auth", "hmac-auth", "jwt", "acl"):
        make_credential(kind, carl)
        make_plugin(kind, **({"allow": ["x"]} if kind == "acl" else {"anonymous": "x"}))

    with CaptureQueriesContext(connection) as captured:
        assert len(told(carl)) == 4

    assert len(captured) <= 10
