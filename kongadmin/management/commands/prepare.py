import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from kongadmin.environment import refuse
from kongadmin.plugins.models import Plugin
from realms.models import DEFAULT, ControlPlane

ADMIN = "kong_admin"


class Command(BaseCommand):
    help = "Bring database, static files and the first user into being; quick if done."
    requires_system_checks = []

    def handle(self, *args, **options) -> None:
        try:
            settings.HOME.mkdir(parents=True, exist_ok=True)
            self.migrate()
            self.collect_static()
        except OSError as error:
            refuse(f"KONGADMIN_HOME {settings.HOME} cannot be used: {error.strerror}.")
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            refuse(f"the database cannot be used: {reason}")
        self.create_admin()

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating the database …")
            call_command("migrate", verbosity=0, interactive=False)

    def collect_static(self) -> None:
        """Hash and compress the static files, unless nothing changed since."""
        stamp = settings.STATIC_ROOT / ".stamp"
        seen = fingerprint(settings.STATICFILES_DIRS[0])
        if not stamp.exists() or stamp.read_text() != seen:
            self.stdout.write("Collecting static files …")
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
            stamp.write_text(seen)

    def create_admin(self) -> None:
        """Create the super admin of a new database, with a plugin to start from."""
        users = get_user_model().objects
        if users.exists():
            self.stdout.write(
                f"Sign in as {ADMIN}; its password was set at first start."
            )
            return
        password = settings.PASSWORD or secrets.token_urlsafe(12)
        users.create_superuser(ADMIN, password=password)
        enable_key_auth()
        shown = "KONGADMIN_PASSWORD" if settings.PASSWORD else password
        self.stdout.write(f"Sign in as {ADMIN} with the password {shown}")


def enable_key_auth() -> None:
    """Ask every request of the default control plane for a key."""
    plugin = Plugin(scope=ControlPlane.objects.ours().get(name=DEFAULT))
    plugin.assign(Plugin.schema_for({"name": "key-auth"}).fill({"name": "key-auth"}))
    plugin.save()


def fingerprint(folder: Path) -> str:
    """Return text that changes when a file below `folder` does."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "\n".join(f"{path} {path.stat().st_mtime_ns}" for path in files)
