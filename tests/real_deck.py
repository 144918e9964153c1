"""decK itself, built from its source, run against a server of the tests."""

import subprocess
from pathlib import Path

import yaml

from programs import BUILT
from servers import ROOT, Server

EVERYTHING = ROOT / "tests" / "real_clients" / "everything.yaml"
FORMAT = {"_format_version": "3.0"}
DIFFERS = 2


class Deck:
    """The command line of decK, told where the Admin API is."""

    def __init__(self, server: Server, *options: str) -> None:
        self.options = ("--kong-addr", server.admin, "--analytics=false", *options)

    def run(self, verb: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [BUILT["deck"], "gateway", verb, *map(str, arguments), *self.options]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def do(self, verb: str, *arguments: object) -> str:
        """Run a command that has to succeed; return what it printed."""
        done = self.run(verb, *arguments)
        assert done.returncode == 0, f"deck {verb}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def differences(self, file: Path, *arguments: object) -> str:
        """Return what a sync of `file` would change; nothing if all is as it says."""
        done = self.run("diff", file, "--non-zero-exit-code", *arguments)
        output = f"{done.stdout}{done.stderr}"
        assert done.returncode in (0, DIFFERS), output
        return output if done.returncode == DIFFERS else ""

    def dump(self, file: Path, *arguments: object) -> dict:
        self.do("dump", "--yes", "-o", file, *arguments)
        return yaml.safe_load(file.read_text())


def write(path: Path, **content: object) -> Path:
    path.write_text(yaml.safe_dump({**FORMAT, **content}))
    return path
