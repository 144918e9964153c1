"""Where keys are looked up: the list on key-auth's form, and what it says."""

import re
from html import unescape
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.test import Client

from factories import default_control_plane, make_plugin, make_realm, make_user
from kongadmin.plugins.models import Plugin, plugin_schemas
from kongadmin.schema import named
from realms.models import Realm

NAME = "config.identity_realms"
CP = {"scope": "cp", "id": None, "region": None}


def make_allowed(name: str) -> Realm:
    plane = default_control_plane()
    return make_realm(name=name, allowed_control_planes=[str(plane.pk)])


def source(realm: Realm) -> dict:
    return {"scope": "realm", "id": str(realm.pk), "region": None}


def form_of(text: str) -> QueryDict:
    """Return what a browser would send of the sources on a page."""
    data = QueryDict(mutable=True)
    inputs = re.findall(rf'<input type="hidden" name="{NAME}" value="(.*?)">', text)
    data.setlist(NAME, [unescape(value) for value in inputs])
    data["enabled"] = "on"
    data.setlist("protocols", ["grpc", "grpcs", "http", "https"])
    data["config.key_names"] = "apikey"
    return data


def press(pages: Client, url: str, text: str, **button) -> str:
    """Return the page after a button was pressed on one that had `text`."""
    data = form_of(text)
    data.update(button)
    answer = pages.post(url, data.urlencode(), "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    return answer.text


def order(text: str) -> str:
    return re.search(r'<p class="order".*?>(.*?)</p>', text)[1]


def save(pages: Client, url: str, text: str) -> list[dict]:
    data = form_of(text).urlencode()
    answer = pages.post(url, data, "application/x-www-form-urlencoded")
    assert answer.status_code == 303, answer.text
    return Plugin.objects.get().config["identity_realms"]


def test_sources_are_added_moved_removed_and_saved_by_buttons(pages: Client) -> None:
    prod, test = make_allowed("prod"), make_allowed("test")
    url = "/plugins/key-auth/create"
    text = pages.get(url).text
    assert order(text) == "Only this control plane is asked."

    add = {"add": NAME}
    text = press(pages, url, text, **add, **{f"{NAME}@add": f"realm|{prod.pk}|"})
    text = press(pages, url, text, **add, **{f"{NAME}@add": f"realm|{test.pk}|"})
    assert order(text) == (
        "First this control plane is asked, then realm prod, then realm test; "
        "the first that knows the key wins."
    )
    text = press(pages, url, text, move=f"{NAME} 1 up")
    text = press(pages, url, text, remove=f"{NAME}.2")

    assert order(text) == (
        "First realm prod is asked, then this control plane; "
        "the first that knows the key wins."
    )
    assert save(pages, url, text) == [source(prod), CP]


def test_the_order_of_the_inputs_is_the_order_of_the_list(pages: Client) -> None:
    prod = make_allowed("prod")
    plugin = make_plugin(identity_realms=[CP, source(prod)])
    url = f"/plugins/{plugin.pk}/edit"
    data = form_of(pages.get(url).text)
    empty, *texts = data.getlist(NAME)
    data.setlist(NAME, [empty, *reversed(texts)])

    pages.post(url, data.urlencode(), "application/x-www-form-urlencoded")

    plugin.refresh_from_db()
    assert plugin.config["identity_realms"] == [source(prod), CP]


def test_a_list_without_a_source_says_that_every_key_fails(pages: Client) -> None:
    plugin = make_plugin()
    url = f"/plugins/{plugin.pk}/edit"

    text = press(pages, url, pages.get(url).text, remove=f"{NAME}.0")

    assert order(text) == "No source: every key fails."
    assert save(pages, url, text) == []


def test_one_realm_alone_leaves_out_the_control_plane(pages: Client) -> None:
    make_plugin(identity_realms=[source(make_allowed("prod"))])

    text = pages.get(f"/plugins/{Plugin.objects.get().pk}/edit").text

    assert order(text) == (
        "Only realm prod is asked: keys of this control plane are not known."
    )


def test_an_edit_of_something_else_leaves_the_sources_as_they_are(pages) -> None:
    plugin = make_plugin(identity_realms=None)
    url = f"/plugins/{plugin.pk}/edit"
    text = pages.get(url).text
    assert order(text) == "Only this control plane is asked."

    assert save(pages, url, text) is None
    data = {"enabled": "on", "config.key_names": "other"}
    pages.post(url, urlencode(data), "application/x-www-form-urlencoded")

    plugin.refresh_from_db()
    assert plugin.config["identity_realms"] is None
    assert plugin.config["key_names"] == ["other"]


def test_realms_that_know_no_key_here_are_warned_of(pages: Client) -> None:
    gone, closed = make_allowed("gone"), make_realm(name="closed")
    away = make_realm(name="away", region="eu", allow_all_control_planes=True)
    found = [source(gone), source(closed), source(away)]
    plugin = make_plugin(identity_realms=found)
    gone.delete()

    text = pages.get(f"/plugins/{plugin.pk}/edit").text

    assert "any more: no key is found there." in text
    assert "Realm closed does not allow default: no key is found there." in text
    assert "Realm away is asked in region eu, not in us." in text


def test_only_realms_that_may_be_used_are_offered(pages: Client) -> None:
    make_allowed("prod")
    make_realm(name="closed")
    make_realm(name="open", allow_all_control_planes=True)

    text = pages.get("/plugins/key-auth/create").text

    offered = re.findall(r"<option value=\".*?\">(.*?)</option>", text)
    assert [o for o in offered if o.startswith("Realm")] == ["Realm open", "Realm prod"]
    assert "This control plane" not in offered  # it is in the list already


def test_what_the_schema_refuses_stands_in_its_line(pages: Client) -> None:
    data = form_of("")
    data.setlist(NAME, ["", "cp||", "realm||"])

    answer = pages.post(
        "/plugins/key-auth/create",
        data.urlencode(),
        "application/x-www-form-urlencoded",
    )

    assert answer.status_code == 422
    assert "Identity realms: id: This field is required." in answer.text


def test_buttons_pressed_in_vain_change_nothing(pages: Client) -> None:
    make_allowed("prod")
    url = "/plugins/key-auth/create"
    text = pages.get(url).text

    for wish in ("0 up", "0 down", "7 up", "x up", "0 aside", ""):
        text = press(pages, url, text, move=f"{NAME} {wish}".strip())

    assert order(text) == "Only this control plane is asked."


def test_the_plugins_page_says_in_order_where_keys_are_looked_up(
    pages: Client, django_assert_max_num_queries
) -> None:
    prod, closed = make_allowed("prod"), make_realm(name="closed")
    missing = {"scope": "realm", "id": str(UUID(int=7)), "region": None}
    plugin = make_plugin(identity_realms=[source(prod), missing, source(closed), CP])
    pages.get(plugin.get_absolute_url())

    with django_assert_max_num_queries(9):
        text = pages.get(plugin.get_absolute_url()).text

    places = re.search(r'<ol class="asked">(.*?)</ol>', text)[1]
    assert re.findall(r"<li>(.*?)</li>", places) == [
        '<a href="/realms/prod/consumers">Realm prod</a>',
        f"Realm {missing['id']}",
        '<a href="/realms/closed/consumers">Realm closed</a>',
        "This control plane",
    ]
    assert "First realm prod is asked, then realm" in text
    assert "Realm closed does not allow default: no key is found there." in text


def test_who_may_not_see_realms_gets_no_links_to_them(client: Client, db) -> None:
    plugin = make_plugin(identity_realms=[source(make_allowed("prod"))])
    client.force_login(make_user("berta", "viewer", default_control_plane()))

    text = client.get(plugin.get_absolute_url()).text

    assert "<li>Realm prod</li>" in text


def test_a_realm_may_be_of_a_region_that_the_installation_is(db, monkeypatch) -> None:
    berlin = source(make_allowed("prod")) | {"region": "berlin"}
    config = {"identity_realms": [berlin]}

    def errors() -> dict:
        return plugin_schemas()["key-auth"].errors({"config": config})

    assert "expected one of: us, eu" in str(errors())
    monkeypatch.setattr(named, "REGIONS", [*named.REGIONS, "berlin"])
    assert "berlin" not in str(errors())
    assert "region" not in str(errors())
