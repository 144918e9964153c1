"""What holds of the checkout as a whole and no other tool looks at."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kongadmin.environment import DECLARED, PREFIX

ROOT = Path(__file__).resolve().parents[2]


def test_readme_tells_of_every_setting_and_of_no_other() -> None:
    readme = (ROOT / "README.md").read_text()
    told = set(re.findall(rf"{PREFIX}[A-Z_]+(?<!_FILE)(?<!_)\b", readme))

    assert told == set(DECLARED)


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/requirements.lock"])
def test_locks_hold_hashes_and_name_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "--hash=sha256:" in text
    assert "://" not in text


def test_the_gateway_imports_neither_forms_nor_templates() -> None:
    files = [*(ROOT / "kongadmin" / "gateway").rglob("*.py")]
    imported = {name for file in files for name in imports(file)}

    assert files
    assert not [n for n in imported if n.startswith(("django.forms", "django.templat"))]


def imports(file: Path) -> Iterator[str]:
    """Return the dotted names of what a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
