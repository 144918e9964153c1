from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models.fields.json import KT
from django.db.models.functions import Substr

from kongadmin.crypto import ID_BYTES
from kongadmin.declarative import rewrapping
from kongadmin.fields import DigestField, SealedJSONField, SecretField, keyring
from kongadmin.prepared import update_of
from kongadmin.sealing import KEY_DIGITS, SEALED

BATCH = 1000


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the newest of KONGADMIN_SECRET_KEYS. "
        "Put a new key first, restart, run this, then drop the old key. "
        "Safe to interrupt and to repeat."
    )

    def handle(self, *args, **options) -> None:
        for model in apps.get_models():
            fields = model._meta.concrete_fields
            secrets = [
                f for f in fields if isinstance(f, SecretField | SealedJSONField)
            ]
            if secrets:
                count = rewrap(model, secrets)
                self.stdout.write(
                    f"{model._meta.verbose_name_plural}: {count} rewrapped"
                )
            if kept := count_digests(model):
                self.stdout.write(
                    f"{model._meta.verbose_name_plural}: {kept} kept as a digest only; "
                    "those made before need the old key"
                )
        done, lost = rewrapping.rewrap()
        self.stdout.write(f"imports: {done} rewrapped")
        if lost:
            self.stdout.write(f"imports: {lost} can no longer be read by any key")


def rewrap(model, secrets: list) -> int:
    """Rewrite the rows whose secret an older key wrote, a batch a transaction."""
    stale = [key for field in secrets for key in stale_ids(model, field)]
    for start in range(0, len(stale), BATCH):
        with transaction.atomic():
            rows = model.objects.select_for_update(of=("self",))
            for row in rows.filter(pk__in=stale[start : start + BATCH]):
                # Not a change of the entity: neither its version nor the log moves.
                update_of(model).run(row)
    return len(stale)


def count_digests(model) -> int:
    """Return of how many rows no secret is left to make a new digest of."""
    digests = [f for f in model._meta.concrete_fields if isinstance(f, DigestField)]
    return sum(
        model.objects.exclude(**{field.name: None}).filter(**{field.of: None}).count()
        for field in digests
    )


def stale_ids(model, field) -> list:
    """Return the ids of rows that another key than the newest wrote."""
    if isinstance(field, SecretField):
        newest = keyring.newest.id
        written_by = Substr(field.name, 1, ID_BYTES, output_field=models.BinaryField())
    else:
        newest = keyring.newest.id.hex()
        written_by = Substr(KT(f"{field.name}__{SEALED}"), 1, KEY_DIGITS)
    rows = model.objects.alias(written_by=written_by).exclude(written_by=None)
    return list(rows.exclude(written_by=newest).values_list("pk", flat=True))
