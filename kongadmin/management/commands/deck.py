import argparse

from django.core.management.base import BaseCommand

from kongadmin.dialects.deck.cli import run


class Command(BaseCommand):
    help = (
        "Do what decK does, on the database itself: diff, sync, apply, validate, dump "
        "or reset, with decK's flags, output and exit codes. `deck sync --help` tells "
        "the flags of sync."
    )
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "arguments", nargs=argparse.REMAINDER, metavar="COMMAND [FLAG | FILE] …"
        )

    def handle(self, *args, **options) -> None:
        code = run(options["arguments"], self.stdout._out, self.stderr._out)
        if code:
            raise SystemExit(code)
