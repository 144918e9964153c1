"""Starts, supervises, reloads and stops the processes behind the three listeners.

Two programs serve: granian the authorizer, a plain WSGI callable, at several times
gunicorn's rate; gunicorn the Admin API and the Manager, because it hands over the path
as it was sent (a name may hold an encoded slash) and binds both ports to one set of
workers. Each looks after its own workers; this looks after the two.
"""

import gc
import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

import gunicorn.http.message
import gunicorn.http.wsgi
from django.conf import settings
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication

from kongadmin.environment import Address, refuse
from kongadmin.parents import end_with_parent

LISTENERS = {
    "PROXY_LISTEN": settings.PROXY_LISTEN,
    "ADMIN_LISTEN": settings.ADMIN_LISTEN,
    "ADMIN_GUI_LISTEN": settings.ADMIN_GUI_LISTEN,
}
WORKER = "kongadmin.workers.Worker" if hasattr(select, "epoll") else "gthread"
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SECONDS_TO_STOP = 10
SWITCH_SECONDS = 0.0005
LOOK, PAUSE = 0.02, 2.0

# Kong takes raw UTF-8 in a path, and tells its version in the header that decK reads.
gunicorn.http.message.RFC9112_TARGET_INVALID = re.compile(r"[\x00-\x20\x7f]")
gunicorn.http.wsgi.SERVER = settings.KONG_SERVER
# Of a second Content-Type the Admin API tells in Kong's words.
gunicorn.http.message.RFC9110_5_3_SINGLETON_FIELDS = frozenset({"HOST"})


class DjangoListeners(BaseApplication):
    """gunicorn, told in Python what to serve."""

    def load_config(self) -> None:
        options = {
            "bind": [str(settings.ADMIN_LISTEN), str(settings.ADMIN_GUI_LISTEN)],
            "workers": settings.WORKERS,
            "worker_class": WORKER,
            "threads": settings.DATABASE_THREADS,
            "keepalive": 75,
            "timeout": 60,
            "graceful_timeout": SECONDS_TO_STOP - 2,
            "preload_app": True,
            "forwarded_allow_ips": ",".join(map(str, settings.TRUSTED_PROXIES)),
            "loglevel": settings.LOG_LEVEL,
            "control_socket_disable": True,
            "pre_request": count_content_types,
            "post_fork": settle_in,
            "worker_exit": ignore_signals,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable:
        from kongadmin.listeners import application

        get_resolver().url_patterns  # noqa: B018 - loads the pages, for all workers
        return application


def ignore_signals(arbiter, worker) -> None:
    """Let a worker that has ended clean up: a second Ctrl+C would interrupt it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)


def settle_in(server, worker) -> None:
    """Keep requests from waiting: for the garbage collector, for a thread's turn."""
    gc.freeze()  # what was loaded before the fork stays, and need not be looked at
    sys.setswitchinterval(SWITCH_SECONDS)  # a thread may have its answer already


def count_content_types(worker, request) -> None:
    """Tell the Admin API of a repeated Content-Type, which WSGI would hide."""
    given = [name for name, _ in request.headers if name == "CONTENT-TYPE"]
    if len(given) > 1:
        request.headers.append(("X-KONGADMIN-CONTENT-TYPES", str(len(given))))


def start_django() -> int:
    """Fork gunicorn off this process, which has Django loaded; return its id."""
    pid = os.fork()
    if pid:
        return pid
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # what it inherits is the supervisor's
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    end_with_parent()
    sys.argv = ["kongadmin"]
    DjangoListeners().run()
    os._exit(0)


def start_authorizer() -> int:
    """Start granian with the authorizer; return its process id."""
    command = [sys.executable, "-m", "kongadmin.gateway"]
    return os.posix_spawn(sys.executable, command, os.environ, setsigmask=())


def check_ports() -> None:
    """Refuse to start where a listener's port is taken or may not be bound."""
    for name, address in LISTENERS.items():
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.host, address.port))
            except OSError as error:
                refuse(
                    f"{address} cannot be bound ({error.strerror.lower()}); "
                    f"set KONGADMIN_{name} to another address."
                )


def answers(address: Address) -> bool:
    """Say whether somebody listens at `address`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)
    try:
        socket.create_connection((host, address.port), timeout=1).close()
    except OSError:
        return False
    return True


class Supervisor:
    """Keeps the two servers running until it is told to stop."""

    starters = (start_authorizer, start_django)

    def __init__(self) -> None:
        self.running: dict[int, Callable[[], int]] = {}
        self.started: dict[int, float] = {}
        self.is_stopping = False

    def start(self, starter: Callable[[], int]) -> None:
        """Start a server unless all are to stop; signals wait until it is known."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        if not self.is_stopping:
            pid = starter()
            self.running[pid], self.started[pid] = starter, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; return the exit code."""
        for starter in self.starters:
            self.start(starter)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGHUP, self.reload)
        code, is_ready = 0, False
        while self.running:
            patience = 0 if is_ready or self.is_stopping else os.WNOHANG
            pid, status = os.waitpid(-1, patience)
            if pid:
                code = self.replace(pid, status, is_ready) or code
            elif all(map(answers, LISTENERS.values())):
                is_ready = True
                on_ready()
            else:
                time.sleep(LOOK)
        return code

    def replace(self, pid: int, status: int, is_ready: bool) -> int:
        """Start what ended once more; its exit code, if it never came to serve."""
        starter = self.running.pop(pid, None)
        if starter is None or self.is_stopping:
            return 0
        if not is_ready:
            self.stop()
            return os.waitstatus_to_exitcode(status) or 1
        # Not too often, if it fails again and again.
        time.sleep(PAUSE if time.monotonic() - self.started.pop(pid) < PAUSE else 0)
        self.start(starter)
        return 0

    def send(self, number: int) -> None:
        for pid in self.running:
            os.kill(pid, number)

    def stop(self, *_: object) -> None:
        self.is_stopping = True
        self.send(signal.SIGTERM)

    def reload(self, *_: object) -> None:
        """Replace the workers one after the other; requests go on being answered."""
        self.send(signal.SIGHUP)
