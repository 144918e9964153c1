"""The pages that import, as a browser without JavaScript meets them."""

import re
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bringing import DECK, HEAD, KEY, apply, boxes, bring, many, run
from consumers.models import Consumer, KeyAuth
from factories import make_consumer, make_control_plane, make_plugin, make_user
from kongadmin.changes import Change
from kongadmin.declarative import board, jobs
from kongadmin.declarative.models import Import, Status
from kongadmin.declarative.progress import Progress
from kongadmin.plugins.models import Plugin


def test_a_pasted_document_is_planned_looked_at_and_applied(pages: Client) -> None:
    page = bring(pages, DECK)

    text = pages.get(page).text

    assert "<b>3</b> of 3 steps taken" in text
    assert "decK file" in text
    assert "alex" in text
    assert "Show consumers to create: 2" in text
    assert "line 3" in text
    assert KEY not in text
    assert not Consumer.objects.exists()

    report = apply(pages, page)

    assert "What was written" in report
    assert KeyAuth.objects.get().key == KEY
    assert KEY not in report


def test_the_change_log_names_who_applied_it(pages: Client, client: Client) -> None:
    page = bring(pages, DECK)
    client.force_login(make_user("second", "super-admin"))

    report = apply(client, page)

    created = Change.objects.filter(dialect="manager", verb="create")
    assert set(created.values_list("actor", flat=True)) == {"second"}
    assert "<dt>By</dt><dd>root</dd>" in report
    assert "<dt>Applied by</dt><dd>second</dd>" in report


def test_a_file_is_recognised_by_its_name(pages: Client) -> None:
    file = SimpleUploadedFile("people.csv", b"username,custom_id\nalex,42\n")

    page = bring(pages, file=file)

    text = pages.get(page).text
    assert "people.csv" in text
    assert "CSV" in text
    assert "Show consumers to create: 1" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose a file, drop one, or paste a document."),
        ({"text": "neither fish nor fowl"}, "This looks like none of these: "),
        ({"text": DECK, "mode": "burn"}, "burn is not one of the available choices"),
        ({"text": DECK, "environment": "oops"}, "Write one NAME=value a line."),
        ({"text": DECK, "environment": "A='"}, "Write one NAME=value a line."),
    ],
)
def test_what_cannot_be_taken_is_said_at_the_form(pages: Client, given, said) -> None:
    answer = pages.post("/import", {"mode": "apply", **given})

    assert answer.status_code == 422
    assert said in answer.text
    assert "Nothing was saved yet" in answer.text
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_the_form(pages: Client, settings):
    settings.MAX_DOCUMENT_SIZE = 50
    file = SimpleUploadedFile("kong.yaml", DECK.encode())

    answer = pages.post("/import", {"file": file, "mode": "sync"})

    assert answer.status_code == 422
    assert "The file is larger than 50" in answer.text
    assert "KONGADMIN_MAX_DOCUMENT_SIZE" in answer.text
    assert re.search('value="sync"[^>]* checked', answer.text)
    assert not Import.objects.exists()


def test_what_is_too_large_to_be_pasted_is_refused_at_the_form(pages: Client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50

    answer = pages.post("/import", {"text": DECK, "mode": "apply"})

    assert answer.status_code == 422
    assert "bring it as a file" in answer.text


def test_a_form_of_somebody_elses_page_is_refused(db) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("root", "super-admin"))

    answer = strict.post("/import", {"text": DECK, "mode": "apply"})

    assert answer.status_code == 403
    assert not Import.objects.exists()


def test_a_table_whose_headings_are_strange_is_asked_about(pages: Client) -> None:
    answer = pages.post("/import", {"text": "username,mood\nalex,fine", "mode": "sync"})
    page = answer["Location"]
    asked = pages.get(page).text

    assert page.endswith("/columns")
    assert "mood" in asked
    assert '<option value="username" selected>' in asked
    assert pages.get(page.removesuffix("/columns"))["Location"] == page

    pages.post(page, {"column-0": "username", "column-1": "tags"})
    run(Import.objects.get())
    apply(pages, page.removesuffix("/columns"))

    assert Consumer.objects.get().tags == ["fine"]


def test_errors_stand_with_their_line_text_and_cure(pages: Client) -> None:
    page = bring(pages, f"{HEAD}consumers:\n- username: alex\n   custom_id: 4\n")

    text = pages.get(page).text

    assert "Nothing was written" in text
    assert "Line 4" in text
    assert "custom_id: 4</pre>" in text
    assert "Import another document" in text


def test_the_offending_text_is_for_who_brought_it(pages: Client) -> None:
    page = bring(pages, f"{HEAD}consumers:\n- username: alex\n   x: a word of mine\n")
    assert "a word of mine</pre>" in pages.get(page).text

    pages.force_login(make_user("ada", "admin"))

    text = pages.get(page).text
    assert "Line 4" in text
    assert "a word of mine" not in text


def test_rows_that_are_wrong_are_left_out_only_if_one_says_so(pages: Client) -> None:
    page = bring(pages, f"{HEAD}consumers:\n- username: alex\n- username: alex\n")

    assert "What is wrong with the document" in pages.get(page).text
    refused = pages.post(f"{page}/apply")
    assert refused.status_code == 422
    assert "Tick that what is wrong shall be left out" in refused.text

    apply(pages, page, leave_out="yes")

    assert Consumer.objects.count() == 1


def test_before_and_after_stand_beside_each_other(pages: Client) -> None:
    make_consumer(username="alex", custom_id="41")
    make_consumer(username="gone")

    text = pages.get(bring(pages, DECK, mode="sync")).text

    assert "<del>41</del>" in text
    assert "<ins>42</ins>" in text
    assert "Show consumers to delete: 1" in text
    assert "<del>gone</del>" in text


def test_unchanged_ones_are_counted_and_listed_on_demand(pages: Client) -> None:
    apply(pages, bring(pages, DECK))
    page = bring(pages, DECK)

    assert "Nothing to do" in pages.get(page).text
    make_consumer(username="carl")
    page = bring(pages, DECK, mode="sync")

    assert ">alex</span>" not in pages.get(page).text
    unchanged = pages.get(f"{page}?verb=unchanged").text
    assert ">alex</span>" in unchanged
    assert "carl" not in unchanged.partition('id="steps"')[2]


def test_what_was_done_can_be_read_step_by_step(pages: Client) -> None:
    make_consumer(username="alex", custom_id="41")
    page = bring(pages, DECK)
    apply(pages, page, shown=["consumers.create"])

    assert "Step by step" in pages.get(page).text
    steps = pages.get(f"{page}?steps").text
    there = pages.post(f"{page}/choose", {"go": "kind=consumers"})["Location"]

    assert "<del>41</del>" in steps
    assert "bert" not in steps
    assert 'name="take"' not in steps
    assert "Key Auth Credentials <span" not in pages.get(there).text
    assert "<del>41</del>" in pages.get(there).text


def test_what_changed_meanwhile_stands_in_the_way(pages: Client) -> None:
    alex = make_consumer(username="alex")
    page = bring(pages, DECK)
    alex.tags = ["new"]
    alex.save()

    text = apply(pages, page)

    assert "Nothing was written" in text
    assert "was changed since the plan was made" in text
    pages.post(f"{page}/plan")
    run(Import.objects.get())
    assert "What was written" in apply(pages, page)


def test_an_import_is_undone_after_a_look_at_what_that_means(pages: Client) -> None:
    page = bring(pages, DECK)
    assert "Undo…" in apply(pages, page)
    Consumer.objects.get(username="bert").delete()
    make_plugin(consumer=Consumer.objects.get(username="alex"), name="correlation-id")

    undo = pages.post(f"{page}/undo")["Location"]
    run(Import.objects.latest("pk"))
    text = pages.get(undo).text

    assert "Undo of import of" in text
    assert "What stands in the way" in text
    assert "consumers &#x27;alex&#x27; still has plugins" in text
    Plugin.objects.all().delete()
    pages.post(f"{undo}/plan")
    run(Import.objects.latest("pk"))
    assert "Undo it" in pages.get(undo).text
    apply(pages, undo)

    assert not Consumer.objects.exists()
    assert "This has been undone" in pages.get(page).text
    assert pages.post(f"{page}/undo").status_code == 409


def running(phase: str = "write") -> Import:
    """Return an import that is being applied, by a thread that is elsewhere."""
    record = Import(scope_id=make_consumer().scope_id, actor="ada", format="deck")
    jobs.begin(record, Status.APPLYING)
    board.write(record, Progress(phase, 2000, 8000))
    return record


def test_a_run_shows_how_far_it_is(pages: Client) -> None:
    record = running()
    since = time.time() - 10
    query = f"phase=write&since={since}&first=0"

    text = pages.get(f"/import/{record.pk}?{query}").text

    assert '<progress id="bar" value="2000" max="8000">' in text
    assert "2,000 of 8,000" in text
    assert re.search(r"1\d\d|200 a second · \d\d s left", text)
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "phase=write&amp;since=" in text


def test_a_run_is_followed_by_htmx_until_it_ends(pages: Client) -> None:
    record = running()
    headers = {"HX-Request": "true", "HX-Target": "progress"}

    part = pages.get(f"/import/{record.pk}", headers=headers).text
    assert part.strip().startswith("<section")
    board.clear(record)
    jobs.finish(record, Status.APPLIED)

    assert pages.get(f"/import/{record.pk}", headers=headers)["HX-Refresh"] == "true"


def test_a_run_is_cancelled(pages: Client) -> None:
    record = running()

    pages.post(f"/import/{record.pk}/cancel")

    assert board.write(record, Progress("write")) is True
    jobs.finish(record, Status.CANCELLED)
    assert "It was cancelled" in pages.get(f"/import/{record.pk}").text
    board.clear(record)


def test_a_run_that_died_is_shown_as_failed(pages: Client) -> None:
    record = running()
    board.clear(record)
    long_ago = timezone.now() - timedelta(hours=1)
    Import.objects.update(beat_at=long_ago, started_at=long_ago)

    assert "The server stopped while this ran" in pages.get(f"/import/{record.pk}").text
    assert "Failed" in pages.get("/import/history").text


def test_the_history_says_who_brought_what(pages: Client) -> None:
    apply(pages, bring(pages, DECK, tags="eu"))
    bring(pages, HEAD)

    with CaptureQueriesContext(connection) as asked:
        text = pages.get("/import/history").text

    assert len(asked) <= 6
    assert "root" in text
    assert "decK file" in text
    assert ">+3</span>" in text
    assert "Applied" in text
    assert Consumer.objects.first().tags == ["eu"]
    assert len(boxes(pages.get("/import").text, "file")) == 0


def test_a_plan_costs_few_queries_however_long_it_is(pages: Client) -> None:
    asked = {}
    for count in (3, 60):
        page = bring(pages, many(count))
        pages.get(page)
        with CaptureQueriesContext(connection) as queries:
            pages.get(page)
        asked[count] = len(queries)

    assert asked[3] == asked[60] <= 9


def test_placeholders_take_the_values_that_come_with_them(pages: Client) -> None:
    text = DECK.replace(KEY, '${{ env "DECK_KEY" }}')

    page = bring(pages, text, environment=f"# mine\nexport DECK_KEY='{KEY}'\n")
    apply(pages, page)

    assert KeyAuth.objects.get().key == KEY
    assert KEY not in pages.get(page).text
    stored = Import.objects.values()[0] | {"parts": None}
    assert KEY not in str(stored)


def test_who_may_write_plugins_only_gets_no_further(client: Client, db) -> None:
    make_consumer(username="hidden", custom_id="42")
    client.force_login(make_user("paul", "plugin-admin"))
    text = f"{DECK}plugins:\n- name: correlation-id\n"

    page = bring(client, text)
    shown = client.get(page).text
    apply(client, page, leave_out="yes")

    assert "You may not write consumers" in shown
    assert "taken by" not in shown
    assert Plugin.objects.get().name == "correlation-id"
    assert Consumer.objects.get().username == "hidden"


def test_who_may_only_read_is_led_to_the_export(client: Client, db) -> None:
    client.force_login(make_user("vera", "viewer"))

    assert client.get("/import")["Location"] == "/export"
    assert client.post("/import", {"text": DECK}).status_code == 403
    assert ">History<" not in client.get("/export").text


def test_an_import_belongs_to_its_control_plane(pages: Client) -> None:
    record = running()
    Import.objects.update(scope=make_control_plane())

    assert pages.get(f"/import/{record.pk}").status_code == 404
    board.clear(record)
