"""Settings of the test run, its database, and the real server.

TEST_DATABASE=sqlite (the default) or postgresql says which database everything runs on.
"""

import os
import signal
import tempfile
from collections.abc import Iterator

import django
import hypothesis
import pytest
from django.conf import settings

import postgresql
import servers
from clients import Client

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
MODULE = {"DJANGO_SETTINGS_MODULE": "kongadmin.settings"}
SETTINGS = {
    "KONGADMIN_SECRET_KEYS": servers.SECRET_KEY,
    "KONGADMIN_PASSWORD": servers.PASSWORD,
}
STARTED: list = []
# A busy machine is no reason to fail, and a gate says the same thing twice.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize="CI" in os.environ
)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the settings before Django reads them; workers inherit the choice."""
    if DATABASE not in ("sqlite", "postgresql"):
        raise pytest.UsageError("TEST_DATABASE must be sqlite or postgresql")
    # A run that is told to stop takes its servers with it, as with Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        own_home(config.workerinput["workerid"])
    else:
        choose_settings()
    os.environ.update(MODULE)
    # A page in a test needs no hashed file names, so nothing has to be collected.
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        },
    }
    # A file, so that threads and processes meet the locking that production meets.
    if DATABASE == "sqlite":
        options = settings.DATABASES["default"].setdefault("TEST", {})
        options["NAME"] = settings.HOME / "test.db"
    # What the tests make goes with the home or the cluster, not table by table.
    config.option.reuse_db = True
    django.setup()
    forget_by_number_only()
    hash_quickly()
    # With this in the environment pytest-django reads the settings of a worker before
    # they are chosen here.
    for name in MODULE:
        del os.environ[name]


def forget_by_number_only() -> None:
    """Let what is remembered outlive a slow test: only changes end it here."""
    from kongadmin.access import permissions
    from kongadmin.dialects.kubernetes import reconcile_triggers
    from realms import models

    for cache in (models.known, permissions.known, reconcile_triggers.known):
        cache.seconds = 3600
    # That there is no object of kubectl's is known, so that no page asks for any.
    reconcile_triggers.known.get("any")
    reconcile_triggers.known.set("any", False)


def hash_quickly() -> None:
    """Let a password cost no half second; who signs in to a server still pays it."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


def own_home(worker: str) -> None:
    """Give a worker a home of its own: what one writes must not wake the others."""
    home = os.path.join(os.environ["KONGADMIN_HOME"], worker)
    os.makedirs(f"{home}/static")
    os.environ["KONGADMIN_HOME"] = home


def choose_settings() -> None:
    if settings.configured:
        raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the tests choose it")
    home = tempfile.TemporaryDirectory(prefix="kongadmin-tests-")
    os.makedirs(f"{home.name}/static")
    STARTED.append(home.cleanup)
    kept = servers.without_settings(os.environ)
    os.environ.clear()
    os.environ.update(kept | SETTINGS)
    os.environ.update({"KONGADMIN_HOME": home.name, "TEST_FOLDER": home.name})
    if DATABASE == "postgresql" and not postgresql.missing():
        cluster = postgresql.Cluster(durable=os.environ.get("BENCH") == "full")
        STARTED.append(cluster.stop)
        os.environ["TEST_POSTGRESQL"] = cluster.url("kongadmin")
        os.environ["KONGADMIN_DATABASE_URL"] = cluster.url("kongadmin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say of each test which of the runs of `make test` need it."""
    for item in items:
        if "bench" in item.path.parts:
            item.add_marker("figures")
        if touches_database(item):
            item.add_marker("database")


def touches_database(item: pytest.Item) -> bool:
    """Say whether a test may: by a mark, a fixture, or servers that its module knows.

    pytest-django keeps every other test from the database.
    """
    fixtures = {"db", "transactional_db", "server", "authorizer"}
    modules = {"Server", "servers", "postgresql"}
    return bool(
        item.get_closest_marker("django_db")
        or fixtures & {*item.fixturenames}
        or modules & {*dir(item.module)}
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    while STARTED:
        STARTED.pop()()


def pytest_report_header() -> str:
    return f"database: {DATABASE}"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    """Run nothing where the database that was asked for is not installed."""
    reason = postgresql.missing() if DATABASE == "postgresql" else None
    if reason:
        pytest.exit(f"skipped: {reason}", returncode=0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show with a failure what the servers printed."""
    report = yield
    if report.failed:
        for server in servers.RUNNING:
            report.sections.append((f"serve at {server.admin}", server.log[-4000:]))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many scenarios of the contract nobody claims yet, where they were run."""
    from contract import claims

    reports = [r for group in terminalreporter.stats.values() for r in group]
    if any("test_contract.py" in getattr(r, "nodeid", "") for r in reports):
        terminalreporter.write_line(claims.summary())


@pytest.fixture(scope="session")
def server() -> Iterator[servers.Server]:
    """The product, started once; a test names what it makes so that none meet."""
    with servers.Server() as running:
        yield running


@pytest.fixture
def api(db) -> Client:
    """The Admin API with RBAC off, as `make run` starts it."""
    from kongadmin.listeners import admin
    from realms.models import forget

    forget()  # control planes of a test that was rolled back
    return Client(admin)


@pytest.fixture
def pages(client, db):
    """The Manager with an administrator signed in."""
    from factories import make_user

    client.force_login(make_user("root", "super-admin"))
    return client
