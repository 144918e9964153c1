"""A file is read in the memory that one of its entries takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# 100 MB with BENCH=full.
CONSUMERS = 700_000 if os.environ.get("BENCH") == "full" else 12_000
MOST_MORE = 12 << 10  # KB
PLAIN = """\
- acls:
  - group: admin
  groups:
  - name: gold
  keyauth_credentials:
  - key: key-{0:032d}
  username: user-{0}
"""
HEAD = '_format_version: "3.0"\n'
# What stands elsewhere counts, so nothing can be read in a hurry.
DIFFICULT = "_plugin_configs: {a: &a {minute: 5}, b: *a}\n"
JSON = (
    '{{"username": "user-{0}", "keyauth_credentials": [{{"key": "key-{0:032d}"}}],'
    ' "acls": [{{"group": "admin"}}], "groups": [{{"name": "gold"}}]}}'
)
READ = """
import resource, sys, django
django.setup()
from kongadmin.declarative.formats import FORMATS, Options
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as stream:
    rows = FORMATS["deck"].read(stream, Options()).rows
    next(rows)
    before = used()
    print(sum(1 for _ in rows), used() - before)
"""


def yaml_of(head: str, entry: str, count: int, path: Path) -> None:
    with path.open("w") as file:
        file.write(f"{head}consumers:\n")
        file.writelines(entry.format(number) for number in range(count))


def json_of(head: str, entry: str, count: int, path: Path) -> None:
    with path.open("w") as file:
        file.write(f'{{{head}"consumers": [')
        file.write(entry.format(0))
        file.writelines(f", {entry.format(number)}" for number in range(1, count))
        file.write("]}")


@pytest.mark.parametrize(
    ("write", "head", "entry", "count"),
    [
        (yaml_of, HEAD, PLAIN, CONSUMERS),
        (yaml_of, HEAD + DIFFICULT, PLAIN, CONSUMERS // 4),
        (json_of, '"_format_version": "3.0", ', JSON, CONSUMERS // 2),
    ],
    ids=["YAML", "difficult YAML", "JSON on one line"],
)
def test_a_long_file_needs_no_more_memory_than_a_short_one(
    write, head: str, entry: str, count: int, tmp_path: Path
):
    path = tmp_path / "long"
    write(head, entry, count, path)

    done = subprocess.run(
        [sys.executable, "-c", READ, path],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "kongadmin.settings"},
    )

    assert done.returncode == 0, done.stderr
    rows, more = map(int, done.stdout.split())
    assert rows == 4 * count - 1
    assert more < MOST_MORE
