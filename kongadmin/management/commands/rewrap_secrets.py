from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from kongadmin.crypto import ID_BYTES
from kongadmin.fields import DigestField, SecretField, keyring

BATCH = 1000


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the newest of KONGADMIN_SECRET_KEYS. "
        "Put a new key first, restart, run this, then drop the old key. "
        "Safe to interrupt and to repeat."
    )

    def handle(self, *args, **options) -> None:
        for model in apps.get_models():
            secrets = fields_of(model, SecretField)
            if secrets:
                count = rewrap(model, secrets)
                self.stdout.write(
                    f"{model._meta.verbose_name_plural}: {count} rewrapped"
                )


def fields_of(model, kind) -> list:
    return [field for field in model._meta.concrete_fields if isinstance(field, kind)]


def rewrap(model, secrets: list) -> int:
    """Rewrite the rows whose secret an older key wrote, a batch a transaction."""
    written = [field.name for field in [*secrets, *fields_of(model, DigestField)]]
    stale = [row for field in secrets for row in stale_ids(model, field)]
    for start in range(0, len(stale), BATCH):
        with transaction.atomic():
            rows = model.objects.select_for_update(of=("self",))
            for row in rows.filter(pk__in=stale[start : start + BATCH]):
                # Not a change of the entity: neither its version nor the log moves.
                for digest in fields_of(model, DigestField):
                    digest.pre_save(row, add=False)
                model.objects.filter(pk=row.pk).update(
                    **{name: getattr(row, name) for name in written}
                )
    return len(stale)


def stale_ids(model, field) -> list:
    """Return the ids of rows that another key than the newest wrote."""
    table, column = model._meta.db_table, field.column
    names = [connection.ops.quote_name(name) for name in ("id", table, column)]
    key, table, column = names
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key} FROM {table} WHERE {column} IS NOT NULL "  # noqa: S608
            f"AND substr({column}, 1, {ID_BYTES}) <> %s",
            [keyring.newest.id],
        )
        return [row[0] for row in cursor.fetchall()]
