"""The programs that tests run beside the product, and why one may not be here.

`make test` brings each of them where it may: tests/install-*.sh. Where it may not (no
root, no Debian, no Go), what needs the program is skipped, and says so.
"""

import os
import shutil

import pytest

from servers import ROOT

PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
BUILT = {
    "deck": ROOT / ".tools" / "deck-1.55.0" / "deck",
    "kubectl": ROOT / ".tools" / "kubectl-1.32.4" / "kubectl",
    "traefik": ROOT / ".tools" / "traefik-3.5.3" / "traefik",
}
# Debian has no package of it, and its modules are too many to build for each run.
NOT_BROUGHT = {"terraform"}


def missing(name: str, program: str | os.PathLike | None = None) -> str | None:
    """Return why a program cannot be run here, None if it can.

    `program` is its file, or its command, where that is not its name.
    """
    if shutil.which(program or BUILT.get(name, name), os.F_OK, PATH):
        return None
    if name in NOT_BROUGHT:
        return f"{name} is not installed, and Debian, where tests install, has it not"
    script = name if name in BUILT else "system"
    return f"{name} is not here: tests/install-{script}.sh brings it, or says why not"


def needs(name: str) -> pytest.MarkDecorator:
    """Return the mark of tests that run a program."""
    return unless(missing(name))


def unless(why_not: str | None) -> pytest.MarkDecorator:
    """Return the mark of tests that are skipped if there is a reason to."""
    return pytest.mark.skipif(bool(why_not), reason=why_not or "")
