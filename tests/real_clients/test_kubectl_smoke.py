"""The contract's smoke script with the real kubectl, whole, against the product."""

import os
import subprocess
from pathlib import Path

import pytest

import kubectl
from programs import needs
from servers import ROOT, Server

SCRIPT = Path("contract/kubernetes-samples/kubectl-smoke.sh")
PLACES = [ROOT.parent / "shared" / SCRIPT]
FOUND = next((place for place in PLACES if place.exists()), None)

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason="the contract's samples are not here"),
    kubectl.needed(),
    needs("jq"),
]


def run(server: str, token: str = "") -> str:
    """Run the script; return what it printed."""
    given = {"SERVER": server, "TOKEN": token, "KUBECTL": kubectl.PROGRAM}
    env = os.environ | given
    done = subprocess.run([FOUND], env=env, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_the_smoke_script_passes() -> None:
    with Server() as own:
        printed = run(own.admin)

    assert "98 passed, 0 failed" in printed, printed


def test_the_smoke_script_passes_with_a_token_where_one_is_needed() -> None:
    with Server(ENFORCE_RBAC="on") as guarded:
        printed = run(guarded.admin, kubectl.make_token(guarded))

    assert "99 passed, 0 failed" in printed, printed
