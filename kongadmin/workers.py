"""gunicorn's worker, in which each thread takes for itself the next request there is.

In gthread one thread waits for requests and hands them to others, which costs twice
what most answers do. Here all threads wait on one epoll; what is ready goes to one.
"""

import errno
import os
import re
import select
import socket
import struct
import sys
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread, get_ident

from gunicorn import http, util
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker as BaseWorker
from gunicorn.workers.gthread import ThreadWorker

# What stays open until the client hangs up: a watch of the Kubernetes API.
PATH = re.compile("(/admin-api)?/apis?/")
QUERY = re.compile("(^|.*&)watch=(true|1)(&|$)")
# More than are let in, so that the others are told so at once.
MOST_THREADS = 72
# For how long a client may send nothing of a request, or take nothing of an answer.
PATIENCE = struct.pack("@ll", 30, 0)
# How long a connection is kept at the end, for what its client may be sending.
LINGER_SECONDS = 2.0
LOOK_SECONDS, PAUSE = 1.0, 0.05
ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Connection:
    """A client's connection, which has waited since `idle_since`."""

    def __init__(self, cfg, sock: socket.socket, client, server) -> None:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, option, PATIENCE)
        self.sock = sock
        self.client = client
        self.server = server
        self.parser = http.get_parser(cfg, sock, client)
        self.is_parting = False
        self.idle_since = 0.0

    @property
    def has_more(self) -> bool:
        """Say whether the client sent another request without waiting for an answer."""
        return not self.is_parting and bool(self.parser.unreader.buf.getvalue())


def stays_open(request: Request) -> bool:
    return bool(PATH.match(request.path) and QUERY.match(request.query or ""))


class Worker(ThreadWorker):
    """gthread without the thread between, and with others for what stays open.

    A connection is in `idle` while it waits, longest first, and whoever takes it out
    of there has it. In `busy` are the threads, and what stays open.
    """

    def init_process(self) -> None:
        self.epoll = select.epoll()
        self.idle: OrderedDict[int, Connection] = OrderedDict()
        self.busy: set[int | Connection] = set()
        self.ended = 0.0
        self.listening = ThreadPoolExecutor(MOST_THREADS)
        BaseWorker.init_process(self)

    def run(self) -> None:
        self.listeners = {listener.fileno(): listener for listener in self.sockets}
        for number, listener in self.listeners.items():
            listener.setblocking(False)
            self.epoll.register(number, ONCE)
        for _ in range(self.cfg.threads):
            Thread(target=self.serve, daemon=True).start()
        while self.alive and self.is_parent_alive():
            self.notify()
            if select.select([self.PIPE[0]], [], [], LOOK_SECONDS)[0]:
                os.read(self.PIPE[0], 64)  # the numbers of signals
            self.close_idle()
        self.finish()

    def finish(self) -> None:
        """Hear out the clients that are there, for as long as it may take."""
        self.alive, self.ended = False, time.monotonic()
        for number in self.listeners:
            self.epoll.unregister(number)
        while time.monotonic() < self.ended + self.cfg.graceful_timeout:
            self.notify()
            time.sleep(PAUSE)
            self.close_idle()
            if not self.idle and not self.busy:
                break

    def close_idle(self) -> None:
        """Close the connections that have waited too long."""
        now = time.monotonic()
        for number, connection in self.idle.copy().items():
            end = max(connection.idle_since, self.ended) + LINGER_SECONDS
            if self.alive and not connection.is_parting:
                end = connection.idle_since + self.cfg.keepalive
            if end < now and self.idle.pop(number, None):
                util.close(connection.sock)

    def serve(self) -> None:
        """Take what is ready, one after other; a thread's work."""
        while True:
            [(number, _)] = self.epoll.poll(maxevents=1)
            self.busy.add(get_ident())  # before it is out of `idle`
            try:
                if listener := self.listeners.get(number):
                    self.accept(listener)
                elif connection := self.idle.pop(number, None):
                    self.take(connection)
            except Exception:
                self.log.exception("A connection is lost")
            self.busy.discard(get_ident())

    def accept(self, listener: socket.socket) -> None:
        if not self.alive:
            return  # another worker's
        try:
            sock, client = listener.accept()
            sock.setblocking(True)
            self.epoll.register(sock, 0)
            self.wait(Connection(self.cfg, sock, client, listener.getsockname()))
            if len(self.idle) > self.worker_connections:
                _, oldest = self.idle.popitem(last=False)
                util.close(oldest.sock)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                self.log.error("No connection is accepted: %s", error)
                time.sleep(PAUSE)  # too many files are open
        finally:
            with suppress(FileNotFoundError):  # no longer registered
                self.epoll.modify(listener, ONCE)

    def wait(self, connection: Connection) -> None:
        """Let whichever thread is free take the connection when there is something."""
        connection.idle_since = time.monotonic()
        # What has been read already is never told of; that it may be answered is.
        events = ONCE | select.EPOLLOUT if connection.has_more else ONCE
        self.idle[connection.sock.fileno()] = connection
        self.epoll.modify(connection.sock, events)

    def take(self, connection: Connection) -> None:
        if connection.is_parting:
            self.drain(connection)
        else:
            self.answer(connection)

    def answer(self, connection: Connection, request: Request | None = None) -> None:
        """Answer what the client asks, then wait for more of it, or part.

        With `request`, answer this, however long it takes.
        """
        is_kept = False
        try:
            if request is None:
                request = next(connection.parser)
                if stays_open(request):
                    self.busy.add(connection)
                    self.listening.submit(self.go_on, connection, request)
                    return
            keepalive = self.handle_request(request, connection)
            is_kept = self._keepalive_after(connection, keepalive)
        except (OSError, StopIteration):
            pass  # the client hung up
        except Exception as error:
            self.handle_error(request, connection.sock, connection.client, error)
        if is_kept:
            self.wait(connection)
        else:
            self.part_with(connection)

    def go_on(self, connection: Connection, request: Request) -> None:
        self.answer(connection, request)
        self.busy.discard(connection)

    def part_with(self, connection: Connection) -> None:
        """Close in such a way that the client gets the whole answer: RFC 9112, 9.6."""
        connection.is_parting = True
        try:
            connection.sock.shutdown(socket.SHUT_WR)
            self.wait(connection)
        except OSError:  # it was first
            util.close(connection.sock)

    def drain(self, connection: Connection) -> None:
        with suppress(OSError):
            if connection.sock.recv(65536):
                self.wait(connection)
                return
        util.close(connection.sock)

    def handle_exit(self, sig, frame) -> None:
        end_watches()
        BaseWorker.handle_exit(self, sig, frame)

    def handle_quit(self, sig, frame) -> None:
        end_watches()
        BaseWorker.handle_quit(self, sig, frame)


def end_watches() -> None:
    # Where nothing has loaded it nobody watches, and Django may not be ready to.
    if watch := sys.modules.get("kongadmin.dialects.kubernetes.watch"):
        watch.stopping.set()
