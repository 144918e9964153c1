"""A wrong setting stops the start with one sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers import ROOT, SECRET_KEY, without_settings

PUBLIC = "0.0.0.0:8001"


def start(
    home: Path, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run manage.py with the given KONGADMIN_* settings."""
    given = {"HOME": str(home), "SECRET_KEYS": SECRET_KEY, **settings}
    env = without_settings(os.environ)
    return subprocess.run(
        [sys.executable, "manage.py", *(arguments or ["check"])],
        cwd=ROOT,
        env=env | {f"KONGADMIN_{name}": value for name, value in given.items()},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ADMIN_LISTEN", "8001", "is '8001' but must be host:port"),
        ("PROXY_LISTEN", "localhost:http", "must be host:port"),
        ("ADMIN_GUI_LISTEN", "localhost:65536", "must be host:port"),
        ("ADMIN_GUI_URL", "manager.example.com", "must begin with http:// or https://"),
        ("DATABASE_URL", "mysql://localhost/kong", "must begin with postgres://"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL"),
        ("REDIS_URL", "localhost:6379", "is not the address of a Redis"),
        ("REDIS_URL", "redis://user:hunter2@host:port", "is not the address of"),
        ("REDIS_URL", "rediss://host?socket_timeout=soon", "is not the address of"),
        ("SECRET_KEYS", "short", "at least 32 characters each"),
        ("SECRET_KEYS", f"{SECRET_KEY} short", "at least 32 characters each"),
        ("ENFORCE_RBAC", "yes", "is 'yes' but must be on or off"),
        ("WORKERS", "0", "must be a whole number from 1 to 64"),
        ("WORKERS", "many", "is 'many' but must be a whole number"),
        ("MAX_BODY_SIZE", "8 apples", "must be a size, such as 8m"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "names a bad network"),
        ("COMPAT_VERSION", "3.x", "must look like 3.9.3"),
        ("PLUGIN_SCHEMAS", "/nowhere", "but there is no such folder to read"),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
        ("ADMIN_LISTEN", PUBLIC, "set KONGADMIN_ENFORCE_RBAC=on first"),
        ("PROXY_LISTEN", "[::]:8000", "set KONGADMIN_ENFORCE_RBAC=on first"),
        ("ADMIN_GUI_LISTEN", "192.0.2.1:8002", "set KONGADMIN_ENFORCE_RBAC=on first"),
        ("SECRET_KEYS_FILE", "/nowhere/at/all", "SECRET_KEYS_FILE cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, name: str, value: str, reason: str
) -> None:
    given = {"SECRET_KEYS": ""} if name == "SECRET_KEYS_FILE" else {}

    done = start(tmp_path, **{**given, name: value})

    assert (done.returncode, done.stdout) == (1, "")
    assert_is_one_sentence(done.stderr)
    assert f"KONGADMIN_{name}" in done.stderr
    assert reason in done.stderr
    assert "hunter2" not in done.stderr


def assert_is_one_sentence(text: str) -> None:
    assert text.startswith("kongadmin: ")
    assert text.endswith(".\n")
    assert text.count("\n") == 1


def test_a_public_address_is_fine_with_rbac(tmp_path: Path) -> None:
    done = start(tmp_path, ADMIN_LISTEN=PUBLIC, ENFORCE_RBAC="on")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("settings", [{"SECRET_KEYS": ""}, {}])
def test_a_home_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, settings: dict
) -> None:
    (tmp_path / "file").touch()

    done = start(tmp_path / "file" / "home", "prepare", **settings)

    assert done.returncode == 1
    assert_is_one_sentence(done.stderr)
    assert "KONGADMIN_HOME" in done.stderr


def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "kongadmin.db"

    done = start(tmp_path, "prepare", DATABASE_URL=f"sqlite:///{path}")

    assert done.returncode == 1
    assert_is_one_sentence(done.stderr.rstrip("\n").rstrip(".") + ".\n")
    assert "database" in done.stderr


def test_a_wrong_plugin_schema_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: cors\nfields: []\n")

    done = start(tmp_path, PLUGIN_SCHEMAS=str(tmp_path))

    assert (done.returncode, done.stdout) == (1, "")
    assert_is_one_sentence(done.stderr)
    assert "KONGADMIN_PLUGIN_SCHEMAS" in done.stderr
    assert f"{tmp_path}/own.yaml: " in done.stderr


def test_a_setting_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "level").write_text("loud\n")

    done = start(tmp_path, LOG_LEVEL_FILE=str(tmp_path / "level"))
    overruled = start(
        tmp_path, LOG_LEVEL_FILE=str(tmp_path / "level"), LOG_LEVEL="info"
    )

    assert "KONGADMIN_LOG_LEVEL is 'loud'" in done.stderr
    assert overruled.returncode == 0, overruled.stderr


def test_without_secret_keys_one_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    first = start(tmp_path, SECRET_KEYS="")
    made = (tmp_path / "secret_keys").read_text()
    second = start(tmp_path, SECRET_KEYS="")

    assert (first.returncode, second.returncode) == (0, 0)
    assert len(made.strip()) >= 32
    assert (tmp_path / "secret_keys").read_text() == made
    assert (tmp_path / "secret_keys").stat().st_mode & 0o777 == 0o600
