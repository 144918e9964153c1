"""Reads YAML by libyaml where PyYAML has it, which takes an eighth of the time."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """Return what YAML text says; yaml.YAMLError if it is none."""
    return yaml.load(text, _LOADER)  # noqa: S506 (both are safe loaders)
