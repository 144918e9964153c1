"""Kong's editions: which fields and plugins the advertised version has."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of Kong; the enterprise edition numbers its own in four parts."""

    version: tuple[int, ...]
    is_enterprise: bool

    @classmethod
    def of(cls, version: str) -> Self:
        """Return what a version such as 3.9.3 or 3.10.0.0 stands for."""
        parts = _numbers(version)
        return cls(parts, is_enterprise=len(parts) == 4)

    def has(self, definition: dict) -> bool:
        """Tell if a field or plugin exists here, by its `since` and `enterprise`."""
        if definition.get("enterprise") and not self.is_enterprise:
            return False
        return _numbers(definition.get("since", "0")) <= self.version


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"'{version}' is no version")
    return tuple(map(int, parts))


EVERYTHING = Edition((9999,), is_enterprise=True)
