"""The pages that export."""

import io
import zipfile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from factories import make_consumer, make_group, make_key, make_plugin, make_user
from kongadmin.changes import Change
from kongadmin.declarative.formats import FORMATS

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def alex(db):
    alex = make_consumer(username="alex", tags=["eu"])
    make_key(alex, key=KEY)
    make_group(alex, name="gold")
    return alex


def exported(pages: Client, **given) -> bytes:
    form = {"format": "deck", "secrets": "placeholders"} | given
    answer = pages.post("/export", form)
    assert answer.status_code == 200, answer.text
    return b"".join(answer.streaming_content)


def test_everything_is_exported_without_a_secret(pages: Client, alex) -> None:
    text = exported(pages).decode()

    assert '_format_version: "3.0"' in text
    assert "username: alex" in text
    assert "name: gold" in text
    assert '${{ env "DECK_ALEX_KEYAUTH_KEY" }}' in text
    assert KEY not in text


@pytest.mark.parametrize("name", [name for name, f in FORMATS.items() if f.write])
def test_every_format_can_be_downloaded(pages: Client, alex, name: str) -> None:
    answer = pages.post("/export", {"format": name, "secrets": "masked"})

    text = b"".join(answer.streaming_content).decode()
    extension = FORMATS[name].extension
    assert "alex" in text
    assert KEY not in text
    assert f'filename="default-{name}.{extension}"' in answer["Content-Disposition"]


def test_secrets_in_clear_are_for_the_deliberate_and_written_down(
    pages: Client, alex
) -> None:
    assert KEY in exported(pages, secrets="clear").decode()

    change = Change.objects.latest("id")
    assert (change.verb, change.actor) == ("reveal", "root")
    assert change.entity_name == "the secrets of everything, exported as decK file"
    assert KEY not in str(change.__dict__)
    assert "root</a></b> revealed" in pages.get("/activity").text


def test_the_values_of_placeholders_come_in_a_file_beside(pages: Client, alex) -> None:
    archive = zipfile.ZipFile(io.BytesIO(exported(pages, secrets="with-values")))

    assert archive.namelist() == ["default-deck.yaml", "default-deck.env"]
    assert KEY not in archive.read("default-deck.yaml").decode()
    assert f"DECK_ALEX_KEYAUTH_KEY={KEY}" in archive.read("default-deck.env").decode()
    assert Change.objects.latest("id").verb == "reveal"


def test_who_may_not_see_secrets_gets_none(client: Client, alex) -> None:
    client.force_login(make_user("vera", "viewer"))

    page = client.get("/export").text
    refused = client.post("/export", {"format": "deck", "secrets": "clear"})

    assert "In clear" not in page
    assert refused.status_code == 422
    assert KEY not in exported(client).decode()


def test_nobody_exports_what_they_may_not_read(client: Client, alex) -> None:
    make_plugin("correlation-id")
    client.force_login(make_user("paul", "plugin-admin"))

    text = exported(client, secrets="clear").decode()

    assert "correlation-id" in text
    assert "alex" not in text


def test_one_consumer_is_exported_from_its_page(pages: Client, alex) -> None:
    make_consumer(username="bert")
    link = f"/export?ids={alex.pk}"

    assert f'href="{link}"' in pages.get("/consumers/alex").text
    assert "alex, with all that belongs to it" in pages.get(link).text
    text = exported(pages, ids=str(alex.pk)).decode()

    assert "username: alex" in text
    assert "bert" not in text
    assert "key: " in text


def test_consumers_ticked_on_the_list_are_exported(pages: Client, alex) -> None:
    bert = make_consumer(username="bert")
    make_consumer(username="carl")
    ids = [str(alex.pk), str(bert.pk)]

    assert f'name="ids" value="{alex.pk}"' in pages.get("/consumers").text
    with CaptureQueriesContext(connection) as asked:
        page = pages.post("/export/chosen", {"ids": ids}).text
    text = exported(pages, ids=ids).decode()

    assert len(asked) <= 8
    assert "2 chosen" in page
    assert "alex" in text
    assert "bert" in text
    assert "carl" not in text
    assert "Nothing was chosen" in pages.post("/export/chosen").text


def test_a_tag_narrows_the_export(pages: Client, alex) -> None:
    make_consumer(username="bert")

    text = exported(pages, tags="eu").decode()

    assert "alex" in text
    assert "bert" not in text


def test_the_navigation_leads_there(pages: Client) -> None:
    text = pages.get("/export").text

    assert 'href="/import" aria-current="page">Import and export' in text
