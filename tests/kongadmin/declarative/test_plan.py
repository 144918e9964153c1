"""A plan says what would be done, and does nothing."""

import pytest
from django.db import connection
from django.utils import timezone

from consumers.models import BasicAuth, Consumer, KeyAuth
from declared import bob, plan_of, row, verbs
from kongadmin.changes import Change
from kongadmin.declarative import applying, recording, state
from kongadmin.declarative.applying import Refused, apply
from kongadmin.declarative.document import Ref
from kongadmin.tags import Tag
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


def test_what_is_made_is_as_old_as_its_plan(plane):
    apply(plan_of(plane, bob(), mode="apply"))
    before = timezone.now()

    apply(plan_of(plane, row("consumers", username="ann"), mode="apply"))

    assert Consumer.objects.get(username="ann").created_at >= before


def test_a_row_is_refused_though_others_that_say_the_same_fields_are_good(plane):
    rows = [bob(), row("consumers", username=5), row("consumers", username="ann")]

    plan = plan_of(plane, *rows)

    assert [verb for verb, _, _ in verbs(plan)] == ["create", "conflict", "create"]
    assert [problem.text for problem in plan.problems] == [
        "consumers: username: expected a string"
    ]


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


def names(plane) -> list[str]:
    return [c.username for c in Consumer.objects.in_scope(plane).order_by("username")]


def test_one_bad_row_and_nothing_is_written(plane):
    rows = [
        bob(),
        row("acls", 7, consumer="bob", group="x" * 600),
        row("plugins", 9, name="nonsense"),
    ]

    plan = plan_of(plane, *rows)

    assert list(map(str, plan.problems)) == [
        "line 7, column 1: acls '" + "x" * 600 + "': group: length must be at most 512",
        "line 9, column 1: plugins 'nonsense': name: plugin 'nonsense' not enabled; "
        "add it to the 'plugins' configuration property",
    ]
    assert [verb for verb, _, _ in verbs(plan)] == ["create", "conflict", "conflict"]
    with pytest.raises(Refused, match="at most 512"):
        apply(plan)
    assert not Consumer.objects.exists()


def test_what_is_declared_twice_is_named_with_both_places(plane):
    plan = plan_of(
        plane, row("consumers", 2, username="bob"), row("consumers", 5, username="bob")
    )

    assert list(map(str, plan.problems)) == [
        "line 5, column 1: consumers 'bob' is declared twice, in line 2 too"
    ]


def test_whoever_holds_what_a_row_wants_is_named(plane):
    apply(plan_of(plane, bob(), row("consumers", username="eve", custom_id="7")))

    kept = plan_of(plane, bob(custom_id="7"), mode="apply")
    synced = plan_of(plane, bob(custom_id="7"))

    assert str(kept.problems[0]) == "consumers 'bob' is taken by consumers 'eve'"
    assert synced.problems == []
    apply(synced)
    assert names(plane) == ["bob"]


def test_whoever_holds_a_secret_that_a_row_with_an_id_wants_is_found(plane):
    apply(plan_of(plane, bob(), row("keyauth_credentials", consumer="bob", key="k")))
    id_ = "0f1e2d3c-4b5a-4697-8877-66554433221a"
    wanted = row("keyauth_credentials", 2, consumer="bob", key="k", id=id_)

    plan = plan_of(plane, bob(), wanted, mode="apply")

    (problem,) = plan.problems
    assert problem.place.line == 2
    assert "is taken by keyauth_credentials" in problem.text


def test_a_reference_may_come_first_and_must_lead_somewhere(plane):
    key = row("keyauth_credentials", consumer="bob", key="k")
    lost = row("acls", 3, consumer="nobody", group="x")

    plan = plan_of(plane, key, bob(), lost)

    assert [str(problem) for problem in plan.problems] == [
        "line 3, column 1: acls 'x': consumer: there is no 'nobody' among the "
        "consumers, declared or stored"
    ]
    assert verbs(plan_of(plane, key, bob()))[0][0] == "create"


def test_whoever_was_declared_long_before_is_still_known(plane, monkeypatch):
    monkeypatch.setattr("kongadmin.declarative.names.MOST_REMEMBERED", 2)
    id_ = "0f1e2d3c-4b5a-4697-8877-66554433221a"
    gold = row("consumer_groups", name="gold")
    others = [row("consumers", username=f"u{n}", custom_id=f"c{n}") for n in range(9)]
    refs = [
        Ref("consumers", "bob"),
        Ref("consumers", id_.upper(), "id"),
        Ref("consumers", "c1", "custom_id"),
        Ref("consumers", "u2", "username"),
    ]
    keys = [
        row("keyauth_credentials", consumer=ref, key=f"key {n}")
        for n, ref in enumerate(refs)
    ]
    joined = row("consumer_group_consumers", consumer="u3", consumer_group="gold")
    rows = [gold, bob(id=id_), *others, *keys, joined]

    plan = plan_of(plane, *rows)
    apply(plan)

    assert plan.problems == []
    owners = KeyAuth.objects.values_list("consumer__username", flat=True)
    assert sorted(owners) == ["bob", "bob", "u1", "u2"]
    assert plan_of(plane, *rows).totals["unchanged"] == len(rows)


def test_what_is_stored_is_recognised_however_much_there_is(plane, monkeypatch):
    users = [row("consumers", username=f"u{n}", tags=["a", "b"]) for n in range(9)]
    apply(plan_of(plane, *users))
    monkeypatch.setattr("kongadmin.declarative.stored.MOST_REMEMBERED", 2)
    changed = row("consumers", username="u4", tags=["c"])

    plan = plan_of(plane, *users[:4], changed, *users[5:8])

    totals = {verb: count for verb, count in plan.totals.items() if count}
    assert totals == {"update": 1, "delete": 1, "unchanged": 7}


def test_a_reference_may_mean_what_is_stored_unless_that_goes(plane):
    apply(plan_of(plane, bob()))
    key = row("keyauth_credentials", consumer="bob", key="k")

    added = plan_of(plane, key, mode="apply")

    assert added.problems == []
    assert len(plan_of(plane, key).problems) == 1
    assert apply(added).totals["create"] == 1


def test_select_tags_are_added_and_narrow_what_is_deleted(plane):
    apply(plan_of(plane, bob(), row("consumers", username="eve", tags=["team-a"])))
    alice = row("consumers", username="alice", tags=["x"])

    plan = plan_of(plane, alice, select_tags=("team-a",))
    theirs = plan_of(plane, bob(), select_tags=("team-a",))
    apply(plan)

    assert names(plane) == ["alice", "bob"]
    assert Consumer.objects.get(username="alice").tags == ["x", "team-a"]
    assert "without the tags team-a" in str(theirs.problems[0])


def test_names_may_be_swapped(plane):
    apply(plan_of(plane, bob(), row("consumers", username="eve")))
    ids = {c.username: str(c.pk) for c in Consumer.objects.all()}

    plan = plan_of(
        plane,
        row("consumers", id=ids["bob"], username="eve"),
        row("consumers", id=ids["eve"], username="bob"),
    )
    apply(plan)

    assert plan.totals["update"] == 2
    assert str(Consumer.objects.get(username="eve").pk) == ids["bob"]


def test_a_row_with_another_id_takes_the_place_of_the_old(plane):
    key = row("keyauth_credentials", consumer="bob", key="k")
    apply(plan_of(plane, bob(), key))
    new = "0190163d-8694-739b-aea5-966c26f8ad91"

    plan = plan_of(plane, bob(id=new), key)
    apply(plan)

    assert plan.totals == {
        "create": 1,
        "update": 1,
        "delete": 1,
        "unchanged": 0,
        "conflict": 0,
    }
    assert str(KeyAuth.objects.get().consumer_id) == new


def test_what_makes_itself_up_stays_when_it_is_left_out(plane):
    rows = bob(), row("hmacauth_credentials", consumer="bob", username="h")
    apply(plan_of(plane, *rows))

    assert plan_of(plane, *rows).is_empty


def test_passwords_are_known_again_in_clear_and_as_digests(plane):
    def rows(password):
        credential = row(
            "basicauth_credentials", consumer="bob", username="b", password=password
        )
        return bob(), credential

    apply(plan_of(plane, *rows("secret")))
    digest = BasicAuth.objects.get().password

    assert plan_of(plane, *rows("secret")).is_empty
    assert plan_of(plane, *rows(digest), is_hashed=True).is_empty
    assert plan_of(plane, *rows("other")).totals["update"] == 1


def test_only_what_is_taken_is_done(plane):
    rows = bob(), row("keyauth_credentials", consumer="bob", key="k"), EVERYTHING[0]
    plan = plan_of(plane, *rows)

    with pytest.raises(Refused, match="lacks its consumer"):
        apply(plan, taken=[2])
    apply(plan, taken=[1])

    assert names(plane) == ["bob"]
    assert not KeyAuth.objects.exists()


def test_what_changed_since_the_plan_is_not_overwritten(plane):
    apply(plan_of(plane, bob()))
    plan = plan_of(plane, bob(custom_id="new"))
    stored = Consumer.objects.get()
    stored.custom_id = "by hand"
    stored.save()

    with pytest.raises(Refused, match="'bob' was changed since the plan was made"):
        apply(plan)

    assert Consumer.objects.get().custom_id == "by hand"


def test_nothing_that_came_since_is_deleted_with_its_consumer(plane):
    apply(plan_of(plane, bob()))
    plan = plan_of(plane, mode="reset")
    KeyAuth(scope_id=plane.pk, consumer=Consumer.objects.get(), key="k").save()

    with pytest.raises(Refused, match="'bob' still has Key Auth Credentials"):
        apply(plan)


def test_each_row_is_in_the_log_and_its_tags_are_found(plane):
    apply(plan_of(plane, bob(tags=["x"])))
    apply(plan_of(plane, bob(tags=["y"], custom_id="7")))
    apply(plan_of(plane))

    log = Change.objects.filter(entity_name="bob").order_by("id")
    assert [(c.verb, c.before, c.after) for c in log][1:2] == [
        (
            "update",
            {"custom_id": None, "tags": ["x"]},
            {"custom_id": "7", "tags": ["y"]},
        )
    ]
    assert [c.verb for c in log] == ["create", "update", "delete"]
    assert not Tag.objects.exists()


def test_very_many_rows_are_one_entry_of_the_log(plane, monkeypatch):
    monkeypatch.setattr(recording, "MOST_ENTRIES", 3)

    apply(plan_of(plane, *(row("consumers", username=f"c{n}") for n in range(4))))

    assert Change.objects.latest("id").entity_name == "4 consumers"


def test_the_database_takes_stock_of_very_many_rows(
    plane, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(applying, "MANY", 3)
    with django_capture_on_commit_callbacks(execute=True):
        apply(plan_of(plane, *(row("consumers", username=f"u{n}") for n in range(7))))
    known = {
        "postgresql": "SELECT reltuples::int FROM pg_class WHERE relname = %s",
        "sqlite": "SELECT CAST(stat AS integer) FROM sqlite_stat1 WHERE tbl = %s",
    }
    with connection.cursor() as cursor:
        cursor.execute(known[connection.vendor], [Consumer._meta.db_table])
        assert cursor.fetchone()[0] == 7


def test_secrets_of_a_plan_are_masked_for_people_and_encrypted_on_disk(plane):
    secret = "a key that nobody may find"
    plan = plan_of(plane, bob(), row("keyauth_credentials", consumer="bob", key=secret))

    step = plan.step(2)

    assert step.after["key"] == secret
    assert secret not in str(step.masked().after)
    assert not any(secret.encode() in piece for piece in plan.save())


def test_steps_are_paged_and_searched(plane):
    apply(plan_of(plane, bob()))
    plan = plan_of(
        plane, bob(), *(row("consumers", username=f"c{n}") for n in range(5))
    )

    assert [step.name for step in plan.steps(size=2)] == ["bob", "c0"]
    assert [step.name for step in plan.steps(after=4)] == ["c3", "c4"]
    assert [step.name for step in plan.steps(q="C3")] == ["c3"]
    assert [step.name for step in plan.steps(verb="unchanged")] == ["bob"]
    assert plan.counts == {"consumers": {"create": 5, "unchanged": 1}}


def test_many_rows_are_planned_in_few_queries(plane, django_assert_max_num_queries):
    rows = [row("consumers", username=f"c{n}") for n in range(50)]

    with django_assert_max_num_queries(13):
        plan = plan_of(plane, *rows)
    with django_assert_max_num_queries(35):
        apply(plan)
