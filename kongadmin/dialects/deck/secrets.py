"""How secrets stand in a file that is written: clear, masked, or as placeholders."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from kongadmin.declarative.document import Ref, Row
from kongadmin.declarative.formats import Options
from kongadmin.declarative.kinds import KINDS
from kongadmin.dialects.deck.feed import PREFIX
from kongadmin.dialects.deck.scalars import escaped
from kongadmin.dialects.deck.terms import PLUGINS
from kongadmin.masks import mask
from kongadmin.plugins.catalogue import plugin_schemas

# What tells a credential from its consumer's others, if it is not the secret itself.
PUBLIC_NAMES = ("username", "client_id")
NOT_IN_NAMES = re.compile(r"[^A-Z0-9]+")


class Verbatim(str):
    """A text that is written as it is."""

    __slots__ = ()


class Hiding:
    """Does with the secrets of rows what the options want."""

    def __init__(self, options: Options) -> None:
        self._environment = options.environment
        self.hide: Callable[[Row], dict] = {
            "clear": lambda row: row.values,
            "masked": partial(self._hidden, replace=lambda text, *_: mask(text)),
            "environment": partial(self._hidden, replace=self._placeholder),
        }[options.secrets]

    def _hidden(self, row: Row, replace: Callable[..., Any]) -> dict:
        """Return a row's values with every secret replaced."""
        if row.kind == PLUGINS:
            return row.values | {"config": self._config(row, replace)}
        secrets = KINDS[row.kind].model.secret_fields
        return row.values | {
            name: replace(row.values[name], row, name)
            for name in secrets
            if row.values.get(name) is not None
        }

    def _config(self, row: Row, replace: Callable[..., Any]) -> Any:
        """Replace what the plugin's own schema calls a secret."""
        schema, config = plugin_schemas().get(row.values["name"]), row.values["config"]
        if schema is None:
            return config
        return schema.hide_secrets("config", config, lambda text: replace(text, row))

    def _placeholder(self, text: str, row: Row, field: str = "secret") -> Verbatim:
        """Return a placeholder between quotes, and keep what it stands for.

        What it stands for is escaped, as decK puts it in between the quotes as it is.
        """
        name = self.free_name(name_of(row, field))
        self._environment[name] = escaped(text)
        return Verbatim(f'"${{{{ env "{name}" }}}}"')

    def free_name(self, name: str) -> str:
        """Return a name that is not taken yet; rows come in an order of their own."""
        free, number = name, 1
        while free in self._environment:
            number += 1
            free = f"{name}_{number}"
        return free


def name_of(row: Row, field: str) -> str:
    """Return what to call a secret in an environment, the same on every export."""
    values = row.values
    owners = (values.get(name) for name in ("consumer", "consumer_group"))
    named = [owner.text for owner in owners if isinstance(owner, Ref)]
    if row.kind == PLUGINS:
        parts = [*named, values["name"], field]
    else:
        public = [values[name] for name in PUBLIC_NAMES if values.get(name)]
        kind = re.sub("_credentials$|_secrets$", "", row.kind)
        parts = [*named, kind, *(name for name in public if name not in named), field]
    words = (NOT_IN_NAMES.sub("_", part.upper()).strip("_") for part in parts)
    return PREFIX + "_".join(filter(None, words))
