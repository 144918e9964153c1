"""What is stored, written out in a format, piece by piece."""

import shlex
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kongadmin.access.permissions import READ, REVEAL, WRITE, may
from kongadmin.declarative import state
from kongadmin.declarative.document import Head
from kongadmin.declarative.formats import FORMATS, Format, Options
from kongadmin.declarative.kinds import KINDS

CHUNK = 1 << 16
NEWEST = "3.0"


class Secrets(StrEnum):
    """How secrets stand in what is written."""

    PLACEHOLDERS = "placeholders"
    WITH_VALUES = "with-values"  # and what they stand for, in a file beside it
    MASKED = "masked"
    CLEAR = "clear"

    @property
    def option(self) -> str:
        is_masked_or_clear = self in (Secrets.MASKED, Secrets.CLEAR)
        return self.value if is_masked_or_clear else "environment"

    @property
    def reveals(self) -> bool:
        return self in (Secrets.CLEAR, Secrets.WITH_VALUES)


def readable_kinds(user, scope) -> list[str]:
    """Return the kinds of which somebody may export what there is."""
    return [kind for kind in KINDS if may(user, READ, kind, scope)]


def may_import(user, scope) -> bool:
    """Say whether somebody may write anything that can be declared."""
    return any(may(user, WRITE, kind, scope) for kind in KINDS)


def may_reveal(user, scope) -> bool:
    """Say whether somebody may have all the secrets of what they may export."""
    return all(
        may(user, REVEAL, kind, scope)
        for kind in readable_kinds(user, scope)
        if KINDS[kind].model.secret_fields or kind == "plugins"
    )


def writable_formats() -> list[Format]:
    return [format for format in FORMATS.values() if format.write]


@dataclass(frozen=True, slots=True)
class Export:
    """What of a scope is written, and how."""

    scope: object
    format: Format
    secrets: Secrets
    kinds: Collection[str]
    tags: tuple[str, ...] = ()
    ids: tuple[UUID, ...] = ()
    with_id: bool = False

    @property
    def is_archive(self) -> bool:
        return self.secrets is Secrets.WITH_VALUES

    @property
    def filename(self) -> str:
        return f"{self.stem}.{'zip' if self.is_archive else self.format.extension}"

    @property
    def stem(self) -> str:
        return f"{self.scope.name}-{self.format.name}"

    @property
    def content_type(self) -> str:
        return "application/zip" if self.is_archive else self.format.content_type

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, or the archive of it and its .env."""
        environment: dict[str, str] = {}
        written = self.written(environment)
        return self.archive(written, environment) if self.is_archive else written

    def written(self, environment: dict[str, str]) -> Iterator[bytes]:
        options = Options(
            secrets=self.secrets.option, with_id=self.with_id, environment=environment
        )
        head = Head(version=NEWEST, is_hashed=True)
        if not self.scope.is_default:
            head.workspace = self.scope.name
        rows = state.rows(self.scope, self.kinds, self.tags, self.ids or None)
        return in_chunks(self.format.write(rows, head, options))

    def archive(
        self, written: Iterator[bytes], environment: dict[str, str]
    ) -> Iterator[bytes]:
        """Yield a ZIP of the document and of the values of its placeholders."""
        spool = Spool()
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
            name = f"{self.stem}.{self.format.extension}"
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in written:
                    file.write(piece)
                    yield spool.take()
            archive.writestr(f"{self.stem}.env", env_file(environment))
        yield spool.take()


class Spool:
    """A file that forgets what has been taken from it."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        self.waiting += data
        return len(data)

    def flush(self) -> None:
        """Keep nothing back."""

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def env_file(environment: dict[str, str]) -> str:
    """Return variables as a shell and decK read them."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    return "".join(lines)


def in_chunks(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield texts as bytes, several at once."""
    waiting, size = [], 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
