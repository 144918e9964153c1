"""gunicorn's worker, whose few threads are not given to those who only listen."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor

from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

# What stays open until the client hangs up: a watch of the Kubernetes API.
PATH = re.compile("(/admin-api)?/apis?/")
QUERY = re.compile("(^|.*&)watch=(true|1)(&|$)")
# More than are let in, so that the others are told so at once.
MOST_THREADS = 72
# For how long a client may take nothing of what it is sent.
PATIENCE_SECONDS = 30
STAYS = object()


def stays_open(request: Request) -> bool:
    return bool(PATH.match(request.path) and QUERY.match(request.query or ""))


class Worker(ThreadWorker):
    """gthread, but a request that stays open goes on in a thread of its own."""

    def init_process(self) -> None:
        self.listening = ThreadPoolExecutor(MOST_THREADS)
        super().init_process()

    def handle_request(self, req: Request, conn: TConn) -> object:
        if not stays_open(req):
            return super().handle_request(req, conn)
        conn.open_request = req
        return STAYS

    def _keepalive_after(self, conn: TConn, keepalive: object) -> object:
        if keepalive is STAYS:
            return STAYS
        return super()._keepalive_after(conn, keepalive)

    def finish_request(self, conn: TConn, fs) -> None:
        if fs.cancelled() or fs.result() is not STAYS:
            super().finish_request(conn, fs)
            return
        going_on = self.listening.submit(self.go_on, conn)
        going_on.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def go_on(self, conn: TConn) -> bool:
        """Serve a request that stays open; say whether its connection may, too."""
        request = conn.open_request
        conn.sock.settimeout(PATIENCE_SECONDS)
        try:
            keepalive = super().handle_request(request, conn)
            return self._keepalive_after(conn, keepalive)
        except (OSError, StopIteration):  # the client hung up
            return False
        except Exception as error:
            self.handle_error(request, conn.sock, conn.client, error)
            return False

    def handle_exit(self, sig, frame) -> None:
        end_watches()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig, frame) -> None:
        end_watches()
        super().handle_quit(sig, frame)


def end_watches() -> None:
    # Where nothing has loaded it nobody watches, and Django may not be ready to.
    if watch := sys.modules.get("kongadmin.dialects.kubernetes.watch"):
        watch.stopping.set()
