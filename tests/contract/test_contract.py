from collections.abc import Iterator

import pytest

import programs
from contract import claims
from contract.konnect import Clocked
from servers import Server

EVERY = [scenario for scenario in claims.scenarios() if claims.is_claimed(scenario)]
KONNECT = [scenario for scenario in EVERY if claims.is_konnect(scenario)]
CLAIMED = [scenario for scenario in EVERY if not claims.is_konnect(scenario)]
COMMUNITY = [scenario for scenario in CLAIMED if scenario.get("profile") != "ee"]
# Scenarios that need this are run against that.
SERVERS = {"regions-us-eu": "two_regions", "cache-konnect": "lagging"}
pytestmark = programs.unless(claims.missing())


@pytest.mark.parametrize(
    "scenario", CLAIMED, ids=[f"{s['file']}-{s['id']}" for s in CLAIMED]
)
def test_the_listeners_keep_the_contract(scenario: dict, server: Server) -> None:
    run_cases = claims.runner()
    targets = run_cases.Targets(admin=server.admin, proxy=server.proxy, profile="ee")

    run_cases.run_scenario(scenario, targets)


@pytest.fixture(scope="module")
def community() -> Iterator[Server]:
    """The product, telling its clients that it is the community's Kong."""
    with Server(COMPAT_VERSION="3.9.3") as running:
        yield running


@pytest.mark.one_database
@pytest.mark.parametrize(
    "scenario", COMMUNITY, ids=[f"{s['file']}-{s['id']}" for s in COMMUNITY]
)
def test_the_community_edition_keeps_the_contract(
    scenario: dict, community: Server
) -> None:
    run_cases = claims.runner()
    targets = run_cases.Targets(
        admin=community.admin, proxy=community.proxy, profile="oss"
    )

    run_cases.run_scenario(scenario, targets)


@pytest.fixture(scope="module")
def konnect() -> Iterator[Clocked]:
    """The admin listener with RBAC on, and with a clock that scenarios move."""
    with Clocked() as running:
        yield running


@pytest.fixture(scope="module")
def two_regions() -> Iterator[Clocked]:
    """The same, for two regions that are told apart by host."""
    hosts, regions = ".api.example.test", frozenset({"regions-us-eu"})
    with Clocked(regions, REGIONS="us eu", ALLOWED_HOSTS=hosts) as running:
        yield running


@pytest.fixture(scope="module")
def lagging() -> Iterator[Clocked]:
    """The same, remembering realms as Konnect's data planes do."""
    provides = frozenset({"cache-konnect"})
    with Clocked(provides, REALM_CACHE_MODE="konnect") as running:
        yield running


@pytest.mark.parametrize(
    "scenario", KONNECT, ids=[f"{s['file']}-{s['id']}" for s in KONNECT]
)
def test_the_konnect_dialect_and_the_authorizer_keep_the_contract(
    scenario: dict, request: pytest.FixtureRequest
) -> None:
    needs = scenario.get("needs", ())
    servers = [name for need, name in SERVERS.items() if need in needs]
    running = request.getfixturevalue([*servers, "konnect"][0])

    claims.runner().run_scenario(scenario, running.targets())


def test_what_is_not_yet_claimed_exists() -> None:
    files = {scenario["file"] for scenario in claims.scenarios()}
    ids = {s["id"] for s in claims.scenarios() if s["file"] not in claims.FILES_NOT_YET}

    assert files >= claims.FILES_NOT_YET
    assert ids >= claims.NOT_YET
