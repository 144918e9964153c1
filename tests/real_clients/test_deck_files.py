"""decK takes the files that we write, and we take what decK takes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kongadmin.declarative.document import Head, Row
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.declarative.kinds import KINDS
from servers import ROOT

DECK = ROOT / ".tools" / "deck-1.55.0" / "deck"
EVERYTHING = Path(__file__).parent / "everything.yaml"
ODD = """yes NO on off y n true TRUE null ~ 1 -1 +1 01 08 0x1F 0b11 0o17 1_000 1e3 1.5
    .5 -.5 1. 1:30 2001-01-01 2001-01-01T00:00:00Z = x#y a:b 1.2.3 12e03 0x 0b2 1__0 0_1
    -0 +0x1F -0b1 -017""".split()
TEXTS = [
    "",
    " x",
    "x ",
    "a: b",
    "x #y",
    "a\nb",
    "a\nb\n",
    "\n\n",
    " a\nb",
    "a\tb",
    "'",
    '"',
]

pytestmark = pytest.mark.skipif(
    not DECK.exists(), reason="decK is not built: tests/install-deck.sh says why"
)


def rows_of(path: Path) -> list[Row]:
    with path.open("rb") as file:
        return list(FORMATS["deck"].read(file, Options()).rows)


def written(rows: list[Row], options: Options) -> str:
    return "".join(FORMATS["deck"].write(rows, Head(), options))


def rendered(path: Path, **environment: str) -> dict:
    """Return what decK itself reads in a file; it fails where its schema is not met."""
    command = [DECK, "file", "render", path, "--populate-env-vars", "--format", "json"]
    done = subprocess.run(
        [*command, "--analytics=false"],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def sorted_throughout(value: Any) -> Any:
    """Return a value with every list sorted, as decK prints lists in its own order."""
    if isinstance(value, dict):
        return {key: sorted_throughout(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(map(sorted_throughout, value), key=as_json)
    return value


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def same(one: Any, other: Any) -> bool:
    return sorted_throughout(one) == sorted_throughout(other)


def credentials(file: dict) -> list[dict]:
    """Return what the consumers of a file have that secrets can be in."""
    names = [name for name in KINDS if name.endswith(("credentials", "secrets"))]
    return [
        {name: consumer.get(name) for name in names} for consumer in file["consumers"]
    ]


def without_digests(rows: list[Row]) -> list[Row]:
    """Leave out what decK refuses a file for: passwords that are digests."""
    return [row for row in rows if row.kind != "basicauth_credentials"]


def awkward() -> list[Row]:
    """Make consumers of texts that could be taken for something else."""
    names = [*ODD, *filter(None, TEXTS)]
    return [Row("consumers", {"username": name, "tags": [name]}) for name in names]


@pytest.fixture
def rows() -> list[Row]:
    return [*without_digests(rows_of(EVERYTHING))[:5], *awkward()]


def test_deck_reads_what_we_write(rows: list[Row], tmp_path: Path):
    path = tmp_path / "kong.yaml"
    path.write_text(text := written(rows, Options()))

    found = rendered(path)

    assert same(found, yaml.safe_load(text))
    named = {consumer["username"] for consumer in found["consumers"]}
    assert named == {r.values["username"] for r in rows if r.kind == "consumers"}


def test_deck_puts_in_the_secrets_that_we_took_out(tmp_path: Path):
    rows = without_digests(rows_of(EVERYTHING))
    path = tmp_path / "kong.yaml"
    options = Options(secrets="environment")
    path.write_text(written(rows, options))

    found = rendered(path, **options.environment)

    assert same(*map(credentials, [found, yaml.safe_load(written(rows, Options()))]))
    assert "bobs" not in "".join(options.environment)


def test_texts_without_quotes_mean_to_us_what_they_mean_to_deck(tmp_path: Path):
    lines = (f"    _{number}: {text}\n" for number, text in enumerate(ODD))
    path = tmp_path / "kong.yaml"
    path.write_text(
        '_format_version: "3.0"\nplugins:\n- name: acl\n  config:\n' + "".join(lines)
    )

    (row,) = rows_of(path)

    meant = rendered(path)["plugins"][0]["config"]
    told = {ODD[int(name[1:])]: value for name, value in meant.items()}
    assert {ODD[int(n[1:])]: v for n, v in row.values["config"].items()} == told
