"""The conventions of the Admin API. Contract §1, §2, §3, §4.1, §7."""

import re
from uuid import uuid4

import pytest
from django.utils import timezone

from clients import FORM, Client
from factories import make_consumer, make_control_plane, make_key, make_plugin
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import ROUTES

JSON = "application/json"
NOBODY = "00000000-0000-4000-8000-000000000000"
NOT_FOUND = {"message": "Not found"}
NOT_ALLOWED = {"message": "Method not allowed"}
BAD_JSON = {"message": "Cannot parse JSON body"}
TOO_MANY = {"message": "Too many arguments"}
BAD_TTL = "must be an integer between 0 and 100000000"
COLLECTION = "GET, HEAD, OPTIONS, POST"
ITEM = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
READ_ONLY = "GET, HEAD, OPTIONS"
# How a body makes one entity of each kind, with a name given by the test.
BODIES = {
    "consumers": lambda name: {"username": name},
    "keyauth_credentials": lambda name: {
        "key": name,
        "consumer": {"id": str(make_consumer().pk)},
    },
    "plugins": lambda name: {"name": "key-auth", "instance_name": name},
}
FACTORIES = {
    "consumers": lambda number: make_consumer(),
    "keyauth_credentials": lambda number: make_key(make_consumer()),
    "plugins": lambda number: make_plugin(consumer=make_consumer()),
}
PATHS = {
    route.options["model"].schema.name: "/" + route.template
    for route in ROUTES
    if route.template.count("/") == 0 and route.template != "keyauth_credentials"
}
every_entity = pytest.mark.parametrize("entity", sorted(ENTITIES))


# Bodies and content types


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/yaml", "text/yaml", "Application/JSON", ""]
)
def test_a_body_of_another_type_is_refused_without_a_body(
    api: Client, method: str, kind: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}

    answer = api.ask(method, "/consumers/anna", body=b"username=anna", headers=headers)

    assert (answer.status, answer.body) == (415, b"")
    assert answer.headers["Content-Type"] is None


def test_the_type_is_looked_at_before_the_path_and_the_method(api: Client) -> None:
    headers = {"Content-Type": "text/plain"}

    assert api.post("/nowhere", body=b"x", headers=headers).status == 415
    assert api.post("/consumers/anna", body=b"x", headers=headers).status == 415


def test_no_type_and_no_body_is_an_empty_body(api: Client) -> None:
    answer = api.put("/consumers/anna")

    assert answer.status == 200
    assert answer.json()["username"] == "anna"


@pytest.mark.parametrize(
    "body",
    [
        *["", "{", '"x"', "null", "1", "true", '[{"username":"x"}]'],
        *["NaN", '{"a":Infinity}', "[" * 100_000, '{"username":"a"} x'],
    ],
)
def test_json_that_is_no_object_is_refused(api: Client, body: str) -> None:
    answer = api.post("/consumers", body=body.encode(), headers={"Content-Type": JSON})

    assert (answer.status, answer.json()) == (400, BAD_JSON)


def test_an_empty_json_array_counts_as_an_empty_object(api: Client) -> None:
    answer = api.post("/consumers", body=b"[]", headers={"Content-Type": JSON})

    assert answer.json()["code"] == 2


def test_bodies_of_other_methods_are_not_looked_at(api: Client) -> None:
    headers = {"Content-Type": JSON}
    make_consumer(username="anna")

    assert api.get("/consumers/anna", body=b"{", headers=headers).status == 200
    assert api.delete("/consumers/anna", body=b"{", headers=headers).status == 204


@pytest.mark.parametrize("count", [1000, 1001])
def test_a_form_holds_at_most_a_thousand_fields(api: Client, count: int) -> None:
    form = "&".join(["username=anna"] + ["tags=a"] * (count - 1))

    answer = api.post("/consumers", form=form)

    assert (answer.status == 201) == (count == 1000)
    assert count == 1000 or answer.json() == TOO_MANY


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_query_holds_at_most_a_thousand_arguments(api: Client, method: str) -> None:
    target = "/consumers?" + "&".join(["a=1"] * 1001)

    answer = api.ask(method, target)

    assert (answer.status, answer.json()) == (400, TOO_MANY)


def test_two_content_types_are_refused(api: Client) -> None:
    headers = {"Content-Type": JSON, "X-Kongadmin-Content-Types": "2"}

    answer = api.post("/consumers", body=b"{}", headers=headers)

    assert answer.status == 400
    assert answer.json() == {"message": "Multiple Content-Type headers not allowed"}


def test_a_body_of_more_than_two_megabytes_is_refused(api: Client) -> None:
    answer = api.post("/consumers", json={"username": "a" * 3_000_000})

    assert answer.status == 413


def test_json_is_taken_literally(api: Client) -> None:
    answer = api.post("/consumers", json={"username": 10, "config.minute": 5})

    assert answer.status == 400
    assert answer.json()["fields"] == {
        "username": "expected a string",
        "config.minute": "unknown field",
    }


@pytest.mark.parametrize("text", ["\udcff", "a\0b"])
def test_text_that_no_database_takes_is_refused_as_a_name(
    api: Client, text: str
) -> None:
    answer = api.post("/consumers", json={"username": text})

    assert answer.status == 400
    assert answer.json()["code"] == 2
    assert "username" in answer.json()["fields"]


@pytest.mark.parametrize(
    "path",
    [
        "/consumers/{}",
        "/consumers/{}/key-auth",
        "/consumers/{}/key-auth/x",
        "/consumers/anna/key-auth/{}",
        "/key-auths/{}",
        "/key-auths/{}/consumer",
        "/plugins/{}",
        "/plugins/{}/consumer",
        "/tags/{}",
        "/consumers?custom_id={}",
        "/consumers?tags={}",
        "/consumers?offset={}",
        "/{}/consumers",
        "/{}/kong",
        "/schemas/{}",
        "/schemas/plugins/{}",
        "/{}",
    ],
)
def test_text_that_no_database_takes_names_nothing(api: Client, path: str) -> None:
    make_consumer(username="anna")

    statuses = {
        (method, segment): api.ask(method, path.format(segment)).status
        for segment in ["%FF", "a%00b", "%ED%A0%80"]
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]
    }

    assert {*statuses.values()} <= {200, 204, 400, 404, 405}, statuses


@pytest.mark.parametrize("text", ["\udcff", "a\0b"])
@pytest.mark.parametrize("field", ["id", "username", "custom_id"])
def test_text_that_no_database_takes_refers_to_nobody(
    api: Client, field: str, text: str
) -> None:
    answer = api.post("/key-auths", json={"consumer": {field: text}})

    assert answer.status == 400


# Forms


@pytest.mark.parametrize(
    ("form", "tags"),
    [
        ("tags[]=x&tags[]=y", ["x", "y"]),
        ("tags[1]=x&tags[2]=y", ["x", "y"]),
        ("tags[2]=y&tags[1]=x", ["x", "y"]),
        ("tags=x&tags=y", ["x", "y"]),
        ("tags%5B%5D=x&tags%5B%5D=y", ["x", "y"]),
        ("tags=x&tags=y&tags=x", ["x", "y"]),
        ("tags=x", ["x"]),
        ("tags=", None),
        ("tags=a+b", ["a b"]),
        ("tags=a%2Bb", ["a+b"]),
    ],
)
def test_a_form_spells_a_set_in_many_ways(
    api: Client, form: str, tags: list[str] | None
) -> None:
    answer = api.post("/consumers", form=f"username=anna&{form}")

    assert answer.status == 201
    assert answer.json()["tags"] == tags


def test_a_form_is_not_split_at_commas(api: Client) -> None:
    answer = api.post("/consumers", form="username=anna&tags=a,b")

    assert answer.status == 400
    assert answer.json()["fields"]["tags"][0].startswith("invalid tag 'a,b'")


def test_a_form_types_its_texts(api: Client) -> None:
    form = "name=key-auth&config.key_names=a&config.hide_credentials=true&enabled=false"

    plugin = api.post("/plugins", form=form).json()

    assert plugin["config"]["key_names"] == ["a"]
    assert plugin["config"]["hide_credentials"] is True
    assert plugin["enabled"] is False


def test_a_patch_without_name_is_typed_by_the_stored_plugin(api: Client) -> None:
    plugin = make_plugin()

    answer = api.patch(f"/plugins/{plugin.pk}", form="config.key_in_body=true")

    assert answer.json()["config"]["key_in_body"] is True
    assert answer.json()["config"]["key_names"] == ["apikey"]


def test_an_empty_text_in_a_form_is_null_and_an_unknown_field_is_refused(
    api: Client,
) -> None:
    answer = api.post("/consumers", form="username=anna&custom_id=")
    refused = api.post("/consumers", form="username=berta&surname=")

    assert answer.json()["custom_id"] is None
    assert refused.json()["fields"] == {"surname": "unknown field"}


def test_a_form_field_without_a_value_is_no_text(api: Client) -> None:
    answer = api.post("/consumers", form="username")

    assert answer.json()["fields"]["username"] == "expected a string"


def test_a_form_refers_to_a_consumer_by_name(api: Client) -> None:
    anna = make_consumer(username="anna")

    answer = api.post("/key-auths", form="key=k&consumer.username=anna")

    assert answer.status == 201
    assert answer.json()["consumer"] == {"id": str(anna.pk)}


def test_a_form_nested_too_deeply_is_refused(api: Client) -> None:
    answer = api.post("/consumers", form="username=anna&a" + ".a" * 20_000 + "=1")

    assert answer.status == 400


@pytest.mark.parametrize("depth", [50, 500, 5000, 200_000])
@pytest.mark.parametrize("form", ['{"a":', "["])
def test_json_nested_deeply_is_refused(api: Client, form: str, depth: int) -> None:
    close = {"[": "]"}.get(form, "}")
    value = form * depth + "1" + close * depth
    headers = {"Content-Type": JSON}

    for path, name in (("/consumers", "tags"), ("/plugins", "config")):
        body = f'{{"name":"key-auth","{name}":{value}}}'.encode()
        assert api.post(path, body=body, headers=headers).status == 400


def multipart(*fields: tuple[str, str]) -> tuple[bytes, dict]:
    parts = [
        "--frontier\r\n"
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    return ("".join(parts) + "--frontier--\r\n").encode(), headers


def test_a_multipart_body_is_a_form(api: Client) -> None:
    body, headers = multipart(("username", "änna"), ("tags[]", "x"), ("tags[]", "y"))

    answer = api.post("/consumers", body=body, headers=headers)

    assert answer.status == 201
    assert (answer.json()["username"], answer.json()["tags"]) == ("änna", ["x", "y"])


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=frontier"])
def test_an_empty_form_is_an_empty_body(api: Client, kind: str) -> None:
    answer = api.post("/consumers", body=b"", headers={"Content-Type": kind})

    assert answer.status == 400
    assert "@entity" in answer.json()["fields"]


def test_a_multipart_body_without_boundary_is_refused_in_its_own_words(
    api: Client,
) -> None:
    headers = {"Content-Type": "multipart/form-data"}

    answer = api.post("/consumers", body=b"x", headers=headers)

    assert answer.status == 400
    assert answer.json() != TOO_MANY


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


def test_a_name_that_nothing_can_have_is_refused_by_its_own_rule(api: Client) -> None:
    answer = api.get("/plugins/a%20b")

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


# Verbs


@every_entity
def test_an_entity_that_is_missing_is_told_in_kongs_words(
    api: Client, entity: str
) -> None:
    path = f"{PATHS[entity]}/{NOBODY}"

    patched = api.patch(path, json={"name": "key-auth"})

    assert (api.get(path).status, api.get(path).json()) == (404, NOT_FOUND)
    assert api.delete(path).status == 204
    assert patched.status == 404
    assert patched.json() == {
        "code": 6,
        "name": "not found",
        "message": f"could not find the entity with primary key '{{id=\"{NOBODY}\"}}'",
        "fields": {"id": NOBODY},
    }


@every_entity
def test_a_second_of_the_same_id_or_name_is_refused(api: Client, entity: str) -> None:
    path, first = PATHS[entity], BODIES[entity]("one")
    made = api.post(path, json=first).json()

    same_id = api.post(path, json={**BODIES[entity]("two"), "id": made["id"]})
    same_name = api.post(path, json=first)

    assert (same_id.status, same_id.json()["code"]) == (400, 3)
    assert (same_name.status, same_name.json()["code"]) == (409, 5)


@every_entity
def test_put_creates_and_then_replaces(api: Client, entity: str) -> None:
    path, body = f"{PATHS[entity]}/{uuid4()}", BODIES[entity]("one")

    created = api.put(path, json={**body, "tags": ["a"]})
    replaced = api.put(path, json=body)

    assert (created.status, replaced.status) == (200, 200)
    assert (created.json()["tags"], replaced.json()["tags"]) == (["a"], None)
    assert created.json()["id"] == replaced.json()["id"] == path.rpartition("/")[2]


@every_entity
def test_put_by_name_keeps_the_id(api: Client, entity: str) -> None:
    path, body = f"{PATHS[entity]}/one", BODIES[entity]("other")

    created, replaced = api.put(path, json=body), api.put(path, json=body)

    assert created.json()["id"] == replaced.json()["id"]
    assert "one" in created.json().values()


@every_entity
def test_an_etag_changes_with_every_write_and_guards_the_next(
    api: Client, entity: str
) -> None:
    made = api.post(PATHS[entity], json=BODIES[entity]("one"))
    path, seen = f"{PATHS[entity]}/{made.json()['id']}", made.headers["ETag"]

    fresh = api.patch(path, json={"tags": ["a"]}, headers={"If-Match": seen})
    stale = api.patch(path, json={"tags": ["b"]}, headers={"If-Match": seen})

    assert re.fullmatch('"[0-9a-f]+"', seen)
    assert (fresh.status, stale.status) == (200, 412)
    assert fresh.headers["ETag"] != seen
    assert api.get(path).headers["ETag"] == fresh.headers["ETag"]
    assert api.get(path).json()["tags"] == ["a"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("stale", ['"0"', "W/{}", "x"])
def test_nothing_is_written_over_what_was_not_seen(
    api: Client, method: str, stale: str
) -> None:
    make_consumer(username="anna", custom_id="a")
    seen = api.get("/consumers/anna").headers["ETag"]

    answer = api.ask(
        method, "/consumers/anna", headers={"If-Match": stale.format(seen)}
    )

    assert answer.status == 412
    assert api.get("/consumers/anna").headers["ETag"] == seen


@pytest.mark.parametrize("wanted", ["*", '"0", {}', "{}"])
def test_if_match_takes_a_list_or_a_star(api: Client, wanted: str) -> None:
    make_consumer(username="anna")
    seen = api.get("/consumers/anna").headers["ETag"]

    answer = api.delete("/consumers/anna", headers={"If-Match": wanted.format(seen)})

    assert answer.status == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_needs_something_to_match(api: Client, method: str) -> None:
    answer = api.ask(method, "/consumers/nobody", headers={"If-Match": "*"})

    assert answer.status == 412


def test_a_patch_merges_and_null_clears(api: Client) -> None:
    make_consumer(username="anna", custom_id="a", tags=["x"])

    answer = api.patch("/consumers/anna", json={"custom_id": None})

    assert answer.json()["custom_id"] is None
    assert (answer.json()["username"], answer.json()["tags"]) == ("anna", ["x"])


def test_a_patch_cannot_take_the_last_name(api: Client) -> None:
    make_consumer(username="anna")

    answer = api.patch("/consumers/anna", json={"username": None})

    assert answer.json()["fields"]["@entity"][0].startswith("when updating, at least")


def test_a_patch_cannot_change_the_id(api: Client) -> None:
    anna = make_consumer(username="anna")

    answer = api.patch(f"/consumers/{anna.pk}", json={"id": NOBODY})

    assert (answer.status, answer.json()["fields"]) == (404, {"id": str(anna.pk)})


def test_created_at_may_be_sent_and_updated_at_never_counts(api: Client) -> None:
    body = {"username": "anna", "created_at": 1000, "updated_at": "whatever"}

    made = api.post("/consumers", json=body).json()
    replaced = api.put("/consumers/anna", json={}).json()

    assert made["created_at"] == 1000
    assert made["updated_at"] > 1_700_000_000
    assert replaced["created_at"] > 1_700_000_000


@pytest.mark.parametrize("created_at", [0, -1, 1e300, 10**18])
def test_a_time_that_no_calendar_holds_is_refused(
    api: Client, created_at: float
) -> None:
    answer = api.post("/consumers", json={"username": "a", "created_at": created_at})

    assert answer.json()["fields"] == {"created_at": "expected a valid timestamp"}


def test_a_nested_put_moves_what_belongs_to_another(api: Client) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    key = make_key(berta, key="k")

    moved = api.put(f"/consumers/anna/key-auth/{key.pk}", json={"key": "k"})

    assert moved.json()["consumer"] == {"id": str(anna.pk)}
    assert api.get("/consumers/berta/key-auth/k").status == 404
    assert api.get("/consumers/anna/key-auth/k").status == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_belongs_to_another_is_not_found_below_a_parent(
    api: Client, method: str
) -> None:
    make_consumer(username="anna")
    make_key(make_consumer(username="berta"), key="k")

    answer = api.ask(method, "/consumers/anna/key-auth/k")

    assert (answer.status, answer.json()) == (404, NOT_FOUND)
    assert api.get("/key-auths/k").status == 200


def test_a_consumer_is_reached_through_its_key(api: Client) -> None:
    make_key(make_consumer(username="anna"), key="k")

    patched = api.patch("/key-auths/k/consumer", json={"custom_id": "a"})
    deleted = api.delete("/key-auths/k/consumer")

    assert (patched.status, patched.json()["custom_id"]) == (200, "a")
    assert (deleted.status, deleted.json()) == (405, NOT_ALLOWED)
    assert api.delete("/key-auths/nokey/consumer").status == 404


def test_deleting_a_consumer_deletes_its_keys_and_plugins(api: Client) -> None:
    anna = make_consumer(username="anna")
    make_key(anna, key="k")
    plugin = make_plugin(consumer=anna)

    assert api.delete("/consumers/anna").status == 204

    assert api.get("/key-auths/k").status == 404
    assert api.get(f"/plugins/{plugin.pk}").status == 404


# Errors


def test_a_missing_reference_is_told_by_how_it_was_named(api: Client) -> None:
    by_id = api.post("/key-auths", json={"consumer": {"id": NOBODY}}).json()
    by_name = api.post("/key-auths", json={"consumer": {"username": "x"}}).json()
    bare = api.post("/key-auths", json={"consumer": "x"}).json()
    missing = api.post("/key-auths", json={}).json()

    assert by_id == {
        "code": 4,
        "name": "foreign key violation",
        "message": f"the foreign key '{{id=\"{NOBODY}\"}}' does not reference "
        "an existing 'consumers' entity.",
        "fields": {"consumer": {"id": NOBODY}},
    }
    assert (by_name["code"], by_name["name"]) == (13, "foreign keys unresolved")
    assert bare["fields"] == {"consumer": {"id": "missing primary key"}}
    assert missing["message"] == "schema violation (consumer: required field missing)"


def test_several_violations_are_told_in_the_order_of_their_names(api: Client) -> None:
    answer = api.post("/consumers", json={"tags": ["a", "b,c"], "id": "x", "zoo": 1})

    assert answer.status == 400
    assert answer.json()["message"].startswith(
        "4 schema violations (at least one of these fields must be non-empty: "
        "'custom_id', 'username'; id: expected a valid UUID; tags.2: invalid tag 'b,c'"
    )
    assert answer.json()["message"].endswith("; zoo: unknown field)")


def test_the_username_is_refused_before_the_custom_id(api: Client) -> None:
    make_consumer(username='an"na', custom_id="a")

    answer = api.post("/consumers", json={"username": 'an"na', "custom_id": "a"})

    assert answer.status == 409
    assert answer.json() == {
        "code": 5,
        "name": "unique constraint violation",
        "message": 'UNIQUE violation detected on \'{username="an\\"na"}\'',
        "fields": {"username": 'an"na'},
    }


# Consumers by custom ID


@pytest.mark.parametrize(
    "query", ["custom_id=", "custom_id", "custom_id=a&custom_id=a"]
)
def test_a_custom_id_is_looked_up_by_one_text(api: Client, query: str) -> None:
    answer = api.get(f"/consumers?{query}")

    assert answer.status == 400
    assert answer.json() == {"message": "custom_id must be an unempty string"}


def test_a_custom_id_finds_one_consumer_or_none(api: Client) -> None:
    make_consumer(username="anna", custom_id="a b")

    found = api.get("/consumers?custom_id=a+b&size=nonsense").json()
    none = api.get("/consumers?custom_id=x").json()

    assert [row["username"] for row in found["data"]] == ["anna"]
    assert none == {"data": [], "next": None}


# Keys


@pytest.mark.parametrize("ttl", [-1, 100_000_001, 1.5, "abc", "60", None, True, [], {}])
def test_a_bad_ttl_is_refused(api: Client, ttl) -> None:
    make_consumer(username="anna")

    answer = api.post("/consumers/anna/key-auth", json={"ttl": ttl})

    assert answer.status == 400
    assert answer.json() == {
        "code": 11,
        "name": "invalid options",
        "message": f"invalid option (ttl: {BAD_TTL})",
        "options": {"ttl": BAD_TTL},
    }


@pytest.mark.parametrize("form", ["ttl=", "ttl=abc", "ttl=-1", "ttl"])
def test_a_bad_ttl_in_a_form_is_refused(api: Client, form: str) -> None:
    make_consumer(username="anna")

    assert api.post("/consumers/anna/key-auth", form=form).json()["code"] == 11


def test_a_ttl_counts_down_and_zero_means_never(api: Client) -> None:
    make_consumer(username="anna")

    counted = api.post("/consumers/anna/key-auth", form="ttl=3600").json()
    forever = api.post("/consumers/anna/key-auth", json={"ttl": 0}).json()

    assert 3590 <= counted["ttl"] < 3600
    assert forever["ttl"] is None


def test_a_ttl_is_kept_by_patch_and_cleared_by_put(api: Client) -> None:
    make_key(make_consumer(username="anna"), key="k", ttl=3600)

    kept = api.patch("/key-auths/k", json={"tags": ["a"]}).json()
    cleared = api.put("/consumers/anna/key-auth/k", json={}).json()

    assert 3590 <= kept["ttl"] < 3600
    assert cleared["ttl"] is None


def test_a_ttl_that_ends_behind_the_calendar_is_refused(api: Client) -> None:
    make_consumer(username="anna")
    body = {"created_at": 253_402_300_799, "ttl": 100_000_000}

    answer = api.post("/consumers/anna/key-auth", json=body)

    assert answer.status == 400


def test_a_ttl_is_an_unknown_field_elsewhere(api: Client) -> None:
    answer = api.post("/consumers", json={"username": "anna", "ttl": 5})

    assert answer.json()["fields"] == {"ttl": "unknown field"}


def test_a_key_is_made_up_where_none_is_given(api: Client) -> None:
    make_consumer(username="anna")

    made = api.post("/consumers/anna/key-auth").json()
    none = api.post("/consumers/anna/key-auth", form="key=").json()

    assert re.fullmatch("[A-Za-z0-9]{32}", made["key"])
    assert none["key"] is None


def test_the_old_route_of_kong_takes_a_consumer_id(api: Client) -> None:
    anna = make_consumer(username="anna")

    answer = api.post(
        "/keyauth_credentials/", form={"key": "ENTER_KEY_HERE", "consumer_id": anna.pk}
    )

    assert answer.status == 201
    assert answer.json()["consumer"] == {"id": str(anna.pk)}


# Control planes


def test_a_control_plane_before_the_path_has_its_own_consumers(api: Client) -> None:
    team = make_control_plane(name="team-a")
    make_consumer(team, username="anna")

    assert api.get("/team-a/consumers/anna").status == 200
    assert api.get("/consumers/anna").status == 404
    assert api.post("/consumers", json={"username": "anna"}).status == 201
    assert api.get("/team-a/kong").json()["tagline"] == "Welcome to kong"


def test_a_reference_does_not_reach_into_another_control_plane(api: Client) -> None:
    anna = make_consumer(make_control_plane(name="team-a"), username="anna")

    by_id = api.post("/key-auths", json={"consumer": {"id": str(anna.pk)}})
    by_name = api.post("/key-auths", json={"consumer": {"username": "anna"}})

    assert by_id.json()["code"] == 4
    assert by_name.json()["code"] == 13


def test_an_id_in_use_in_another_control_plane_is_refused(api: Client) -> None:
    anna = make_consumer(make_control_plane(name="team-a"), username="anna")

    answer = api.put(f"/consumers/{anna.pk}", json={"username": "berta"})

    assert (answer.status, answer.json()["code"]) == (400, 3)
    assert api.get("/team-a/consumers/anna").status == 200


def test_an_unknown_control_plane_is_told(api: Client) -> None:
    answer = api.get("/nowhere/consumers")

    assert answer.status == 404
    assert answer.json() == {"message": "Workspace 'nowhere' not found"}


# The node


def test_the_root_says_what_clients_look_for(api: Client) -> None:
    make_plugin()

    root = api.get("/").json()

    assert root["version"] == "3.10.0.0"
    assert root["edition"] == "enterprise"
    assert root["plugins"]["enabled_in_cluster"] == ["key-auth"]
    assert "key-auth" in root["plugins"]["available_on_server"]
    assert root["configuration"]["database"] in ("postgres", "sqlite")
    assert "password" not in api.get("/").text.lower()


@pytest.mark.parametrize("query", ["", "?unit=k", "?unit=G&scale=4", "?scale=x"])
def test_the_status_says_that_the_database_answers(api: Client, query: str) -> None:
    status = api.get(f"/status{query}").json()

    assert status["database"] == {"reachable": True}
    assert all(type(count) is int for count in status["server"].values())


@pytest.mark.parametrize("scale", ["1000000000", "9" * 5000])
def test_the_status_does_not_write_a_novel(api: Client, scale: str) -> None:
    answer = api.get(f"/status?scale={scale}")

    assert answer.status == 200
    assert len(answer.body) < 1000


def test_the_status_refuses_a_unit_nobody_knows(api: Client) -> None:
    answer = api.get("/status?unit=V")

    assert answer.status == 400
    assert answer.json()["message"] == (
        "invalid unit 'V' (expected 'k/K', 'm/M', or 'g/G')"
    )


def test_endpoints_lists_every_route_by_segment(api: Client) -> None:
    paths = api.get("/endpoints").json()["data"]

    assert paths == sorted(paths, key=lambda path: path.split("/"))
    assert {"/consumers/{consumers}/key-auth/{keyauth_credentials}", "/tags"} <= {
        *paths
    }


@every_entity
def test_every_entity_serves_its_schema_and_judges_by_it(
    api: Client, entity: str
) -> None:
    schema = api.get(f"/schemas/{entity}").json()
    good = api.post(f"/schemas/{entity}/validate", json=BODIES[entity]("one"))
    bad = api.post(f"/schemas/{entity}/validate", json={"name": "key-auth", "zoo": 1})

    assert all(len(field) == 1 for field in schema["fields"])
    assert good.status == 200
    assert good.json() == {"message": "schema validation successful"}
    assert bad.json()["fields"]["zoo"] == "unknown field"


def test_an_unknown_schema_is_told(api: Client) -> None:
    assert api.get("/schemas/x").json() == {"message": "No entity named 'x'"}
    assert api.get("/schemas/plugins/x").json() == {"message": "No plugin named 'x'"}
    assert api.post("/schemas/x/validate", json={}).status == 404


# A time is told in whole seconds


def test_times_are_whole_seconds(api: Client) -> None:
    now = int(timezone.now().timestamp())

    made = api.post("/consumers", json={"username": "anna"}).json()

    assert now <= made["created_at"] <= now + 5
    assert type(made["updated_at"]) is int
