"""Choosing several of many: a search that keeps what is ticked, then one act."""

from collections.abc import Callable, Iterable

from django.db.models import Exists, QuerySet
from django.http import HttpRequest

from kongadmin.conflicts import Conflict
from kongadmin.entities import UUID_TEXT, EntityQuerySet
from kongadmin.manager.render import REFUSED

SHOWN = 30
NAMED = 5


class Picker:
    """What is ticked, and what else matches the search.

    `pool` is what one could choose from, `inside` an Exists of what is chosen already,
    `order` the field that the pool is shown by. Arguments: `q` (the search), `find`
    (only search), `pick` (the id of each that is ticked).
    """

    def __init__(
        self, request: HttpRequest, pool: EntityQuerySet, inside: Exists, order: str
    ) -> None:
        given = request.POST if request.method == "POST" else request.GET
        self.pool, self.inside, self.order = pool, inside, order
        self.text = given.get("q", "").strip()
        self.is_sent = request.method == "POST" and "find" not in given
        sent = given.getlist("pick")
        self.ids = {text.lower() for text in sent if UUID_TEXT.fullmatch(text)}
        self.error = ""
        self.read()

    def read(self) -> None:
        """Look up what is ticked and what is found; two queries."""
        chosen = self.pool.filter(pk__in=self.ids).annotate(is_inside=self.inside)
        ticked = list(self.sorted(chosen))
        self.missing = len(self.ids) - len(ticked)
        self.inside_already = [entity for entity in ticked if entity.is_inside]
        self.ticked = [entity for entity in ticked if not entity.is_inside]
        others = self.pool.matching(self.text).exclude(pk__in=self.ids)
        found = list(self.sorted(others.filter(~self.inside))[: SHOWN + 1])
        self.found, self.has_more = found[:SHOWN], len(found) > SHOWN

    def sorted(self, rows: QuerySet) -> QuerySet:
        return rows.order_by(self.order, "pk")

    def take(self, act: Callable[[list], None]) -> bool:
        """Do `act` with all that is ticked; False with an `error` if it cannot be."""
        self.error = self.why_not()
        if self.error:
            return False
        try:
            act(self.ticked)
        except Conflict:  # somebody was quicker: it says who is inside by now
            self.read()
            self.error = self.why_not() or "Somebody was quicker. Nothing was changed."
            return False
        return True

    def why_not(self) -> str:
        if self.inside_already:
            are = "is" if len(self.inside_already) == 1 else "are"
            names = in_a_row(map(str, self.inside_already))
            return f"Nothing was changed: {names} {are} in already."
        if self.missing:
            gone = "one has" if self.missing == 1 else f"{self.missing} have"
            return f"Nothing was changed: {gone} been deleted meanwhile."
        return "" if self.ticked else "Tick at least one."

    @property
    def status(self) -> int:
        return REFUSED if self.error else 200


def in_a_row(names: Iterable[str]) -> str:
    """Return names as `a, b and c`; many are cut short."""
    names = list(names)
    if len(names) > NAMED:
        names[NAMED - 1 :] = [f"{len(names) - NAMED + 1} others"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
