import re
from functools import reduce
from itertools import product
from operator import or_
from pathlib import Path
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import TextKey, can_store
from kongadmin.schema import Schema
from realms.places import here, inside, is_inside

SCHEMAS = Path(__file__).parent.parent / "schemas"
SHORTEST_INNER_SEARCH = 3
# Others would need escaping, or are addresses of pages, or look like an id.
PLAIN_NAME = re.compile(rf"(?!{UUID_TEXT.pattern}\Z)\w[\w.~@-]*")
RESERVED_NAMES = ("create",)
LAST_CHARACTER = "\U0010ffff"


def folded(text: str) -> str:
    """Return text as the column `search` holds it: lower case, only letters and digits.

    PostgreSQL's trigrams take every other character for the end of a word, and the
    beginnings of words are so common that their lists take long to read; a "q" in its
    place keeps the words together.
    """
    return re.sub(r"[\W_]", "q", text.lower())


def begins(field: str, text: str) -> Q:
    """Return the condition that `field` begins with `text`, as a range of an index."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST_CHARACTER})


def beginnings(text: str) -> dict[str, Q]:
    """Return the conditions that a name begins with a short text, in any case."""
    spellings = product(*zip(text.lower(), text.upper(), strict=False))
    custom_id = [begins("custom_id", "".join(spelling)) for spelling in spellings]
    return {
        "username": begins("username_lower", text.lower()),
        "custom_id": reduce(or_, custom_id),
    }


class ConsumerQuerySet(EntityQuerySet):
    def matching(self, text: str) -> Self:
        """Keep those whose username or custom ID contains `text`, or whose id it is.

        Case does not count. One or two characters match beginnings only: an index of
        trigrams cannot answer for less than three.
        """
        text = text.strip()
        if not text:
            return self
        if UUID_TEXT.fullmatch(text):
            return self.filter(Q(pk=UUID(text)) | Q(username=text) | Q(custom_id=text))
        if not can_store(text):
            return self.none()
        if len(text) < SHORTEST_INNER_SEARCH:
            wanted = beginnings(text)
            return self.filter(wanted["username"] | wanted["custom_id"])
        low, wanted = text.lower(), folded(text)
        found = self.filter(search__contains=wanted)
        if "q" not in wanted:
            return found
        # What was folded may have been another character: look at the names as well.
        return found.filter(
            Q(username_lower__contains=low) | Q(custom_id__icontains=low)
        )

    def in_group(self, name: str) -> Self:
        """Keep those in the consumer group of that name."""
        if not can_store(name):
            return self.none()
        return self.filter(
            memberships__consumer_group__scope=F("scope"),
            memberships__consumer_group__name=name,
        )

    def containing(self, field: str, text: str) -> Self:
        """Keep those whose username, or custom_id, contains `text` in any case.

        It is what a client asks for, so one or two characters may take a walk through
        all rows until a page is full.
        """
        if not can_store(text):
            return self.none()
        inside = {
            "username": Q(username_lower__contains=text.lower()),
            "custom_id": Q(custom_id__icontains=text),
        }
        found = self.filter(inside[field]) if text else self
        is_short = len(text) < SHORTEST_INNER_SEARCH
        return found if is_short else found.filter(search__contains=folded(text))


class Consumer(Entity):
    """Somebody or something that calls APIs; known by username, custom_id or both.

    One of a control plane has memberships in consumer groups. One of a realm names its
    groups, whichever control plane it is met in.
    """

    schema = Schema.load(SCHEMAS / "consumers.yaml")
    realm_schema = Schema.load(
        SCHEMAS / "consumers.yaml", common=SCHEMAS / "realm_consumers.yaml"
    )
    endpoint_key = "username"
    unique_keys = ("username", "custom_id")

    username = TextKey(
        "Username", help_text="How people and logs will name this consumer."
    )
    custom_id = TextKey("Custom ID", help_text="Its identifier in your own database.")
    username_lower = TextKey(editable=False)
    search = models.TextField(editable=False)
    type = models.TextField("Type", null=True, default="proxy", editable=False)
    consumer_groups = models.JSONField(
        "Consumer groups", null=True, blank=True, editable=False
    )

    objects = ConsumerQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["scope", "username"], name="consumer_username"),
            UniqueConstraint(fields=["scope", "custom_id"], name="consumer_custom_id"),
            CheckConstraint(
                condition=Q(username__isnull=False) | Q(custom_id__isnull=False),
                name="consumer_is_named",
            ),
        ]
        indexes = [
            Index(fields=["scope", "id"], name="consumer_by_id"),
            Index(fields=["scope", "username_lower", "id"], name="consumer_by_name"),
            Index(fields=["scope", "created_at", "id"], name="consumer_by_age"),
        ]

    def __str__(self) -> str:
        return self.username or self.custom_id or str(self.pk)

    def get_absolute_url(self) -> str:
        if self.is_of_realm and not is_inside():
            return inside(str(self.scope_id), "consumers:show", self.ref)
        return here("consumers:show", self.ref)

    @property
    def ref(self) -> str:
        """The text that names the consumer in an address: its username if that can."""
        name = self.username or ""
        if PLAIN_NAME.fullmatch(name) and name not in RESERVED_NAMES:
            return name
        return str(self.pk)

    @property
    def is_of_realm(self) -> bool:
        return self.consumer_groups is not None

    @classmethod
    def schema_for(cls, values: dict) -> Schema:
        is_of_realm = values.get("consumer_groups") is not None
        return cls.realm_schema if is_of_realm else cls.schema

    def to_dict(self) -> dict:
        values = super().to_dict()
        if self.is_of_realm:
            values |= {"type": self.type, "consumer_groups": self.consumer_groups}
        return values

    def prepare(self) -> None:
        """Fill the columns that only searching and sorting read."""
        self.username_lower = self.username and self.username.lower()
        names = filter(None, (self.username, self.custom_id))
        self.search = folded("\n".join(names))

    def save(self, *args, **kwargs) -> None:
        self.prepare()
        super().save(*args, **kwargs)
