"""What can be declared: every kind of entity, derived from the models' own registries.

How a declared row finds the stored one that it means is a model's unique constraints.
"""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import UniqueConstraint

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from groups.models import RATE_LIMITING, ConsumerGroup, Membership, Override
from kongadmin.entities import Entity
from kongadmin.plugins.models import Plugin

CONSUMERS, CONSUMER_GROUPS = "consumers", "consumer_groups"
# Credentials in the order of decK's files; others follow.
ORDER = (
    *("keyauth_credentials", "basicauth_credentials", "hmacauth_credentials"),
    *("jwt_secrets", "oauth2_credentials", "acls", "mtls_auth_credentials"),
    *("keyauth_enc_credentials",),
)


# Not a slotted dataclass: what is derived is kept on it.
@dataclass(frozen=True)
class Kind:
    """One kind of entity: `owner` is the kind that it nests under, if it must.

    `words` is what people call several of them. `title` is what people call one, where
    its own values alone do not say it: {field} stands for the name referred to.
    """

    name: str
    model: type[Entity]
    owner: str | None = None
    words: str = ""
    title: str = ""

    @cached_property
    def refs(self) -> dict[str, str]:
        """The fields that refer to other declarable kinds, with those kinds."""
        owners = (CONSUMERS, CONSUMER_GROUPS)
        return {
            name: field["reference"]
            for name, field in self.model.schema.fields.items()
            if field.get("reference") in owners
        }

    @cached_property
    def unique(self) -> tuple[tuple[str, ...], ...]:
        """The sets of column attributes that are unique within a scope."""
        meta = self.model._meta
        constraints = [c for c in meta.constraints if isinstance(c, UniqueConstraint)]
        sets = [
            tuple(meta.get_field(n).attname for n in c.fields if n != "scope")
            for c in constraints
        ]
        singles = [f for f in meta.concrete_fields if f.unique and not f.primary_key]
        return (*sets, *((field.attname,) for field in singles))

    @cached_property
    def matching(self) -> tuple[int, ...]:
        """Which of `unique`, the first that has a value, says what a row means."""
        if self.model is Plugin:  # by what it is and whom it is for
            return (self.unique.index(("name", "scoped_to")),)
        return tuple(range(len(self.unique)))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The fields, in Kong's terms, that tell one row from others."""
        return tuple(
            dict.fromkeys(
                name.removesuffix("_digest").removesuffix("_id")
                if name not in self.model.schema.fields
                else name
                for which in self.matching
                for name in self.unique[which]
                if name != "scoped_to"
            )
        )

    @cached_property
    def has_tags(self) -> bool:
        return "tags" in self.model.schema.fields

    @cached_property
    def auto(self) -> tuple[str, ...]:
        """The fields that make up a value of their own where none is given."""
        fields = self.model.schema.fields.items()
        hidden = ("uuid", "timestamp")
        return tuple(
            name
            for name, field in fields
            if field.get("auto") and not any(field.get(each) for each in hidden)
        )


def credentials() -> list[Kind]:
    """Return the kinds of credentials, those first that are met most."""
    types = {declared.model.schema.name: declared for declared in CREDENTIALS.values()}
    names = dict.fromkeys([*(name for name in ORDER if name in types), *types])
    return [
        Kind(name, types[name].model, CONSUMERS, f"{types[name].noun}s")
        for name in names
    ]


def declare() -> dict[str, Kind]:
    """Return the kinds by the names of their schemas, in the order of creation."""
    groups = [Kind(CONSUMER_GROUPS, ConsumerGroup, words="consumer groups")]
    of_groups = [
        Kind(
            Membership.schema.name,
            Membership,
            CONSUMERS,
            words="memberships",
            title="{consumer} in {consumer_group}",
        ),
        Kind(
            Override.schema.name,
            Override,
            CONSUMER_GROUPS,
            words="overrides",
            title=f"{RATE_LIMITING} for {{consumer_group}}",
        ),
    ]
    has_groups = settings.IS_ENTERPRISE
    kinds = [
        *(groups if has_groups else ()),
        Kind(CONSUMERS, Consumer, words="consumers"),
        *credentials(),
        *(of_groups if has_groups else ()),
        Kind(Plugin.schema.name, Plugin, words="plugins"),
    ]
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, Kind] = declare()
OWNERS = (CONSUMER_GROUPS, CONSUMERS)
