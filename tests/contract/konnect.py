"""What the scenarios of konnect-*.yaml and data-plane-*.yaml are run against."""

from contract import claims
from servers import ROOT, Server, ask


class Clocked(Server):
    """The admin listener alone, with a clock that can be moved; see clocked.py."""

    def __init__(self, provides: frozenset = frozenset(), **settings: str) -> None:
        super().__init__(ENFORCE_RBAC="on", **settings)
        self.provides = {"clock", "cache-coherent", "regions-us", *provides}
        self.command = ["tests/contract/clocked.py", self.admin.rpartition(":")[2]]
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "kongadmin.settings",
            "PYTHONPATH": f"{ROOT}:{ROOT}/tests",
        }

    @property
    def listeners(self) -> list[str]:
        return [self.admin]

    def targets(self):
        """Return what run_cases needs to know, the clock going on."""
        ask(f"{self.admin}/clock", "POST", json={"now": None})
        run_cases = claims.runner()
        return run_cases.Targets(
            konnect=self.admin,
            tokens=ask(f"{self.admin}/tokens").json(),
            profile="ee",
            provides=self.provides,
            clock=run_cases.http_clock(f"{self.admin}/clock", 30),
        )
