"""Manifests are read and written in the memory that one object takes."""

import os
import subprocess
import sys
from pathlib import Path

# 100,000 objects with BENCH=full.
CONSUMERS = 50_000 if os.environ.get("BENCH") == "full" else 1500
MOST_MORE = 10 << 10  # KB
ROOT = Path(__file__).resolve().parents[3]
OBJECTS = """\
---
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata: {{name: user-{0}, annotations: {{note: {1}}}}}
username: user-{0}
credentials: [key-{0}]
---
apiVersion: v1
kind: Secret
metadata: {{name: key-{0}, labels: {{konghq.com/credential: key-auth}}}}
stringData: {{key: key-{0:032d}-{1}}}
"""
PROGRAM = """
import io, resource, sys, django
django.setup()
from kongadmin.declarative.document import Head
from kongadmin.declarative.formats import FORMATS, Options
format = FORMATS["kubernetes"]
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def passed(path):
    with open(path, "rb") as stream:
        rows = format.read(stream, Options()).rows
        return sum(len(text) for text in format.write(rows, Head(), Options()))

passed(sys.argv[1])
before = used()
print(passed(sys.argv[2]), used() - before)
"""


def manifests(path: Path, count: int) -> Path:
    with path.open("w") as file:
        file.writelines(OBJECTS.format(number, "x" * 3000) for number in range(count))
    return path


def test_a_long_file_of_manifests_needs_no_more_memory_than_a_short_one(tmp_path):
    paths = manifests(tmp_path / "short", 30), manifests(tmp_path / "long", CONSUMERS)

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *paths],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "kongadmin.settings"},
    )

    assert done.returncode == 0, done.stderr
    written, more = map(int, done.stdout.split())
    assert written > CONSUMERS * 3000
    assert more < MOST_MORE
