"""Paths, methods, headers and lists of the Admin API. Contract §1.3-1.7."""

import re

import pytest

from clients import Client
from factories import make_consumer, make_key
from kinds import FACTORIES, PATHS, every_entity

NOBODY = "00000000-0000-4000-8000-000000000000"
NOT_FOUND = {"message": "Not found"}
NOT_ALLOWED = {"message": "Method not allowed"}
COLLECTION = "GET, HEAD, OPTIONS, POST"
ITEM = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
READ_ONLY = "GET, HEAD, OPTIONS"


# Routes and methods


def test_one_slash_at_the_end_does_not_matter(api: Client) -> None:
    make_consumer(username="anna")

    assert api.get("/consumers/").status == 200
    assert api.get("/consumers/anna/").status == 200
    assert api.get("/default/consumers/anna/").status == 200


@pytest.mark.parametrize(
    "path", ["//consumers", "/consumers//", "/Consumers", "/nowhere", "/consumers/a/b"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE", "BREW"])
def test_an_unknown_path_is_not_found_by_any_method(
    api: Client, path: str, method: str
) -> None:
    answer = api.ask(method, path)

    assert (answer.status, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/consumers"),
        ("PATCH", "/consumers"),
        ("DELETE", "/consumers"),
        ("POST", "/consumers/anna"),
        ("BREW", "/consumers"),
        ("TRACE", "/consumers"),
        ("DELETE", "/status"),
        ("POST", "/tags/x"),
        ("PUT", "/tags/x"),
        ("GET", "/keyauth_credentials"),
        ("PATCH", "/consumers/nobody/key-auth"),
        ("POST", "/consumers/nobody/key-auth/k"),
        ("POST", "/key-auths/nokey/consumer"),
    ],
)
def test_a_method_that_a_path_does_not_know_is_refused(
    api: Client, method: str, path: str
) -> None:
    answer = api.ask(method, path)

    assert (answer.status, answer.json()) == (405, NOT_ALLOWED)


@pytest.mark.parametrize("path", ["/", "/consumers", "/consumers/anna", "/tags"])
def test_head_answers_as_get_does_without_the_body(api: Client, path: str) -> None:
    make_consumer(username="anna")

    head, get = api.head(path), api.get(path)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["ETag"] == get.headers["ETag"]


def test_head_on_an_unknown_path_is_404_without_a_body(api: Client) -> None:
    answer = api.head("/nowhere")

    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/consumers", COLLECTION),
        ("/consumers/nobody", ITEM),
        ("/consumers/nobody/key-auth", COLLECTION),
        ("/consumers/nobody/key-auth/x", ITEM),
        ("/status", READ_ONLY),
        ("/tags/x", READ_ONLY),
    ],
)
def test_options_says_what_a_path_allows(api: Client, path: str, allowed: str) -> None:
    answer = api.options(path)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == allowed
    assert answer.headers["Access-Control-Allow-Methods"] == allowed
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_options_allows_the_headers_that_are_asked_for(api: Client) -> None:
    headers = {"Access-Control-Request-Headers": "kong-admin-token, if-match"}

    answer = api.options("/consumers", headers=headers)

    asked = answer.headers["Access-Control-Allow-Headers"]
    assert asked == "kong-admin-token, if-match"


def test_every_answer_has_kongs_headers(api: Client) -> None:
    answers = [
        api.get("/consumers"),
        api.get("/nowhere"),
        api.options("/consumers"),
        api.post("/consumers", json={}),
        api.post("/consumers", body=b"x"),
        api.delete("/consumers/nobody"),
        api.get("/consumers", headers={"Host": "evil.example"}),
    ]

    for answer in answers:
        assert answer.headers["Server"] == "kong/3.10.0.0-enterprise-edition"
        assert answer.headers["X-Kong-Admin-Latency"].isdecimal()
        assert re.fullmatch(r"\w{32}", answer.headers["X-Kong-Admin-Request-ID"])
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Via"] is None


def test_an_answer_without_a_body_tells_neither_length_nor_type(api: Client) -> None:
    answer = api.delete("/consumers/nobody")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Content-Length"] is None
    assert answer.headers["Content-Type"] is None


def test_json_is_compact_and_as_long_as_it_says(api: Client) -> None:
    make_consumer(username="änna")

    answer = api.get("/consumers/%C3%A4nna")

    assert b"\n" not in answer.body
    assert b'": ' not in answer.body
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Content-Length"] == str(len(answer.body))


def test_an_empty_list_is_an_array(api: Client) -> None:
    assert api.get("/consumers").body == b'{"data":[],"next":null}'


# Names in paths


@pytest.mark.parametrize(
    ("username", "segment"),
    [
        ("abc def", "abc%20def"),
        ("abc def", "abc+def"),
        ("a+b/c%", "a%2Bb%2Fc%25"),
        ("円", "%E5%86%86"),
        ("円", "円"),
        ("a?b#c", "a%3Fb%23c"),
        ("..", ".."),
    ],
)
def test_a_path_names_a_consumer_percent_encoded_once(
    api: Client, username: str, segment: str
) -> None:
    anna = make_consumer(username=username)

    assert api.get(f"/consumers/{segment}").json()["id"] == str(anna.pk)


def test_text_like_a_uuid_is_only_ever_an_id(api: Client) -> None:
    make_consumer(username=NOBODY)

    assert api.get(f"/consumers/{NOBODY}").status == 404


def test_an_id_is_found_in_capitals_and_stored_without(api: Client) -> None:
    upper = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"

    stored = api.put(f"/consumers/{upper}", json={"username": "anna"}).json()

    assert stored["id"] == upper.lower()
    assert api.get(f"/consumers/{upper}").json()["id"] == upper.lower()


def test_a_username_keeps_its_case(api: Client) -> None:
    make_consumer(username="anna")

    assert api.get("/consumers/Anna").status == 404
    assert api.post("/consumers", json={"username": "Anna"}).status == 201


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_name_that_nothing_can_have_is_refused_by_its_own_rule(
    api: Client, method: str
) -> None:
    answer = api.ask(method, "/plugins/a%20b", json={"name": "key-auth"})

    assert answer.status == 400
    assert answer.json()["code"] == 10
    assert answer.json()["name"] == "invalid unique instance_name"


# Lists


def pages(api: Client, target: str) -> list[list[dict]]:
    """Return the pages of a list, followed by `next`."""
    found = []
    while target:
        page = api.get(target).json()
        assert ("offset" in page) == (page["next"] is not None)
        found.append(page["data"])
        target = page["next"]
    return found


@every_entity
def test_a_list_is_paged_in_the_order_of_ids(api: Client, entity: str) -> None:
    for number in range(5):
        FACTORIES[entity](number)

    found = pages(api, f"{PATHS[entity]}?size=2")

    ids = [row["id"] for page in found for row in page]
    assert [len(page) for page in found] == [2, 2, 1]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5


def test_rows_may_go_while_they_are_paged(api: Client) -> None:
    consumers = [make_consumer() for _ in range(3)]
    first = api.get("/consumers?size=1").json()
    consumers[0].delete()
    consumers[1].delete()

    rest = api.get(first["next"]).json()

    assert [row["id"] for row in rest["data"]] == [str(consumers[2].pk)]


@pytest.mark.parametrize("size", ["1", "1000", "1e2", "0x10", "10.0", "%2010"])
def test_a_size_is_what_lua_reads_as_a_whole_number(api: Client, size: str) -> None:
    assert api.get(f"/consumers?size={size}").status == 200


@pytest.mark.parametrize("size", ["abc", "", "1_0", "nan", "inf", "0x", "%EF%BC%95"])
def test_a_size_that_is_no_number_is_refused(api: Client, size: str) -> None:
    answer = api.get(f"/consumers?size={size}")

    assert (answer.status, answer.json()["code"]) == (400, 9)
    assert answer.json()["message"] == "size must be a number"


@pytest.mark.parametrize("size", ["0", "-1", "1001", "1.5", "1e400", "0x" + "f" * 300])
def test_a_size_out_of_range_is_refused(api: Client, size: str) -> None:
    answer = api.get(f"/consumers?size={size}")

    assert (answer.status, answer.json()["code"]) == (400, 9)
    message = "size must be an integer between 1 and 1000"
    assert answer.json()["message"] == message


def test_the_size_is_judged_before_the_tags_and_they_before_the_offset(
    api: Client,
) -> None:
    size = api.get("/consumers?tags=&offset=x&size=0")
    tags = api.get("/consumers?tags=&offset=x")

    assert (size.json()["code"], tags.json()["code"]) == (9, 11)


def test_of_an_argument_given_twice_the_first_counts(api: Client) -> None:
    for _ in range(3):
        make_consumer()

    assert len(api.get("/consumers?size=1&size=2").json()["data"]) == 1
    assert len(api.get("/consumers?size").json()["data"]) == 3


@pytest.mark.parametrize(
    ("offset", "layer"),
    [
        ("hello", "base64"),
        ("aGVsbG8", "json"),
        ("", "json"),
        ("WyJhIl0", "json"),
        ("bnVsbA", "json"),
        ("%FF", "base64"),
        ("W1tbW1tbW1tbW1tbW10", "json"),
    ],
)
@pytest.mark.parametrize("path", ["/consumers", "/tags"])
def test_a_bad_offset_is_refused(
    api: Client, path: str, offset: str, layer: str
) -> None:
    answer = api.get(f"{path}?offset={offset}")

    assert (answer.status, answer.json()["code"]) == (400, 7)
    assert answer.json()["message"].endswith(
        f"not a valid offset: bad {layer} encoding"
    )


def test_an_empty_offset_key_is_the_end_of_a_list(api: Client) -> None:
    make_consumer()

    assert api.get("/consumers?offset=W10").json() == {"data": [], "next": None}


def test_next_repeats_tags_and_size_and_nothing_else(api: Client) -> None:
    for _ in range(2):
        make_consumer(tags=["a", "b"])

    answer = api.get("/default/consumers?size=1&x=y&tags=a,b").json()

    assert answer["next"] == f"/consumers?offset={answer['offset']}&tags=a%2Cb&size=1"


def test_next_of_a_nested_list_names_the_parent_as_it_was_named(api: Client) -> None:
    anna = make_consumer(username="an na")
    for _ in range(2):
        make_key(anna)

    answer = api.get("/consumers/an%20na/key-auth?size=1&tags=a").json()

    assert answer["next"] == f"/consumers/an%20na/key-auth?offset={answer['offset']}"
