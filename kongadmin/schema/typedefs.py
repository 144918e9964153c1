"""Definitions that many fields share, named as Kong names them: `typedef: port`."""

from pathlib import Path

from .yaml_text import read_yaml

_PATH = Path(__file__).with_suffix(".yaml")
TYPEDEFS: dict[str, dict] = read_yaml(_PATH.read_text(encoding="utf-8"))


def with_typedef(field: dict) -> dict:
    """Return a definition with what its typedef says; its own words take precedence."""
    name = field.get("typedef")
    if name is None:
        return field
    if name not in TYPEDEFS:
        raise ValueError(f"there is no typedef '{name}'")
    own = {key: value for key, value in field.items() if key != "typedef"}
    return TYPEDEFS[name] | own
