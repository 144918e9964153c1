"""Reads KONGADMIN_* variables; a wrong one stops the start with one sentence.

Every variable is declared once, here through `env`, and `DECLARED` remembers them so
that README's table can be tested to be complete.
"""

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

PREFIX = "KONGADMIN_"
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
DECLARED: dict[str, "Variable"] = {}


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: its default as a person would write it, and what it is for."""

    name: str
    default: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener binds."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """The address as a person on this machine would open it."""
        everywhere = self.host in ("0.0.0.0", "::")
        return f"http://{'localhost' if everywhere or self.is_loopback else self}" + (
            f":{self.port}" if everywhere or self.is_loopback else ""
        )


def refuse(sentence: str) -> NoReturn:
    """End the process with one sentence on stderr and exit code 1."""
    raise SystemExit(f"kongadmin: {sentence}")


def env(
    name: str,
    default: str,
    kind: Callable[[str], Any],
    purpose: str,
    also: str | None = None,
) -> Any:
    """Return the setting `name`, read from the environment and understood by `kind`.

    KONGADMIN_<name> wins, then the variable `also`, then the file that
    KONGADMIN_<name>_FILE names, then the default. `kind` raises ValueError with the
    rest of a sentence that begins with the variable's name.
    """
    variable = PREFIX + name
    DECLARED[variable] = Variable(variable, default, purpose)
    text = os.environ.get(variable) or os.environ.get(also or variable)
    path = os.environ.get(f"{variable}_FILE")
    if not text and path:
        try:
            text = Path(path).read_text().strip()
        except OSError as error:
            refuse(f"{variable}_FILE cannot be read: {error.strerror}.")
    try:
        return kind(text or default)
    except ValueError as error:
        refuse(f"{variable} {error}.")


def text(value: str) -> str:
    return value


def words(value: str) -> list[str]:
    """Split at commas and blanks."""
    return value.replace(",", " ").split()


def switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ValueError(f"is '{value}' but must be on or off")
    return value.lower() == "on"


def number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isdecimal() or not lowest <= int(value) <= highest:
            raise ValueError(
                f"is '{value}' but must be a whole number from {lowest} to {highest}"
            )
        return int(value)

    return read


def size(value: str) -> int:
    """Read a number of bytes, with k, m or g behind it as in nginx."""
    found = re.fullmatch(r"(\d{1,9})([kmg]?)", value.lower())
    if not found:
        raise ValueError(f"is '{value}' but must be a size, such as 8m")
    return int(found[1]) * UNITS[found[2]]


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is '{value}' but must be one of {', '.join(choices)}")
        return value

    return read


def listen(value: str) -> Address:
    """Read `host:port`, as Kong's *_LISTEN settings are written."""
    host, _, port = value.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"is '{value}' but must be host:port, such as 127.0.0.1:8001")
    return Address(host, int(port))


def url(value: str) -> str:
    """Read an http(s) base address; empty means none."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError(f"is '{value}' but must begin with http:// or https://")
    return value.rstrip("/")


def redis_url(value: str) -> str:
    """Read the address of a Redis; empty means none. A password in it is not shown."""
    if value:
        from redis.connection import parse_url  # slow to import, and rarely needed

        try:
            parse_url(value)
        except ValueError as error:
            raise ValueError(
                "is not the address of a Redis, such as redis://localhost:6379/0, "
                "rediss://… or unix://…"
            ) from error
    return value


def networks(value: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(item, strict=False) for item in words(value)]
    except ValueError as error:
        raise ValueError(f"names a bad network: {error}") from error


def folder(value: str) -> Path | None:
    """Read the path of a folder that can be read; empty means none."""
    path = Path(value).absolute()
    if value and not (path.is_dir() and os.access(path, os.R_OK | os.X_OK)):
        raise ValueError(f"is '{value}' but there is no such folder to read")
    return path if value else None


def label(value: str) -> str:
    """Read a name that can be the first part of a host name."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value):
        raise ValueError(f"is '{value}' but must be a word such as eu")
    if value == "global":
        raise ValueError("is 'global' but that stands for all regions together")
    return value


def labels(value: str) -> list[str]:
    return [label(item) for item in words(value)]


def version(value: str) -> str:
    parts = value.split(".")
    if len(parts) not in (3, 4) or not all(part.isdecimal() for part in parts):
        raise ValueError(
            f"is '{value}' but must look like 3.9.3 (community) or 3.10.0.0"
        )
    return value


def is_loopback(host: str) -> bool:
    """Say whether `host` can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
