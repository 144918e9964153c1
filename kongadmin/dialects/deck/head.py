"""What a file says of itself, in the keys that begin with an underscore."""

from collections.abc import Callable
from typing import Any

from kongadmin.declarative.document import Head, Place
from kongadmin.dialects.deck.nodes import Part
from kongadmin.dialects.deck.terms import HEAD, NEWEST, VERSIONS

INFO = (
    "select_tags",
    "default_lookup_tags",
    "consumer_group_policy_overrides",
    "defaults",
)
type Complain = Callable[[str, Place, str], None]


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


class HeadReader:
    """Fills a Head; `overrides` says whether a group's plugins are its overrides."""

    def __init__(self, head: Head, complain: Complain) -> None:
        self.head = head
        self.overrides = False
        self.configs: dict[str, dict] = {}
        self._complain = complain

    def take(self, part: Part) -> None:
        """Take over what stands under one of the keys in HEAD."""
        if part.key in HEAD:
            getattr(self, f"_take{part.key}")(part.value, part.place)

    def finish(self) -> None:
        if not self.head.version:
            what = "the file does not say _format_version"
            self._complain(what, Place(1), f'begin it with _format_version: "{NEWEST}"')

    def _take_format_version(self, value: Any, place: Place) -> None:
        self.head.version = str(value)
        if not isinstance(value, str):
            hint = f'in quotes: _format_version: "{value}"'
            self._complain("_format_version must be a text", place, hint)
        elif value not in VERSIONS:
            what = f"_format_version {value[:20]!r} is not known"
            self._complain(what, place, f'write "{NEWEST}"')
        elif value != NEWEST:
            self.overrides = True
            self.head.notes.append(
                f"The file is of format {value}, of Kong before 3.0. It is read as "
                f'"{NEWEST}", but rate-limiting-advanced of a consumer group as its '
                "override."
            )

    def _take_workspace(self, value: Any, place: Place) -> None:
        if value is None or isinstance(value, str):
            self.head.workspace = value
        else:
            self._complain("_workspace must be a text", place, "write it in quotes")

    def _take_konnect(self, value: Any, place: Place) -> None:
        self.head.notes.append(
            "_konnect is not looked at: the control plane is the one that this file is "
            "imported into."
        )

    def _take_transform(self, value: Any, place: Place) -> None:
        if isinstance(value, bool):
            self.head.is_hashed = not value
        else:
            self._complain("_transform must be true or false", place, "")

    def _take_plugin_configs(self, value: Any, place: Place) -> None:
        for name, config in _mapping(value).items():
            if isinstance(config, dict):
                self.configs[name] = config
        if len(self.configs) != len(value or ()):
            what = "_plugin_configs must be a mapping from names to settings"
            self._complain(what, place, "")

    def _take_comment(self, value: Any, place: Place) -> None:
        """Leave a remark out."""

    _take_ignore = _take_comment

    def _take_info(self, value: Any, place: Place) -> None:
        if value is not None and not isinstance(value, dict):
            self._complain("_info must be a mapping", place, "")
        for key, given in _mapping(value).items():
            at = value.place_of(key)
            if key in INFO:
                getattr(self, f"_info_{key}")(given, at)
            else:
                self._complain(f"_info has no {key[:100]}", at, f"it has {_all(INFO)}")

    def _info_select_tags(self, value: Any, place: Place) -> None:
        if value is None or is_texts(value):
            self.head.select_tags = tuple(value or ())
        else:
            self._complain("select_tags must be a list of texts", place, "")

    def _info_default_lookup_tags(self, value: Any, place: Place) -> None:
        lookup = _mapping(value)
        self.head.lookup_tags = {
            kind: tuple(tags) for kind, tags in lookup.items() if is_texts(tags)
        }
        if len(self.head.lookup_tags) != len(value or ()):
            what = "default_lookup_tags must be a mapping from kinds to lists of tags"
            self._complain(what, place, "such as consumers: [shared]")

    def _info_consumer_group_policy_overrides(self, value: Any, place: Place) -> None:
        if isinstance(value, bool):
            self.overrides = self.overrides or value
        else:
            what = "consumer_group_policy_overrides must be true or false"
            self._complain(what, place, "")

    def _info_defaults(self, value: Any, place: Place) -> None:
        if value:
            self.head.notes.append("_info.defaults is not looked at.")


def _mapping(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _all(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
