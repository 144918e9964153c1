"""What the Admin API reads: bodies, types and forms. Contract §1.1, §1.2."""

import pytest

from clients import FORM, Client
from factories import make_consumer, make_plugin

JSON = "application/json"
BAD_JSON = {"message": "Cannot parse JSON body"}
TOO_MANY = {"message": "Too many arguments"}


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
    assert answer.text == "Multiple Content-Type headers not allowed"


def test_a_body_of_more_than_eight_megabytes_is_refused(api: Client) -> None:
    answer = api.post("/consumers", json={"username": "a" * 9_000_000})

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
    key = api.post("/key-auths", form="consumer.id=&consumer.username=anna")

    assert answer.json()["custom_id"] is None
    assert key.json()["consumer"] == {"id": answer.json()["id"]}
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
