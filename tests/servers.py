"""The product as it is really started: `manage.py serve` on three free ports."""

import fcntl
import http.client
import json as json_format
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import postgresql

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a horse of another colour"
SECRET_KEY = "a-key-that-protects-only-what-tests-make-up"
RUNNING: list["Server"] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """What a listener answered, whatever its status."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json_format.loads(self.body)


def ask(
    url: str,
    method: str = "GET",
    *,
    json: Any = None,
    form: dict | None = None,
    headers: dict | None = None,
    timeout: float = 30,
) -> Answer:
    """Send one request and return its answer; redirects are not followed."""
    parts = urllib.parse.urlsplit(url)
    headers, body = dict(headers or {}), None
    if json is not None:
        body = json_format.dumps(json).encode()
        headers.setdefault("Content-Type", "application/json")
    if form is not None:
        body = urllib.parse.urlencode(form, doseq=True).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout)
    try:
        target = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class Server:
    """One product with its own home, database and ports; stopped at the end of `with`.

    Settings given by name are passed on: `Server(WORKERS="1", ENFORCE_RBAC="on")`.
    It starts for the second time, as from a copy of a home already prepared; with
    `is_new` for the first.
    """

    password = PASSWORD
    command = ["manage.py", "serve"]

    def __init__(self, is_new: bool = False, **settings: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="kongadmin-server-")
        self.home = Path(self.folder.name) / "home"
        self.log_path = Path(self.folder.name) / "log"
        ports = free_ports(3)
        self.proxy, self.admin, self.manager = (
            f"http://127.0.0.1:{port}" for port in ports
        )
        proxy, admin, manager = (f"127.0.0.1:{port}" for port in ports)
        self.env = without_settings(os.environ) | {
            "PYTHONUNBUFFERED": "1",
            "KONGADMIN_HOME": str(self.home),
            "KONGADMIN_PROXY_LISTEN": proxy,
            "KONGADMIN_ADMIN_LISTEN": admin,
            "KONGADMIN_ADMIN_GUI_LISTEN": manager,
            "KONGADMIN_PASSWORD": self.password,
            "KONGADMIN_SECRET_KEYS": SECRET_KEY,
            "KONGADMIN_WORKERS": "2",
            **{f"KONGADMIN_{name}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen | None = None
        template = None if is_new else self.template()
        self.database = make_database(template)
        if self.database:
            self.env.setdefault("KONGADMIN_DATABASE_URL", self.database)
        if template:
            shutil.copytree(template / "home", self.home)

    def template(self) -> Path:
        """Return the folder of a prepared home, made by the first to ask in this run.

        On PostgreSQL a database of the folder's name is prepared along with it.
        """
        version = self.env.get("KONGADMIN_COMPAT_VERSION", "newest")
        folder = Path(os.environ["TEST_FOLDER"]) / f"template_{version}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                near = os.environ.get("TEST_POSTGRESQL")
                url = near and postgresql.create_database(near, folder.name)
                own = {"KONGADMIN_DATABASE_URL": url} if url else {}
                own["KONGADMIN_HOME"] = str(folder / "home")
                self.manage("prepare", **own)
        return folder

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *raised: object) -> None:
        try:
            self.stop()
        finally:
            self.remove()

    def start(self) -> Self:
        """Start serving and return when every listener answers."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        RUNNING.append(self)
        try:
            self.wait()
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def listeners(self) -> list[str]:
        return [self.admin, self.manager, self.proxy]

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        for url in self.listeners:
            while not answers(url):
                code = self.process.poll()
                assert code is None, f"serve ended with {code}:\n{self.log}"
                assert time.monotonic() < deadline, f"{url} is silent:\n{self.log}"
                time.sleep(0.05)

    def stop(self, by: signal.Signals = signal.SIGTERM, seconds: float = 60) -> None:
        """Ask it to end, and fail unless it does so cleanly, every process of it."""
        if self.process is None:
            return
        family = [self.process.pid, *self.processes()]
        self.process.send_signal(by)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = f"nothing for {seconds} seconds"
        left = [pid for pid in family if is_alive(pid)]
        log = self.log
        self.kill()
        assert code == 0, f"{by.name} was answered by {code}:\n{log}"
        assert not left, f"processes {left} outlived serve:\n{log}"

    def kill(self) -> None:
        """End every process of it at once, as a power cut would."""
        if self.process is None:
            return
        for pid in [self.process.pid, *self.processes()]:
            send(pid, signal.SIGKILL)
        self.process.wait(60)
        self.process = None
        RUNNING.remove(self)

    def kill_worker(self, by: signal.Signals = signal.SIGKILL) -> int:
        """End one worker process, whichever; return its pid."""
        children = self.processes()
        parents = {parent for parent, _ in children.values()}
        pid = random.choice([pid for pid in children if pid not in parents])
        send(pid, by)
        return pid

    def processes(self) -> dict[int, tuple[int, str]]:
        """Return every descendant of serve: pid → (parent's pid, command line)."""
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="],
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
        every = {int(row[0]): (int(row[1]), row[2]) for row in rows if len(row) == 3}
        found: dict[int, tuple[int, str]] = {}
        parents = {self.process.pid}
        while parents:
            more = {pid: row for pid, row in every.items() if row[0] in parents}
            found |= more
            parents = set(more)
        return found

    def manage(
        self, *arguments: str, check: bool = True, stdin: str = "", **other: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a management command with the same settings, and others if given."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env | other,
            input=stdin,
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{arguments} failed:\n{output}"
        return done

    def run(self, code: str) -> Any:
        """Run Python with the same settings; return the JSON it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**self.env, "DJANGO_SETTINGS_MODULE": "kongadmin.settings"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json_format.loads(done.stdout)

    def sign_in(self) -> dict[str, str]:
        """Sign in to the Manager as kong_admin; return the cookies to send."""
        url = f"{self.manager}/account/sign-in"
        token = cookies_of(ask(url))["kongadmin_csrf"]
        form = {
            "username": "kong_admin",
            "password": self.password,
            "csrfmiddlewaretoken": token,
        }
        answer = ask(
            url, "POST", form=form, headers={"Cookie": f"kongadmin_csrf={token}"}
        )
        assert answer.status == 303, answer.text
        return cookies_of(answer)

    @property
    def log(self) -> str:
        """Everything serve has printed so far."""
        return self.log_path.read_text(errors="replace")

    def remove(self) -> None:
        self.kill()
        if self.database:
            postgresql.drop_database(self.database)
        self.folder.cleanup()


def cookies_of(answer: Answer) -> dict[str, str]:
    """Return the cookies that an answer sets."""
    given = answer.headers.get_all("Set-Cookie", [])
    pairs = (cookie.partition(";")[0].partition("=") for cookie in given)
    return {name: value for name, _, value in pairs}


def make_database(template: Path | None) -> str | None:
    """Return the address of a database of its own when the tests run on PostgreSQL."""
    near = os.environ.get("TEST_POSTGRESQL")
    if not near:
        return None
    name = f"server_{random.randbytes(6).hex()}"
    return postgresql.create_database(near, name, template and template.name)


def without_settings(environment: dict) -> dict:
    """Return the environment without what the person at the keyboard has set."""
    foreign = (
        "DATABASE_URL",
        "DJANGO_SETTINGS_MODULE",
        "PYTHONDONTWRITEBYTECODE",  # every start would compile everything
        "REDIS_URL",
    )
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("KONGADMIN_") and name not in foreign
    }


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on, below those the system hands out by itself."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def answers(url: str) -> bool:
    try:
        return ask(url, timeout=5).status < 500
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def running(command: list, url: str, **options: Any) -> Iterator[subprocess.Popen]:
    """Run a program of the tests' own until `with` ends, once it answers at `url`."""
    process = subprocess.Popen(command, **options)
    try:
        while not answers(url):
            assert process.poll() is None, f"{command[0]} did not start"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def is_alive(pid: int) -> bool:
    """Say whether the process still runs; one that only awaits its parent does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")


def send(pid: int, by: signal.Signals) -> None:
    try:
        os.kill(pid, by)
    except ProcessLookupError:
        return
