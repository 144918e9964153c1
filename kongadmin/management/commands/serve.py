import shlex
import signal
from typing import NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from kongadmin import metrics, serving
from kongadmin.apps import close_pools
from kongadmin.kubeconfig import kubeconfig


def leave(*_: object) -> NoReturn:
    """End before anything serves, as cleanly as afterwards."""
    raise SystemExit(0)


class Command(BaseCommand):
    help = "Serve the authorizer, the Admin API and the Manager until told to stop."
    requires_system_checks = []
    kubeconfig = settings.HOME / "kubeconfig.yaml"

    def handle(self, *args, **options) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        serving.check_ports()
        call_command("prepare")
        metrics.begin()
        close_pools()  # a connection must not be shared with the processes to come
        if not settings.ENFORCE_RBAC:  # so no secret is in it
            self.kubeconfig.write_text(kubeconfig())
        raise SystemExit(serving.Supervisor().run(self.announce))

    def announce(self) -> None:
        names = ("Authorizer", "Admin API", "Manager")
        for name, address in zip(names, serving.LISTENERS.values(), strict=True):
            self.stdout.write(f"  {name:<11} {address.url}")
        self.stdout.write(f"  {'kubectl':<11} {self.kubectl()}")
        self.stdout.write("Ready. Stop with Ctrl+C.")
        self.stdout.flush()

    def kubectl(self) -> str:
        """Say how to point kubectl here."""
        if settings.ENFORCE_RBAC:
            manager = settings.ADMIN_GUI_URL or settings.ADMIN_GUI_LISTEN.url
            return f"kubeconfig: {manager}/account/tokens/kubectl"
        return f"export KUBECONFIG={shlex.quote(str(self.kubeconfig))}"
