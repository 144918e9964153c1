"""manage.py deck: decK's flags, output and exit codes on the database itself."""

import io
import json
import sys
from pathlib import Path

import pytest

from consumers.models import Consumer
from factories import default_control_plane, make_consumer, make_group, make_plugin
from kongadmin.declarative.progress import Progress
from kongadmin.dialects.deck.cli import run
from kongadmin.dialects.deck.cli_progress import Bar, drawn
from kongadmin.dialects.deck.cli_words import diff, unpainted
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db

DECK = """\
_format_version: "3.0"
consumer_groups:
- name: gold
consumers:
- username: bob
  custom_id: "42"
  tags: [a, b]
  groups: [{name: gold}]
  keyauth_credentials: [{key: bobs-secret-key-0002}]
  acls: [{group: admin}]
plugins:
- name: cors
- name: rate-limiting
  consumer: bob
  config: {minute: 5}
"""


class Done:
    """A command that has run: its exit code, and what it printed."""

    def __init__(self, *arguments: object) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code = run([str(each) for each in arguments], out, err)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kong.yaml"
    path.write_text(DECK)
    return path


def names() -> list[str]:
    return sorted(each.username for each in Consumer.objects.all())


def test_a_diff_says_what_a_sync_does(file: Path) -> None:
    make_consumer(username="anna")
    expected = """\
creating consumer bob
creating consumer-group gold
creating key-auth -0002 for consumer bob
creating acl-group admin for consumer bob
creating consumer-group-consumer bob
creating plugin cors (global)
creating plugin rate-limiting for consumer bob
deleting consumer anna
Summary:
  Created: 7
  Updated: 0
  Deleted: 1
"""

    looked = Done("diff", file, "--non-zero-exit-code")
    before = names()
    synced = Done("gateway", "sync", file)
    again = Done("diff", file, "--non-zero-exit-code")

    assert (looked.code, looked.out, looked.err) == (2, expected, "")
    assert before == ["anna"]
    assert (synced.code, synced.out) == (0, expected)
    assert names() == ["bob"]
    assert again.code == 0
    assert again.out == "Summary:\n  Created: 0\n  Updated: 0\n  Deleted: 0\n"


def test_an_update_is_printed_as_a_diff(file: Path) -> None:
    bob = make_consumer(username="bob", tags=["a"])

    printed = Done("diff", file).out

    assert (
        f"""updating consumer bob  {{
   "id": "{bob.pk}",
   "tags": [
     "a"
+    "b"
   ],
   "username": "bob"
+  "custom_id": "42"
 }}

"""
        in printed
    )


def test_an_apply_deletes_nothing(file: Path) -> None:
    make_consumer(username="anna")

    assert Done("apply", "-s", file).code == 0

    assert names() == ["anna", "bob"]


@pytest.mark.parametrize("spelled", [["--silence-events"], ["--silence-events=true"]])
def test_events_may_be_silenced(file: Path, spelled: list[str]) -> None:
    assert Done("diff", file, *spelled).out.startswith("Summary:")


def test_a_report_in_json_has_no_secret(file: Path) -> None:
    printed = Done("diff", file, "--json-output").out

    report = json.loads(printed)
    assert report["summary"] == {
        "creating": 7,
        "updating": 0,
        "deleting": 0,
        "total": 7,
    }
    [key] = [e for e in report["changes"]["creating"] if e["kind"] == "key-auth"]
    assert key["name"] == "-0002 for consumer bob"
    assert key["body"]["old"] is None
    assert "secret-key" not in printed


def test_every_error_has_its_line_and_what_may_be_meant(tmp_path: Path) -> None:
    file = tmp_path / "kong.yaml"
    file.write_text(DECK.replace("acls", "acl").replace("minute: 5", "minute: five"))

    done = Done("sync", file)

    assert done.code == 1
    assert done.err.startswith("Error: 1 errors occurred:\n\t")
    assert f"{file}:10:3: " in done.err
    assert names() == []


def test_a_plan_that_cannot_be_is_an_error(file: Path) -> None:
    file.write_text(DECK.replace("minute: 5", "minute: five"))

    done = Done("validate", file)

    assert done.code == 1
    assert f"{file}:13:3: plugins 'rate-limiting': config.minute: expected" in done.err


def test_a_valid_file_is_nothing_to_talk_about(file: Path) -> None:
    done = Done("validate", file)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert names() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diff", "nowhere.yaml"], "reading state file: nowhere.yaml: no such file"),
        (["diff", "--bogus"], "unknown flag: --bogus"),
        (["dump", "a"], "positional arguments are not valid for this command"),
        (["dump", "--format", "xml"], "unknown file format: XML"),
        (["dump", "-w", "nobodys"], "workspace 'nobodys' does not exist in Kong"),
        (["bogus"], "say what to do"),
        (
            ["validate", "--online-entities-list", "consumers"],
            "invalid value 'consumers' for --online-entities-list; it should be a",
        ),
        (["diff", "--online-entities-list", "Plugins"], "unknown flag: --online"),
        ([], "say what to do"),
        (["reset", "-w", "a", "--all-workspaces"], "cannot be used together"),
        (["sync", "--column", "x"], "--column x is not HEADING=FIELD"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    arguments: list[str], message: str
) -> None:
    done = Done(*arguments)

    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert message in done.err


def test_an_address_is_warned_of_and_other_flags_of_decks_are_taken(file: Path) -> None:
    done = Done("diff", file, "--kong-addr", "http://x", "--analytics=false", "--yes")

    assert done.code == 0
    assert done.err.startswith("Warning: --kong-addr is not looked at")


def test_a_file_may_come_in(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DECK.encode())))

    assert "Created: 7" in Done("diff", "-").out


def test_files_and_folders_are_read_as_one(file: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "anna.yml").write_text(
        '_format_version: "3.0"\nconsumers: [{username: anna}]'
    )
    (more / "carl.json").write_text(
        '{"_format_version": "3.0", "consumers": [{"username": "carl"}]}'
    )

    assert Done("sync", file, more).code == 0

    assert names() == ["anna", "bob", "carl"]


def test_files_must_not_contradict_each_other(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text('_format_version: "3.0"\n_workspace: team-a\nconsumers: []\n')

    assert "the files do not agree on workspace" in Done("sync", file, other).err


def test_of_several_files_each_error_names_its_own(tmp_path: Path) -> None:
    head = '_format_version: "3.0"\n'
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text(f"{head}consumers: [{{username: anna}}]\n")
    bad.write_text(f"{head}plugins:\n- name: cors\n  config: {{max_age: soon}}\n")

    done = Done("sync", good, bad)

    assert done.code == 1
    assert f"\t{bad}:3:3: plugins 'cors': config.max_age: expected" in done.err


@pytest.mark.parametrize(
    ("entities", "code"), [("Consumers", 0), ("Routes", 0), ("KeyAuths,Plugins", 1)]
)
def test_only_the_entities_that_are_listed_are_judged(
    file: Path, entities: str, code: int
) -> None:
    file.write_text(DECK.replace("minute: 5", "minute: five"))

    done = Done("validate", file, "--online-entities-list", entities)

    assert done.code == code


def test_a_client_secret_that_is_hashed_is_the_same_the_next_time(file: Path) -> None:
    client = "{name: app, client_id: c, hash_secret: true, client_secret: s3cret}"
    file.write_text(DECK.replace("acls:", f"oauth2_credentials: [{client}]\n  acls:"))

    first = Done("sync", file)
    again = Done("diff", file, "--non-zero-exit-code")
    file.write_text(file.read_text().replace("s3cret", "an0ther"))
    other = Done("diff", file, "--non-zero-exit-code")

    assert (first.code, again.code, other.code) == (0, 0, 2), first.err
    assert "Updated: 1" in other.out


def test_select_tags_narrow_everything(file: Path) -> None:
    make_consumer(username="anna")
    make_consumer(username="carl", tags=["team-a"])

    Done("sync", file, "--select-tag", "team-a")
    after_sync = names()
    dumped = Done("dump", "--select-tag", "team-a").out
    Done("reset", "--force", "--select-tag", "team-a")

    assert after_sync == ["anna", "bob"]
    assert "username: bob" in dumped
    assert "anna" not in dumped
    assert names() == ["anna"]


def test_consumers_may_be_left_alone(file: Path) -> None:
    bob = make_consumer(username="bob")
    make_plugin("key-auth")
    make_plugin("rate-limiting", consumer=bob, minute=7)

    printed = Done("sync", file, "--skip-consumers").out

    assert printed.splitlines()[:2] == [
        "creating plugin cors (global)",
        "deleting plugin key-auth (global)",
    ]
    assert "Created: 1\n  Updated: 0\n  Deleted: 1" in printed


def test_a_workspace_is_made_when_it_is_missing(file: Path) -> None:
    looked = Done("diff", file, "-w", "team-a")
    is_there = ControlPlane.objects.filter(name="team-a").exists()
    synced = Done("sync", file, "-w", "team-a")
    dumped = Done("dump", "-w", "team-a")

    assert "Creating workspace team-a\n" in looked.out
    assert not is_there
    assert synced.code == 0
    assert Consumer.objects.get().scope.controlplane.name == "team-a"
    assert "_workspace: team-a\n" in dumped.out


def test_a_reset_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    make_consumer(username="anna")
    said = {}

    for answer in ("", "n\n", "yes\n"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        done = Done("reset")
        said[answer] = done.code, names()

    assert said == {"": (1, ["anna"]), "n\n": (0, ["anna"]), "yes\n": (0, [])}
    assert done.out.startswith("This will delete all configuration from Kong's data")


def test_a_dump_is_what_was_synced(file: Path, tmp_path: Path) -> None:
    Done("sync", file)
    dump, again = tmp_path / "dump.yaml", tmp_path / "again.yaml"

    Done("dump", "-o", dump)
    Done("reset", "--force")
    Done("sync", dump)
    Done("dump", "-o", again)

    assert again.read_text() == dump.read_text()


@pytest.mark.parametrize("format", ["json", "csv", "kubernetes", "dbless"])
def test_a_dump_in_any_format_is_read_back(
    file: Path, tmp_path: Path, format: str
) -> None:
    Done("sync", file)
    dump = tmp_path / "dump"

    Done("dump", "--format", format, "-o", dump)
    done = Done("diff", dump, "--non-zero-exit-code")

    assert (done.code, done.err) == (0, "")


def test_secrets_are_left_to_an_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Done("sync", file)
    dump = tmp_path / "dump.yaml"

    done = Done("dump", "--placeholders", "-o", dump)
    unset = Done("diff", dump)
    monkeypatch.setenv("DECK_BOB_KEYAUTH_KEY", "bobs-secret-key-0002")
    again = Done("diff", dump, "--non-zero-exit-code")

    assert done.out == "DECK_BOB_KEYAUTH_KEY=bobs-secret-key-0002\n"
    assert "secret" not in dump.read_text()
    assert "DECK_BOB_KEYAUTH_KEY is not set" in unset.err
    assert (again.code, again.err) == (0, "")


def test_a_dump_does_not_write_over_a_file_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tmp_path / "dump.yaml"
    dump.write_text("mine")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))

    done = Done("dump", "-o", dump)
    kept = dump.read_text()
    Done("dump", "-o", dump, "--yes")

    assert done.out.endswith("already exists. Do you want to overwrite it? ")
    assert kept == "mine"
    assert dump.read_text() != "mine"


def test_a_dump_may_be_short_masked_or_with_ids() -> None:
    bob = make_consumer(username="bob")
    make_group(bob, name="gold")
    make_plugin("cors", scope=default_control_plane())

    short = Done("dump", "--skip-defaults").out
    with_id = Done("dump", "--with-id").out
    without = Done("dump", "--skip-consumers").out

    assert "preflight_continue" not in short
    assert f"id: {bob.pk}" in with_id
    assert "bob" not in without
    assert "name: cors" in without


def test_it_answers_a_ping() -> None:
    assert Done("ping").out.startswith("Successfully connected to Kong!\n")


def test_a_table_of_consumers_is_synced(tmp_path: Path) -> None:
    make_consumer(username="anna")
    make_plugin("cors")
    table = tmp_path / "people.csv"
    table.write_text("Kunde;key\nbob;k1\n")

    done = Done("sync", table, "--column", "Kunde=username")

    assert done.out.splitlines()[:3] == [
        "creating consumer bob",
        "creating key-auth k1 for consumer bob",
        "deleting consumer anna",
    ]
    assert "Deleted: 1" in done.out


def test_a_diff_of_values_has_commas_where_decks_has() -> None:
    lines = diff({"a": [1, 2], "b": {"c": 1}, "d": 1}, {"a": [2], "b": 3}, unpainted)

    assert "\n".join(lines) == (
        ' {\n   "a": [\n-    1,\n     2\n   ],\n-  "b": {\n-    "c": 1\n-  },\n'
        '+  "b": 3,\n-  "d": 1\n }'
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_only() -> None:
    terminal, pipe = Terminal(), io.StringIO()

    for stream in (terminal, pipe):
        Bar(stream)(Progress("writing", 250, 1000))

    assert "writing" in terminal.getvalue()
    assert "250/1,000" in terminal.getvalue()
    assert pipe.getvalue() == ""
    assert drawn(Progress("writing", 250, 1000), 10).endswith("25/s  30 s left")
    assert drawn(Progress("declared", 2500), 10).endswith("2,500  250/s")


def test_an_interrupted_run_leaves_all_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kongadmin.dialects.deck.cli.Bar.__call__", interrupt)

    done = Done("sync", file)

    assert done.code == 130
    assert done.err == "Interrupted: the database is as it was.\n"
    assert names() == []
