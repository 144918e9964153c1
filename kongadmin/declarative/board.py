"""The board that tells how far a running import is, and on which others can stop it.

On PostgreSQL it is the import's own row, seen from every machine. SQLite has one
writer, which is the import itself while it applies; there it is a file beside the
database.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.utils import timezone

from kongadmin.declarative.progress import Progress

if TYPE_CHECKING:
    from kongadmin.declarative.models import Import

SECONDS_TO_DEATH = 20


def write(record: "Import", progress: Progress) -> bool:
    """Tell of the progress; say whether somebody wants it to stop."""
    now = timezone.now()
    if connection.vendor == "sqlite":
        path = path_of(record)
        said = {"beat_at": now.isoformat(), **progress._asdict()}
        path.with_suffix(".new").write_text(json.dumps(said))
        path.with_suffix(".new").replace(path)
        return path.with_suffix(".stop").exists()
    rows = type(record).objects.filter(pk=record.pk)
    rows.update(beat_at=now, **progress._asdict())
    return rows.filter(is_cancelled=True).exists()


def read(record: "Import") -> Progress:
    """Return how far an import is."""
    said = from_file(record)
    if said is None:
        return Progress(record.phase, record.done, record.total)
    return Progress(said["phase"], said["done"], said["total"])


def is_alive(record: "Import") -> bool:
    """Say whether an import that runs has told of itself lately."""
    said = from_file(record)
    beat = datetime.fromisoformat(said["beat_at"]) if said else record.beat_at
    last = beat or record.started_at or record.created_at
    return timezone.now() - last < timedelta(seconds=SECONDS_TO_DEATH)


def stop(record: "Import") -> None:
    """Ask an import to stop."""
    if connection.vendor == "sqlite":
        path_of(record).with_suffix(".stop").touch()
    else:
        type(record).objects.filter(pk=record.pk).update(is_cancelled=True)


def clear(record: "Import") -> None:
    """Take down what was on the board."""
    for suffix in ("", ".new", ".stop"):
        path_of(record).with_suffix(suffix).unlink(missing_ok=True)


def from_file(record: "Import") -> dict | None:
    try:
        return json.loads(path_of(record).read_text())
    except (FileNotFoundError, ValueError):
        return None


def path_of(record: "Import") -> Path:
    folder = settings.HOME / "imports"
    folder.mkdir(exist_ok=True)
    return folder / str(record.pk)
