"""POST /declarative/plan and /declarative/apply: a document by the Admin API."""

import io

import pytest

from clients import Client
from consumers.models import Consumer, KeyAuth
from factories import make_consumer, make_control_plane, make_key, make_plugin

pytestmark = pytest.mark.django_db

PLAN, APPLY = "/declarative/plan", "/declarative/apply"
YAML = {"Content-Type": "application/yaml"}
DECK = b"""\
_format_version: "3.0"
consumers:
- username: bob
  keyauth_credentials:
  - key: a-key-of-bobs-that-is-long
"""
NOTHING = b'_format_version: "3.0"\n'


def send(api: Client, path: str, body: bytes, kind: str = "application/yaml"):
    return api.post(path, body=body, headers={"Content-Type": kind})


def test_a_plan_says_what_would_be_done_and_does_nothing(api: Client) -> None:
    make_consumer(username="anna")

    answer = send(api, f"{PLAN}?mode=sync", DECK)

    said = answer.json()
    assert answer.status == 200
    assert said["mode"] == "sync"
    assert said["format"] == "deck"
    assert said["summary"] == {
        "create": 2,
        "update": 0,
        "delete": 1,
        "unchanged": 0,
        "conflict": 0,
    }
    assert [(s["verb"], s["kind"], s["name"]) for s in said["data"]] == [
        ("create", "consumers", "bob"),
        ("create", "keyauth_credentials", said["data"][1]["name"]),
        ("delete", "consumers", "anna"),
    ]
    assert (said["data"][0]["line"], said["data"][0]["column"]) == (3, 3)
    assert [each.username for each in Consumer.objects.all()] == ["anna"]


def test_no_answer_has_a_secret(api: Client) -> None:
    make_key(make_consumer(username="bob"), key="an-older-key-of-bobs")

    texts = [send(api, path, DECK).text for path in (PLAN, APPLY)]

    assert all("that-is" not in text for text in texts)
    assert all("older-key" not in text for text in texts)


def test_nothing_is_deleted_unless_that_is_asked_for(api: Client) -> None:
    make_consumer(username="anna")

    answer = send(api, APPLY, DECK)

    assert answer.json()["mode"] == "apply"
    assert answer.json()["summary"]["delete"] == 0
    assert Consumer.objects.filter(username="anna").exists()


def test_an_apply_does_it(api: Client) -> None:
    make_consumer(username="anna")

    answer = send(api, f"{APPLY}?mode=sync", DECK)
    again = send(api, PLAN, DECK).json()

    assert answer.status == 200
    assert answer.json()["summary"]["create"] == 2
    assert "data" not in answer.json()
    assert [each.username for each in Consumer.objects.all()] == ["bob"]
    assert again["summary"]["unchanged"] == 2
    assert again["data"] == []
    assert len(send(api, f"{PLAN}?verb=unchanged", DECK).json()["data"]) == 2


def test_mode_apply_deletes_nothing(api: Client) -> None:
    make_consumer(username="anna")

    send(api, f"{APPLY}?mode=apply", DECK)

    assert Consumer.objects.count() == 2


def test_select_tags_are_added_and_narrow_what_is_deleted(api: Client) -> None:
    make_consumer(username="anna")
    make_consumer(username="carl", tags=["team-a"])

    send(api, f"{APPLY}?mode=sync&select_tag=team-a", DECK)

    found = {each.username: each.tags for each in Consumer.objects.all()}
    assert found == {"anna": None, "bob": ["team-a"]}


@pytest.mark.parametrize(
    ("body", "kind", "query", "format"),
    [
        (DECK, "application/x-www-form-urlencoded", "", "deck"),
        (
            b'{"_format_version": "3.0", "consumers": [{"username": "bob"}]}',
            "application/json",
            "",
            "deck",
        ),
        (b"username,key\nbob,k1\n", "text/csv", "", "csv"),
        (b"username,key\nbob,k1\n", "text/plain", "?format=csv", "csv"),
        (b"Who,key\nbob,k1\n", "text/csv", "?column=Who=username", "csv"),
        (
            b"apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\n"
            b"metadata: {name: bob}\nusername: bob\n",
            "text/yaml",
            "",
            "kubernetes",
        ),
    ],
)
def test_every_format_is_taken(
    api: Client, body: bytes, kind: str, query: str, format: str
) -> None:
    answer = send(api, f"{APPLY}{query}", body, kind)

    assert answer.status == 200
    assert answer.json()["format"] == format
    assert Consumer.objects.get().username == "bob"


def test_a_file_of_a_form_is_taken(api: Client) -> None:
    body = (
        b"--x\r\nContent-Disposition: form-data; name=file; filename=kong.yaml\r\n\r\n"
        + DECK
        + b"\r\n--x--\r\n"
    )

    answer = send(api, APPLY, body, "multipart/form-data; boundary=x")

    assert answer.status == 200
    assert KeyAuth.objects.count() == 1


def test_a_body_in_chunks_is_taken(api: Client) -> None:
    from clients import environ, kept_connection

    chunked = {"Transfer-Encoding": "chunked", **YAML, "Host": "localhost:8001"}
    request = environ("POST", PLAN, None, chunked)
    request["wsgi.input"] = io.BytesIO(DECK)

    with kept_connection():
        answer = api.call(request)

    assert answer.json()["summary"]["create"] == 2


def test_what_is_wrong_is_answered_with_its_place(api: Client) -> None:
    body = DECK.replace(b"keyauth_credentials", b"keyauth_credential")

    answer = send(api, APPLY, body)

    said = answer.json()
    assert answer.status == 400
    assert said["code"] == 14
    assert said["name"] == "invalid declarative configuration"
    assert said["message"].startswith("declarative config is invalid: line 4, column")
    [problem] = said["fields"]["problems"]
    assert (problem["line"], problem["column"]) == (4, 3)
    assert problem["text"].strip() == "keyauth_credential:"
    assert not Consumer.objects.exists()


def test_one_bad_row_means_that_nothing_is_written(api: Client) -> None:
    body = DECK + b"  acls:\n  - group: admin\n- username: anna\n  tags: ['a,b']\n"

    answer = send(api, APPLY, body)

    assert answer.status == 400
    assert answer.json()["fields"]["problems"][0]["line"] == 8
    assert not Consumer.objects.exists()


def test_pages_follow_each_other(api: Client) -> None:
    body = "username\n" + "".join(f"c{number}\n" for number in range(5))
    names, after = [], 0

    while after is not None:
        path = f"{PLAN}?size=2&after={after}"
        said = send(api, path, body.encode(), "text/csv").json()
        names += [step["name"] for step in said["data"]]
        after = said["next"]

    assert names == ["c0", "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("mode=reset", "mode: expected one of: sync, apply"),
        ("format=xml", "format: expected one of:"),
        ("verb=x", "verb: expected one of"),
        ("kind=services", "kind: expected one of"),
        ("after=-1", "after: must be the number of a step"),
        ("size=0", "size must be an integer between 1 and 1000"),
        ("column=x", "column: must be HEADING=FIELD"),
    ],
)
def test_options_that_cannot_be_are_refused(
    api: Client, query: str, message: str
) -> None:
    answer = send(api, f"{PLAN}?{query}", DECK)

    assert answer.status == 400
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\x00\x01\x02",
        b"\xff\xfe\xff",
        b"{" * 10_000,
        b"- " * 10_000,
        b"!!python/object/apply:os.system ['true']",
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        b"consumers: [{username: bob, keyauth_credentials: 7}]",
        b'_format_version: "3.0"\nconsumers: [1, 2]\n',
        b'_format_version: "3.0"\nconsumers:\n- username: ${{ env "DECK_X" }}\n',
        b"x" * 3_000_000,
    ],
)
def test_hostile_bodies_are_refused_and_nothing_is_written(
    api: Client, body: bytes
) -> None:
    answer = send(api, APPLY, body)

    assert answer.status == 400
    assert answer.json()["message"]
    assert not Consumer.objects.exists()


def test_a_body_that_is_too_large_is_refused(api: Client, settings) -> None:
    settings.MAX_DOCUMENT_SIZE = 50

    assert send(api, PLAN, DECK).status == 413


def test_a_file_of_a_form_that_is_too_large_is_refused(api: Client, settings) -> None:
    settings.MAX_DOCUMENT_SIZE = 50
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="k"\r\n\r\n'
    body = part + DECK + b"\r\n--x--\r\n"

    answer = send(api, PLAN, body, "multipart/form-data; boundary=x")

    assert answer.status == 413


def test_a_document_may_be_larger_than_other_bodies(api: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50

    assert send(api, PLAN, DECK).status == 200


def test_another_control_plane_is_planned_by_its_name(api: Client) -> None:
    make_control_plane(name="team-a")

    send(api, f"/team-a{APPLY}", DECK)

    assert Consumer.objects.get().scope.controlplane.name == "team-a"
    assert send(api, f"/nobody{PLAN}", DECK).status == 404


def test_who_may_not_write_all_of_it_is_refused(client_of) -> None:
    make_plugin("cors")
    editor, viewer = client_of("ed", "editor"), client_of("vi", "viewer")

    sync = send(editor, f"{PLAN}?mode=sync", DECK)  # would delete a plugin
    apply = send(editor, f"{APPLY}?mode=apply", DECK)
    looked = send(viewer, f"{PLAN}?mode=apply", DECK)

    assert (sync.status, apply.status, looked.status) == (403, 200, 403)
    assert sync.json()["message"] == (
        "ed, you do not have permissions to create this resource"
    )
