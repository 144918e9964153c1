"""Consumer groups by the Admin API: the lines of Kong's documents, and what they leave.

Sources: contract §5; Kong's documents on consumer groups.
"""

import pytest

from clients import Client
from factories import make_consumer, make_group
from groups.models import ConsumerGroup, Membership, Override
from kongadmin.changes import Change

GROUP = {"id", "name", "tags", "created_at", "updated_at"}
IN_GROUP = {"id", "username", "created_at", "type", "username_lower"}
OVERRIDE = "/consumer_groups/JL/overrides/plugins/rate-limiting-advanced"
LIMITS = (
    "config.limit=10&config.window_size=10&config.window_type=sliding"
    "&config.retry_after_jitter_max=0"
)
MISSING = {"message": "Not found"}


@pytest.fixture
def league(api: Client) -> Client:
    """The Admin API with the group JL and two consumers that are not in it."""
    form = "name=JL&tags[]=tag1&tags[]=tag2"
    assert api.post("/consumer_groups", form=form).status == 201
    for name in ("BarryAllen", "DianaPrince"):
        assert api.post("/consumers", form={"username": name}).status == 201
    return api


def names(rows: list[dict], key: str = "username") -> list[str]:
    return sorted(row[key] for row in rows)


# The documented lines


def test_a_group_is_created_with_its_tags(api: Client) -> None:
    form = "name=JL&tags[]=tag1&tags[]=tag2"

    answer = api.post("/consumer_groups", form=form)

    group = answer.json()
    assert answer.status == 201
    assert group.keys() == GROUP
    assert (group["name"], group["tags"]) == ("JL", ["tag1", "tag2"])
    assert isinstance(group["created_at"], int)


def test_groups_are_listed(league: Client) -> None:
    answer = league.get("/consumer_groups")

    assert answer.status == 200
    assert answer.json().keys() == {"data", "next"}
    assert names(answer.json()["data"], "name") == ["JL"]
    assert answer.json()["next"] is None


def test_a_group_is_shown_wrapped_and_without_what_it_has_not(league: Client) -> None:
    answer = league.get("/consumer_groups/JL")

    assert answer.status == 200
    assert answer.json().keys() == {"consumer_group"}
    assert answer.json()["consumer_group"].keys() == GROUP


def test_a_consumer_is_put_into_a_group_from_its_side(league: Client) -> None:
    answer = league.post("/consumers/BarryAllen/consumer_groups", form="group=JL")

    body = answer.json()
    assert answer.status == 201
    assert body.keys() == {"consumer", "consumer_groups"}
    assert body["consumer"]["username"] == "BarryAllen"
    assert names(body["consumer_groups"], "name") == ["JL"]


def test_a_consumer_is_put_into_a_group_from_the_groups_side(league: Client) -> None:
    answer = league.post("/consumer_groups/JL/consumers", form="consumer=DianaPrince")

    body = answer.json()
    assert answer.status == 201
    assert body.keys() == {"consumer_group", "consumers"}
    assert body["consumer_group"]["name"] == "JL"
    assert names(body["consumers"]) == ["DianaPrince"]


def test_members_and_groups_are_listed_in_both_shapes(league: Client) -> None:
    for name in ("BarryAllen", "DianaPrince"):
        league.post("/consumer_groups/JL/consumers", form={"consumer": name})

    members = league.get("/consumer_groups/JL/consumers").json()
    groups = league.get("/consumers/BarryAllen/consumer_groups").json()

    assert members["consumers"] == members["data"]
    assert names(members["consumers"]) == ["BarryAllen", "DianaPrince"]
    assert {*members["consumers"][0]} >= IN_GROUP
    barry = next(c for c in members["data"] if c["username"] == "BarryAllen")
    assert (barry["username_lower"], barry["type"]) == ("barryallen", 0)
    assert groups["consumer_groups"] == groups["data"]
    assert names(groups["data"], "name") == ["JL"]
    assert members["next"] is groups["next"] is None


def test_an_override_is_set_shown_and_deleted(league: Client) -> None:
    put = league.put(OVERRIDE, form=LIMITS)
    [plugin] = league.get("/consumer_groups/JL").json()["plugins"]
    deleted = [league.delete(OVERRIDE).status for _ in range(2)]

    config = {
        "limit": [10],
        "window_size": [10],
        "window_type": "sliding",
        "retry_after_jitter_max": 0,
    }
    group = ConsumerGroup.objects.get()
    assert put.status == 201
    assert put.json() == {
        "config": config,
        "consumer_group": "JL",
        "group": "JL",
        "plugin": "rate-limiting-advanced",
    }
    assert (plugin["name"], plugin["config"]) == ("rate-limiting-advanced", config)
    assert plugin["consumer_group"] == {"id": str(group.pk)}
    assert deleted == [204, 204]
    assert "plugins" not in league.get("/consumer_groups/JL").json()


@pytest.mark.parametrize(
    "path",
    [
        "/consumers/BarryAllen/consumer_groups/JL",
        "/consumer_groups/JL/consumers/BarryAllen",
    ],
)
def test_a_consumer_leaves_a_group_from_either_side(league: Client, path: str) -> None:
    for name in ("BarryAllen", "DianaPrince"):
        league.post("/consumer_groups/JL/consumers", form={"consumer": name})

    answer, again = league.delete(path), league.delete(path)

    assert (answer.status, answer.body) == (204, b"")
    assert (again.status, again.json()) == (404, MISSING)
    assert names(league.get("/consumer_groups/JL").json()["consumers"]) == [
        "DianaPrince"
    ]


def test_all_members_leave_at_once(league: Client) -> None:
    both = "consumer=BarryAllen&consumer=DianaPrince"
    assert league.post("/consumer_groups/JL/consumers", form=both).status == 201

    assert league.delete("/consumer_groups/JL/consumers").status == 204
    assert not Membership.objects.exists()


def test_a_consumer_leaves_all_its_groups_at_once(league: Client) -> None:
    league.post("/consumer_groups", form="name=Flash")
    groups = "/consumers/BarryAllen/consumer_groups"
    assert league.post(groups, form="group=JL&group=Flash").status == 201
    league.post("/consumer_groups/JL/consumers", form="consumer=DianaPrince")

    assert league.delete(groups).status == 204
    assert [str(m) for m in Membership.objects.all()] == ["DianaPrince in JL"]


def test_deleting_a_group_leaves_its_consumers(league: Client) -> None:
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")
    league.put(OVERRIDE, form=LIMITS)

    assert league.delete("/consumer_groups/JL").status == 204
    assert league.get("/consumer_groups/JL").status == 404
    assert league.get("/consumers/BarryAllen").status == 200
    assert not Membership.objects.exists()
    assert not Override.objects.exists()


# What they leave open


@pytest.mark.parametrize(
    "consumer",
    [
        "BarryAllen",
        {"username": "BarryAllen"},
        ["BarryAllen"],
        ["BarryAllen", "BarryAllen"],
    ],
)
def test_members_are_named_in_several_ways(league: Client, consumer) -> None:
    answer = league.post("/consumer_groups/JL/consumers", json={"consumer": consumer})

    assert answer.status == 201
    assert names(answer.json()["consumers"]) == ["BarryAllen"]


def test_members_are_named_by_id(league: Client) -> None:
    id = league.get("/consumers/BarryAllen").json()["id"]
    group = league.get("/consumer_groups/JL").json()["consumer_group"]["id"]

    for consumer in (id, {"id": id}):
        path = f"/consumer_groups/{group}/consumers"
        assert league.post(path, json={"consumer": consumer}).status == 201
        assert league.delete(f"{path}/{id}").status == 204


def test_only_who_was_just_added_is_in_the_answer(league: Client) -> None:
    members = "/consumer_groups/JL/consumers"
    league.post(members, json={"consumer": "BarryAllen"})

    answer = league.post(members, json={"consumer": "DianaPrince"})

    assert names(answer.json()["consumers"]) == ["DianaPrince"]


def test_whoever_is_in_already_is_a_conflict_and_nobody_is_added(
    league: Client,
) -> None:
    members = "/consumer_groups/JL/consumers"
    league.post(members, json={"consumer": "BarryAllen"})

    both = {"consumer": ["DianaPrince", "BarryAllen"]}
    answer = league.post(members, json=both)

    barry, group = (
        league.get("/consumers/BarryAllen").json()["id"],
        league.get("/consumer_groups/JL").json()["consumer_group"]["id"],
    )
    assert answer.status == 409
    assert answer.json()["code"] == 5
    assert answer.json()["message"] == (
        "UNIQUE violation detected on "
        f'\'{{consumer={{id="{barry}"}},consumer_group={{id="{group}"}}}}\''
    )
    assert names(league.get(members).json()["data"]) == ["BarryAllen"]


@pytest.mark.parametrize("unknown", ["Nobody", "00000000-0000-4000-8000-000000000000"])
def test_with_an_unknown_consumer_nobody_is_added(league: Client, unknown: str) -> None:
    members = "/consumer_groups/JL/consumers"

    answer = league.post(members, json={"consumer": ["BarryAllen", unknown]})

    assert (answer.status, answer.json()) == (404, MISSING)
    assert league.get(members).json() == {"data": [], "next": None, "consumers": []}


@pytest.mark.parametrize("body", [{}, {"consumer": ""}, {"consumer": None}])
def test_a_body_that_names_nobody_is_refused(league: Client, body: dict) -> None:
    answer = league.post("/consumer_groups/JL/consumers", json=body)

    assert answer.status == 400
    assert answer.json()["code"] == 2
    assert answer.json()["message"] == (
        "schema violation (consumer: required field missing)"
    )


@pytest.mark.parametrize("consumer", [7, {"id": 7}, [None], [{}], True])
def test_a_reference_that_is_no_text_is_refused(league: Client, consumer) -> None:
    answer = league.post("/consumer_groups/JL/consumers", json={"consumer": consumer})

    assert (answer.status, answer.json()["code"]) == (400, 2)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/consumer_groups/None/consumers"),
        ("POST", "/consumer_groups/None/consumers"),
        ("DELETE", "/consumer_groups/None/consumers"),
        ("DELETE", "/consumer_groups/None/consumers/BarryAllen"),
        ("DELETE", "/consumer_groups/JL/consumers/Nobody"),
        ("GET", "/consumer_groups/JL/consumers/BarryAllen"),
        ("GET", "/consumers/Nobody/consumer_groups"),
        ("POST", "/consumers/Nobody/consumer_groups"),
        ("DELETE", "/consumers/Nobody/consumer_groups"),
        ("GET", "/consumers/BarryAllen/consumer_groups/JL"),
        ("DELETE", "/consumers/BarryAllen/consumer_groups/JL"),
        ("PUT", "/consumer_groups/None/overrides/plugins/rate-limiting-advanced"),
        ("DELETE", "/consumer_groups/None/overrides/plugins/rate-limiting-advanced"),
        ("PUT", "/consumer_groups/JL/overrides/plugins/key-auth"),
    ],
)
def test_what_is_not_there_is_not_found(league: Client, method: str, path: str) -> None:
    body = {"consumer": "BarryAllen", "group": "JL", "config": {}}

    answer = league.ask(method, path, json=body if method in ("POST", "PUT") else None)

    assert answer.status == 404
    assert "Not found" in answer.json()["message"]


def test_one_membership_is_shown_from_either_side(league: Client) -> None:
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")

    member = league.get("/consumer_groups/JL/consumers/BarryAllen").json()
    group = league.get("/consumers/BarryAllen/consumer_groups/JL").json()

    assert member["consumer"]["username"] == "BarryAllen"
    assert group["consumer_group"]["name"] == "JL"


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [
        ("?list_consumers=false", False),
        ("?list_consumers=true", True),
        ("?list_consumers=no", True),
        ("", True),
    ],
)
def test_a_group_is_shown_without_its_consumers_if_asked(
    league: Client, query: str, is_listed: bool
) -> None:
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")

    answer = league.get(f"/consumer_groups/JL{query}").json()

    assert ("consumers" in answer) is is_listed


def test_consumers_are_counted_if_asked(league: Client) -> None:
    league.post("/consumer_groups", form="name=Empty")
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")

    counted = league.get("/consumer_groups?counter=true").json()["data"]
    plain = league.get("/consumer_groups").json()["data"]

    counts = {group["name"]: group["consumers_count"] for group in counted}
    assert counts == {"JL": 1, "Empty": 0}
    assert "consumers_count" not in plain[0]


def test_groups_are_found_by_tag_and_page_by_page(league: Client) -> None:
    for name in ("A", "B"):
        league.post("/consumer_groups", json={"name": name, "tags": ["tag1"]})
    league.post("/consumer_groups", json={"name": "other"})

    first = league.get("/consumer_groups?tags=tag1&size=2").json()
    second = league.get(first["next"]).json()

    assert names(first["data"] + second["data"], "name") == ["A", "B", "JL"]
    assert (second["next"], "offset" in second) == (None, False)


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/consumer_groups/JL/consumers", "consumers"),
        ("/consumers/BarryAllen/consumer_groups", "consumer_groups"),
    ],
)
def test_pages_stand_beside_the_whole_list(
    league: Client, path: str, whole: str
) -> None:
    for name in ("A", "B"):
        league.post("/consumer_groups", json={"name": name})
        league.post("/consumers", json={"username": name})
    everybody = {"consumer": ["BarryAllen", "DianaPrince", "A", "B"]}
    league.post("/consumer_groups/JL/consumers", json=everybody)
    groups = {"group": ["A", "B"]}
    league.post("/consumers/BarryAllen/consumer_groups", json=groups)

    first = league.get(f"{path}?size=2").json()
    second = league.get(f"{path}?size=2&offset={first['offset']}").json()

    assert first["data"] + second["data"] == first[whole] == second[whole]
    assert len(first["data"]) == 2
    assert second["next"] is None


def test_a_group_is_changed_and_put_bare(league: Client) -> None:
    patched = league.patch("/consumer_groups/JL", json={"tags": ["x"]})
    put = league.put("/consumer_groups/Titans", json={})

    assert (patched.status, patched.json()["tags"]) == (200, ["x"])
    assert patched.json().keys() == GROUP
    assert (put.status, put.json()["name"]) == (200, "Titans")


def test_a_name_is_required_unique_and_plain(league: Client) -> None:
    answers = [
        league.post("/consumer_groups", json=body)
        for body in ({}, {"name": "JL"}, {"name": "a b"})
    ]

    assert [answer.status for answer in answers] == [400, 409, 400]
    assert answers[0].json()["fields"] == {"name": "required field missing"}
    assert (
        answers[1].json()["message"] == "UNIQUE violation detected on '{name=\"JL\"}'"
    )


def test_an_override_says_back_what_was_sent(league: Client) -> None:
    sent = {"limit": [5, 50], "window_size": [30, 3600]}

    first = league.put(OVERRIDE, json={"config": sent})
    second = league.put(OVERRIDE, json={"config": sent | {"limit": [7, 70]}})

    assert first.json()["config"] == sent | {"retry_after_jitter_max": 0}
    assert second.status == 201
    stored = Override.objects.get().config
    assert (stored["limit"], stored["window_type"]) == ([7, 70], "sliding")


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"window_size": [10]}, "config"),
        ({"limit": [10]}, "config"),
        ({"limit": [10], "window_size": [0]}, "config"),
        ({"limit": ["x"], "window_size": [1]}, "config"),
        ({"limit": [1], "window_size": [1], "window_type": "jumping"}, "config"),
        ({"limit": [1], "window_size": [1], "retry_after_jitter_max": -1}, "config"),
        ({"limit": [1, 2], "window_size": [1]}, "@entity"),
        ({"limit": [1], "window_size": [1], "colour": "red"}, "config"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    league: Client, config: dict, place: str
) -> None:
    answer = league.put(OVERRIDE, json={"config": config})

    assert (answer.status, answer.json()["code"]) == (400, 2)
    assert place in answer.json()["fields"]
    assert not Override.objects.exists()


def test_the_log_tells_of_every_change(league: Client) -> None:
    start = Change.objects.latest("id").pk
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")
    league.put(OVERRIDE, form=LIMITS)
    league.delete("/consumer_groups/JL/consumers")
    league.delete(OVERRIDE)

    changes = Change.objects.filter(pk__gt=start).order_by("pk")
    group = ConsumerGroup.objects.get()
    assert [(change.verb, change.entity_name) for change in changes] == [
        ("create", "BarryAllen in JL"),
        ("create", "rate-limiting-advanced for JL"),
        ("delete", "BarryAllen in JL"),
        ("delete", "rate-limiting-advanced for JL"),
    ]
    assert Change.objects.about(group).filter(pk__gt=start).count() == 4


def test_a_consumer_that_is_deleted_leaves_its_groups(league: Client) -> None:
    league.post("/consumer_groups/JL/consumers", form="consumer=BarryAllen")

    assert league.delete("/consumers/BarryAllen").status == 204
    assert "consumers" not in league.get("/consumer_groups/JL").json()
    assert league.get("/consumer_groups/JL").status == 200


def test_a_group_of_another_control_plane_is_not_found(league: Client) -> None:
    from factories import make_control_plane

    elsewhere = make_control_plane()
    group = make_group(make_consumer(elsewhere))

    answer = league.post(
        "/consumers/BarryAllen/consumer_groups", json={"group": str(group.pk)}
    )

    assert answer.status == 404
