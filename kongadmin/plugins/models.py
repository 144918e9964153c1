from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Index, UniqueConstraint
from django.urls import reverse

from kongadmin.compat import EDITION
from kongadmin.entities import Entity, Violation
from kongadmin.fields import SealedJSONField, TextKey
from kongadmin.masks import mask
from kongadmin.plugins.catalogue import SCHEMAS, plugin_schemas
from kongadmin.schema import Schema, plugin_schema

# Judges the secrets of a plugin whose own schema is gone.
SECRETIVE = Schema.of(
    {"name": "unknown", "fields": [{"config": {"type": "record", "encrypted": True}}]}
)
NOT_ENABLED = "plugin '{}' not enabled; add it to the 'plugins' configuration property"


@cache
def whole_schema(name: str) -> Schema:
    """Return the schema of a plugin entity of that name, its config included."""
    return plugin_schema(Plugin.schema, plugin_schemas()[name])


class Plugin(Entity):
    """A plugin that is switched on for a control plane, or for one consumer."""

    schema = Schema.load(SCHEMAS / "entity" / "plugins.yaml", EDITION)
    endpoint_key = "instance_name"

    name = models.TextField("Plugin")
    instance_name = TextKey("Instance name")
    consumer = models.ForeignKey(
        "consumers.Consumer",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="plugins",
    )
    consumer_group = models.ForeignKey(
        "groups.ConsumerGroup",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="plugins",
    )
    config = SealedJSONField(default=dict)
    protocols = models.JSONField(default=list)
    enabled = models.BooleanField("Enabled", default=True)
    scoped_to = TextKey(null=False, editable=False)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["scope", "instance_name"], name="plugin_instance_name"
            ),
            # NULLs differ from each other, so the references are one text column.
            UniqueConstraint(
                fields=["scope", "name", "scoped_to"], name="plugin_once_per_scope"
            ),
        ]
        indexes = [Index(fields=["scope", "id"], name="plugin_by_id")]

    def __str__(self) -> str:
        return self.instance_name or self.name

    def get_absolute_url(self) -> str:
        return reverse("plugins:show", args=[self.pk])

    @property
    def masked_config(self) -> Any:
        """The configuration with every secret masked; None of a plugin unknown."""
        return self.masked({"name": self.name, "config": self.config})["config"]

    @property
    def parent_id(self) -> UUID | None:
        return self.consumer_id or self.consumer_group_id

    @classmethod
    def schema_for(cls, values: dict) -> Schema:
        name = values.get("name")
        if name is None:
            raise Violation({"name": "required field missing"})
        if not isinstance(name, str):
            raise Violation({"name": "expected a string"})
        if name not in plugin_schemas():
            raise Violation({"name": NOT_ENABLED.format(name)})
        return whole_schema(name)

    @classmethod
    def masked(cls, values: dict) -> dict:
        """Mask what the plugin's own schema calls a secret: all where there is none."""
        schema, config = plugin_schemas().get(values["name"]), values["config"]
        shown = schema and schema.hide_secrets("config", config, mask)
        return values | {"config": shown}

    def mark_secrets(self, mark: Callable[[str], Any]) -> dict:
        """Return a copy of the configuration with every secret given to `mark`.

        Of a plugin unknown every text counts as one.
        """
        schema = plugin_schemas().get(self.name, SECRETIVE)
        return schema.hide_secrets("config", self.config, mark)

    def changed_secrets(self) -> set[str]:
        """Two configurations may look the same once they are masked."""
        before = dict(zip(*getattr(self, "_loaded", ((), ())), strict=True))
        return {"config"} if before.get("config") != self.config else set()

    @classmethod
    def conflict_fields(cls, constraint: UniqueConstraint) -> tuple[str, ...]:
        if constraint.name == "plugin_once_per_scope":
            names = ("consumer", "consumer_group", "name", "route", "service")
            return tuple(name for name in names if name in cls.schema.fields)
        return super().conflict_fields(constraint)

    def prepare(self) -> None:
        """Fill the column that only the constraint reads; empty is for everyone."""
        targets = self.consumer_id, self.consumer_group_id
        self.scoped_to = "/".join(str(t or "") for t in targets) if any(targets) else ""

    def save(self, *args, **kwargs) -> None:
        self.prepare()
        super().save(*args, **kwargs)
