"""Imports when the secret key is a new one: rewrapped, or said to be unreadable."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from consumers.models import Consumer, KeyAuth, OAuth2Token
from factories import (
    make_consumer,
    make_credential,
    make_key,
    make_oauth2_token,
    make_plugin,
    make_user,
)
from kongadmin.crypto import Keyring
from kongadmin.declarative import jobs, listing
from kongadmin.declarative.models import Import, Status
from kongadmin.plugins.models import Plugin
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db
OLD, NEW = "an-old-key-of-thirty-two-characters", "a-new-key-of-thirty-two-characters"
PLACES = (
    "fields",
    "management.commands.rewrap_secrets",
    "declarative.columns",
    "declarative.passing",
    "declarative.pieces",
)
DOCUMENT = b"""\
_format_version: "3.0"
consumers:
- username: bob
  keyauth_credentials: [{key: his-new-key}]
"""


@pytest.fixture
def use_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the given secret keys those of the process, newest first."""

    def use(*keys: str) -> None:
        for place in PLACES:
            monkeypatch.setattr(f"kongadmin.{place}.keyring", Keyring(keys))
        listing.opened.cache_clear()

    use(OLD)
    return use


@pytest.fixture
def pages(client: Client) -> Client:
    client.force_login(make_user("root", "super-admin"))
    return client


def run(record: Import, status: Status, work) -> Import:
    jobs.begin(record, status)
    jobs.run(record, work)
    return Import.objects.select_related("scope").get(pk=record.pk)


def brought(document: bytes = DOCUMENT) -> Import:
    """Return an import that was planned: a synchronization with a document."""
    record = Import(scope=ControlPlane.called("default"), actor="ada", mode="sync")
    record.format = "deck"
    record.save()
    record.keep_document([document])
    return run(record, Status.PLANNING, jobs.plan_document)


def applied(record: Import) -> Import:
    record = run(record, Status.APPLYING, jobs.apply_plan)
    assert record.status == Status.APPLIED, record.problems
    return record


def undone(record: Import) -> Import:
    undo, _ = jobs.plan_undo(record, "ada")
    return applied(run(undo, Status.PLANNING, jobs.plan_reverse))


def test_what_was_planned_is_applied_and_undone_under_the_new_key(use_keys) -> None:
    make_key(make_consumer(), key="her-old-key")
    make_plugin("rate-limiting", redis={"password": "of-redis"}, minute=5)
    record = brought()
    use_keys(NEW, OLD)

    call_command("rewrap_secrets", verbosity=0)
    use_keys(NEW)
    after = applied(record)

    assert KeyAuth.objects.get().key == "his-new-key"

    undone(after)

    assert KeyAuth.objects.get().key == "her-old-key"
    assert KeyAuth.objects.by_ref("her-old-key").exists()
    assert Plugin.objects.get().config["redis"]["password"] == "of-redis"


def test_what_a_plan_has_of_rows_not_yet_rewrapped_is_rewrapped(use_keys) -> None:
    make_key(make_consumer(), key="her-old-key")
    use_keys(NEW, OLD)
    record = applied(brought())  # what it deletes was written with the old key

    call_command("rewrap_secrets", verbosity=0)
    use_keys(NEW)
    undone(record)

    assert KeyAuth.objects.get().key == "her-old-key"


def test_tokens_that_went_with_their_client_are_rewrapped(use_keys) -> None:
    client = make_credential("oauth2", make_consumer(), client_secret="s")
    make_oauth2_token(client, access_token="token", refresh_token=None)
    record = applied(brought())
    use_keys(NEW, OLD)

    call_command("rewrap_secrets", verbosity=0)
    use_keys(NEW)
    undone(record)

    token = OAuth2Token.objects.by_ref("token").get()
    assert (token.access_token, token.credential_id) == ("token", client.pk)


def test_imports_are_rewrapped_once(use_keys, capsys) -> None:
    make_key(make_consumer(), key="her-old-key")
    brought()
    use_keys(NEW, OLD)

    call_command("rewrap_secrets")
    call_command("rewrap_secrets")

    lines = capsys.readouterr().out.splitlines()
    said = [line for line in lines if line.startswith("imports")]
    assert said == ["imports: 1 rewrapped", "imports: 0 rewrapped"]


def test_an_import_that_no_key_reads_says_so(use_keys, pages: Client, capsys) -> None:
    record = brought(b'_format_version: "3.0"\nconsumers: [{username: bob}]')
    page = f"/import/{record.pk}"
    use_keys(NEW)

    shown, sent = pages.get(page), pages.post(f"{page}/apply")
    call_command("rewrap_secrets")

    assert shown.status_code == 410
    assert "cannot be read any more" in shown.text
    assert "KONGADMIN_SECRET_KEYS has no longer" in shown.text
    assert sent.status_code == 303
    assert pages.get("/import").status_code == 200
    assert pages.get("/import/history").status_code == 200
    said = capsys.readouterr().out
    assert "imports: 1 can no longer be read by any key" in said


def test_what_was_written_is_told_though_its_steps_are_not(use_keys, pages) -> None:
    record = applied(brought())
    use_keys(NEW)

    report, steps = (pages.get(f"/import/{record.pk}{q}") for q in ("", "?steps"))

    assert (report.status_code, steps.status_code) == (200, 410)
    assert "What was written" in report.text


def test_an_undo_that_no_key_reads_fails_and_says_so(use_keys) -> None:
    record = applied(brought())
    use_keys(NEW)

    undo, _ = jobs.plan_undo(record, "ada")
    undo = run(undo, Status.PLANNING, jobs.plan_reverse)

    assert (undo.status, undo.error) == (Status.FAILED, jobs.LOCKED)
    assert Consumer.objects.get().username == "bob"
