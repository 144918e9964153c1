import sys
import time

from django.core.management.base import BaseCommand, CommandError

from consumers.demo import make_consumers
from kongadmin.bulk import take_stock
from kongadmin.changes import acting
from realms.models import DEFAULT, ControlPlane

WIDTH = 30


class Command(BaseCommand):
    help = "Fill a control plane with made-up consumers, each with a key."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--consumers", type=int, default=1000, metavar="N")
        parser.add_argument("--control-plane", default=DEFAULT, metavar="NAME")

    def handle(self, *args, consumers: int, control_plane: str, **options) -> None:
        scope = ControlPlane.objects.ours().filter(name=control_plane).first()
        if scope is None:
            raise CommandError(f"there is no control plane '{control_plane}'")
        if consumers < 1:
            raise CommandError("--consumers must be at least 1")
        started = time.monotonic()
        with acting("demo", "command"):
            for done in make_consumers(scope, consumers):
                self.show(done, consumers, time.monotonic() - started)
        take_stock()
        self.stdout.write("")

    def show(self, done: int, total: int, seconds: float) -> None:
        """Draw the progress bar: one line on a terminal, else one line at the end."""
        if not sys.stdout.isatty() and done < total:
            return
        bar = "█" * (done * WIDTH // total)
        rate = done / max(seconds, 0.001)
        line = f"{bar:·<{WIDTH}} {done:,} of {total:,}  {rate:,.0f} a second"
        self.stdout.write(f"\r{line}", ending="")
        self.stdout.flush()
