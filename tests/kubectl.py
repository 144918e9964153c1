"""kubectl, as it is installed or built, told where the server is by a kubeconfig."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import programs
from servers import Server

OLDEST = 27
BUILT = programs.BUILT["kubectl"]
PROGRAM = str(BUILT) if BUILT.exists() else "kubectl"
MAKE_TOKEN = """
import json, django
django.setup()
from django.contrib.auth import get_user_model
from kongadmin.access.models import APIToken
token, text = APIToken.issue(get_user_model().objects.get(), "kubectl")
print(json.dumps(text))
"""


def missing() -> str | None:
    """Return why the tests with kubectl cannot run, None if they can."""
    if why_not := programs.missing("kubectl", PROGRAM):
        return why_not
    said = subprocess.run(
        [PROGRAM, "version", "--client", "-o", "json"], capture_output=True, text=True
    )
    found = re.search(r'"minor": "(\d+)', said.stdout)
    if not found or int(found[1]) < OLDEST:
        return f"kubectl is older than 1.{OLDEST}"
    return None


def needed() -> pytest.MarkDecorator:
    """Return the mark of tests that run it."""
    return programs.unless(missing())


def make_token(server: Server) -> str:
    """Return the text of a token of kong_admin's."""
    return server.run(MAKE_TOKEN)


class Kubectl:
    """Runs kubectl with a kubeconfig, in a home of its own."""

    def __init__(self, config: Path, home: Path) -> None:
        self.env = {**os.environ, "KUBECONFIG": str(config), "HOME": str(home)}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            input=stdin,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def do(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that has to succeed; return what it printed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def apply(self, manifest: str) -> str:
        return self.do("apply", "-f", "-", stdin=manifest)

    def condition(self, what: str, type_: str = "Programmed") -> list:
        """Return a condition as the guide looks at it: generation, reason, status."""
        text = self.do("get", *what.split(), "-o=jsonpath={.status.conditions}")
        (found,) = [one for one in json.loads(text) if one["type"] == type_]
        return [found["observedGeneration"], found["reason"], found["status"]]
