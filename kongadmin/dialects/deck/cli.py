"""`manage.py deck`: decK's commands, on the database itself instead of an Admin API.

One plan, applied in one transaction; the same flags, output and exit codes.
"""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TextIO

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from kongadmin.declarative.applying import Refused, apply
from kongadmin.declarative.document import Document, Head, Problem, Unreadable
from kongadmin.declarative.formats import Options
from kongadmin.declarative.plan import Plan, Step, make
from kongadmin.declarative.verbs import Mode
from kongadmin.dialects.deck import cli_words as words
from kongadmin.dialects.deck.cli_dump import dump
from kongadmin.dialects.deck.cli_files import Files, Many, Wrong, environment, placed
from kongadmin.dialects.deck.cli_flags import ELSEWHERE, parse
from kongadmin.dialects.deck.cli_progress import Bar
from kongadmin.dialects.deck.cli_rows import chosen, kinds_of
from realms.models import DEFAULT, ControlPlane

DIFFERS, INTERRUPTED = 2, 130
MODES = {
    "diff": Mode.SYNC,
    "sync": Mode.SYNC,
    "apply": Mode.APPLY,
    "validate": Mode.APPLY,
    "reset": Mode.RESET,
}
PAGE = 1000
SURE = "This will delete all configuration from Kong's database.\n> Are you sure? "


def run(arguments: list[str], out: TextIO, err: TextIO) -> int:
    """Do what the arguments say; return the exit code."""
    try:
        options = parse(arguments)
        if options.verb is None:
            raise Wrong("say what to do: diff, sync, apply, dump, validate or reset")
        return Command(options, out, err).run()
    except Wrong as error:
        err.write(f"Error: {error}\n")
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        err.write(f"Error: the database cannot be used: {reason}\n")
    except KeyboardInterrupt:
        err.write("Interrupted: the database is as it was.\n")
        return INTERRUPTED
    return 1


class Command:
    """One command on its way: its options, and where it writes."""

    def __init__(self, options: Namespace, out: TextIO, err: TextIO) -> None:
        self.options, self.out, self.err = options, out, err
        self.bar = Bar(err)
        is_coloured = out.isatty() and not getattr(options, "no_color", False)
        self.paint = words.painted if is_coloured else words.unpainted

    def run(self) -> int:
        if self.options.kong_addr:
            text = f"{ELSEWHERE} is not looked at: this works on kongadmin's database"
            self.warn(f"{text}.")
        try:
            return getattr(self, self.options.verb)() or 0
        finally:
            self.bar.clear()

    def warn(self, text: str) -> None:
        self.err.write(f"Warning: {text}\n")

    def say(self, text: str) -> None:
        self.bar.clear()
        self.out.write(f"{text}\n")

    # The verbs

    def ping(self) -> None:
        from django.conf import settings

        ControlPlane.called(DEFAULT)
        self.say("Successfully connected to Kong!")
        self.say(f"Kong version:  {settings.COMPAT_VERSION}")

    def diff(self) -> int:
        with self.document() as document, self.scope(document.head) as scope:
            plan = self.plan(scope, document)
            self.tell(plan)
            transaction.set_rollback(True)  # a workspace made for the comparison
        differs = any(plan.totals[verb] for verb in words.VERBS)
        return DIFFERS if differs and self.options.non_zero_exit_code else 0

    def sync(self) -> None:
        with self.document() as document, self.scope(document.head) as scope:
            self.carry_out(self.plan(scope, document))

    apply = sync

    def validate(self) -> None:
        with self.document() as document, self.scope(document.head) as scope:
            self.plan(scope, document)
            transaction.set_rollback(True)

    def reset(self) -> None:
        if self.options.all_workspaces and self.options.workspace:
            raise Wrong("--workspace and --all-workspaces cannot be used together")
        if not self.options.force and not self.ask(SURE):
            return
        for plane in self.workspaces():
            with self.acting():
                everything = Document("deck", Head(), iter(()))
                self.carry_out(self.plan(plane, self.narrowed(everything)))

    def dump(self) -> None:
        planes = self.workspaces()
        dump(self, planes)

    # What they share

    @contextmanager
    def document(self) -> Iterator[Document]:
        """Open the files named; what they say, narrowed as the flags ask."""
        options = Options(
            columns=dict(map(as_column, self.options.column)),
            environment=environment(os.environ),
        )
        names = [*self.options.state, *self.options.files]
        with Files(names, options, self.options.format) as files:
            document = self.narrowed(files.document())
            document.rows = chosen(document.rows, document.head.kinds)
            yield document

    def narrowed(self, document: Document) -> Document:
        """Return a document narrowed to what the flags say."""
        kinds = kinds_of(
            getattr(self.options, "skip_consumers", False),
            getattr(self.options, "skip_consumers_with_consumer_groups", False),
        )
        return document.within(self.options.select_tag, kinds)

    @contextmanager
    def scope(self, head: Head) -> Iterator[ControlPlane]:
        """Find the control plane to work on, or make it, in a transaction."""
        name = self.options.workspace or head.workspace or DEFAULT
        if self.options.workspace and name != (head.workspace or ""):
            text = f"Workspace '{name}' specified via --workspace flag is different"
            text += f" from workspace '{head.workspace or ''}' found in state file(s)."
            self.warn(text)
        with self.acting(), transaction.atomic():
            plane = ControlPlane.called(name)
            if plane is None:
                plane = self.made(name)
            yield plane

    def made(self, name: str) -> ControlPlane:
        plane = ControlPlane(name=name)
        try:
            plane.full_clean()
        except ValidationError as error:
            text = " ".join(error.messages)
            raise Wrong(f"workspace '{name}' cannot be made: {text}") from None
        plane.save()
        if self.options.verb != "validate":
            self.say(f"Creating workspace {name}")
        return plane

    def workspaces(self) -> list[ControlPlane]:
        if getattr(self.options, "all_workspaces", False):
            return list(ControlPlane.objects.ours().order_by("name"))
        name = self.options.workspace or DEFAULT
        plane = ControlPlane.called(name)
        if plane is None:
            raise Wrong(f"workspace '{name}' does not exist in Kong")
        return [plane]

    @contextmanager
    def acting(self) -> Iterator[None]:
        from kongadmin import changes

        with changes.acting(f"manage.py deck {self.options.verb}", "deck"):
            yield

    def plan(self, scope: ControlPlane, document: Document) -> Plan:
        """Return the plan, unless anything is wrong with the document."""
        try:
            plan = make(scope, document, MODES[self.options.verb], self.bar)
        except Unreadable as error:
            raise Many(self.named(error.problems)) from None
        self.bar.clear()
        if problems := self.asked_for(plan.problems):
            raise Many(self.named(problems))
        for note in plan.notes:
            self.warn(note)
        return plan

    def asked_for(self, problems: list[Problem]) -> list[Problem]:
        """Leave out problems of kinds that are not to be judged; a text begins so."""
        kinds = self.options.online
        return [
            problem
            for problem in problems
            if not kinds or problem.text.partition(" ")[0] in kinds
        ]

    def named(self, problems) -> list[str]:
        names = [*getattr(self.options, "state", ()), *self.options.files]
        path = names[0] if len(names) == 1 else "-"
        return [placed(path, problem) for problem in problems]

    def carry_out(self, plan: Plan) -> None:
        try:
            apply(plan, progress=self.bar)
        except Refused as error:
            raise Many(self.named(error.problems)) from None
        self.tell(plan)

    def tell(self, plan: Plan) -> None:
        counts = plan.totals
        if self.options.json_output:
            found = words.report(steps_of(plan), counts, plan.notes)
            self.say(json.dumps(found, indent="\t", ensure_ascii=False))
            return
        if not self.options.silence_events:
            for step in steps_of(plan):
                self.say(words.line_of(step, self.paint))
        self.say(words.summary(counts, self.paint))

    def ask(self, question: str) -> bool:
        """Ask on the terminal; what is no answer is an error."""
        self.out.write(question)
        self.out.flush()
        answer = sys.stdin.readline()
        if not answer:
            self.out.write("\n")
            raise Wrong("EOF")
        return answer.strip().lower() in ("y", "yes")


def steps_of(plan: Plan) -> Iterator[Step]:
    """Yield the steps that change something in decK's order: what is deleted last."""
    made = ((kind, verb) for kind in words.WORDS for verb in ("create", "update"))
    gone = ((kind, "delete") for kind in words.DELETED)
    for kind, verb in chain(made, gone):
        after = 0
        while steps := plan.steps(kind=kind, verb=verb, after=after, size=PAGE):
            yield from steps
            after = steps[-1].number


def as_column(text: str) -> tuple[str, str]:
    heading, equals, name = text.rpartition("=")
    if not equals:
        raise Wrong(f"--column {text} is not HEADING=FIELD")
    return heading, name
