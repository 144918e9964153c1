"""A plan says what would be done, and does nothing."""

import pytest

from consumers.models import Consumer
from declared import bob, plan_of, row, verbs
from kongadmin.declarative import state
from kongadmin.declarative.applying import apply
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane.called("default")


EVERYTHING = [
    row("consumer_groups", name="gold", tags=["b", "a"]),
    bob(custom_id="42"),
    row("keyauth_credentials", consumer="bob", key="a key of bob's"),
    row("basicauth_credentials", consumer="bob", username="b", password="secret"),
    row("hmacauth_credentials", consumer="bob", username="h", secret="s"),
    row("jwt_secrets", consumer="bob", key="j", secret="s"),
    row("oauth2_credentials", consumer="bob", name="app", client_id="c"),
    row("acls", consumer="bob", group="staff"),
    row("mtls_auth_credentials", consumer="bob", subject_name="x"),
    row("keyauth_enc_credentials", consumer="bob", key="k"),
    row("consumer_group_consumers", consumer="bob", consumer_group="gold"),
    row(
        "consumer_group_overrides",
        consumer_group="gold",
        config={"limit": [5], "window_size": [60]},
    ),
    row("plugins", name="rate-limiting", consumer="bob", config={"minute": 5}),
    row("plugins", name="correlation-id"),
]


def test_all_kinds_are_created_once(plane):
    plan = plan_of(plane, *EVERYTHING)

    assert plan.problems == []
    assert {verb for verb, _, _ in verbs(plan)} == {"create"}
    assert not Consumer.objects.exists()

    report = apply(plan)
    again = plan_of(plane, *EVERYTHING)

    assert report.totals == {"create": len(EVERYTHING), "update": 0, "delete": 0}
    assert len(list(state.rows(plane))) == len(EVERYTHING)
    assert {verb for verb, _, _ in verbs(again)} == {"unchanged"}
    assert again.is_empty


def test_a_sync_deletes_what_is_not_declared(plane):
    apply(plan_of(plane, *EVERYTHING))

    plan = plan_of(plane, bob(tags=["x"]))
    apply(plan)

    assert plan.totals["delete"] == len(EVERYTHING) - 1
    assert [step.changed for step in plan.steps(verb="update")] == [
        ("custom_id", "tags")
    ]
    assert [r.values["username"] for r in state.rows(plane)] == ["bob"]


def test_a_sync_leaves_kinds_alone_that_the_document_does_not_speak_of(plane):
    apply(plan_of(plane, *EVERYTHING))
    kinds = {"consumers", "keyauth_credentials", "consumer_group_consumers"}

    plan = plan_of(plane, bob(custom_id="42"), kinds=frozenset(kinds))
    joined = row("consumer_group_consumers", consumer="bob", consumer_group="gold")
    again = plan_of(plane, bob(custom_id="42"), joined, kinds=frozenset(kinds))
    alone = plan_of(plane, kinds=frozenset(["plugins"]))

    deleted = [kind for verb, kind, _ in verbs(plan) if verb == "delete"]
    assert deleted == ["consumer_group_consumers", "keyauth_credentials"]
    assert again.problems == []
    # Nor what hangs on them: the plugin for bob stays.
    assert verbs(alone) == [("delete", "plugins", "correlation-id")]
