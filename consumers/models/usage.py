"""What the authorizer counts; it writes these tables in batches, by plain SQL."""

from django.db import models
from django.db.models import Index


class LastUsed(models.Model):
    """When a credential was last accepted."""

    credential_id = models.UUIDField(primary_key=True)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.credential_id)


class Usage(models.Model):
    """How many requests of a credential were allowed, denied and limited.

    Counted for `seconds` (a minute, an hour, a day) from `start` on, in seconds since
    1970, by the control plane (`scope_id`) that they were sent to. Ids are zero for
    whoever is not known. Rows outlive what they count, for as long as usage is kept.
    """

    pk = models.CompositePrimaryKey(
        "consumer_id", "seconds", "start", "credential_id", "scope_id"
    )
    consumer_id = models.UUIDField()
    seconds = models.IntegerField()
    start = models.BigIntegerField()
    credential_id = models.UUIDField()
    scope_id = models.UUIDField()
    allowed = models.BigIntegerField(default=0)
    denied = models.BigIntegerField(default=0)
    limited = models.BigIntegerField(default=0)

    class Meta:
        indexes = [Index(fields=["seconds", "start"], name="usage_by_age")]

    def __str__(self) -> str:
        return f"{self.consumer_id} from {self.start} for {self.seconds} s"
