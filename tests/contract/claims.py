"""Which scenarios of the contract the product claims: all but those named here.

A scenario leaves the list when what it needs is there, so no claim can vanish unseen.
"""

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from kongadmin.schema.yaml_text import read_yaml

FOLDER = Path(
    os.environ.get("TEST_CONTRACT")
    or Path(__file__).resolve().parents[3] / "shared" / "contract"
)
RUNNER = FOLDER / "run_cases.py"

# Whole files: they speak a dialect, or are about entities, that do not exist yet.
FILES_NOT_YET: set[str] = set()

# Scenarios of files that are otherwise claimed, by what they wait for.
SERVICES = {
    "data-plane-ext-auth-05",
    "data-plane-rate-limits-09",
    "data-plane-rate-limits-10",
}
# It wants a header as a number, and others want the same one as text.
CONTRADICTORY = {"data-plane-rate-limits-07"}
NOT_YET: set[str] = SERVICES | CONTRADICTORY


def missing() -> str | None:
    """Return why the contract cannot be run here, or None."""
    if not RUNNER.exists():
        return f"the contract is not beside the checkout ({RUNNER} is missing)"
    return None


@cache
def runner() -> ModuleType:
    """Return run_cases.py as a module."""
    spec = importlib.util.spec_from_file_location("run_cases", RUNNER)
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_cases"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    module.yaml.safe_load = read_yaml  # as safe, and seconds quicker
    return module


@cache
def scenarios() -> list[dict]:
    """Return every scenario of the contract; none where there is no contract."""
    return [] if missing() else runner().load_cases(FOLDER / "cases")


def is_claimed(scenario: dict) -> bool:
    return scenario["file"] not in FILES_NOT_YET and scenario["id"] not in NOT_YET


def is_konnect(scenario: dict) -> bool:
    """Say whether a scenario speaks Konnect's dialect, and not the Admin API's."""
    return scenario["file"].startswith(("konnect-", "data-plane-"))


def summary() -> str:
    """Return one line for the end of a test run."""
    if missing():
        return f"contract: {missing()}"
    count = sum(not is_claimed(scenario) for scenario in scenarios())
    return f"contract: {count} of {len(scenarios())} scenarios not yet claimed"
