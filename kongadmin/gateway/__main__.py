"""`python -m kongadmin.gateway`: the proxy listener, in processes without Django.

What they need is loaded once, before granian forks them.
"""

import gc
import multiprocessing
import os
import signal
from functools import partial

from kongadmin.parents import end_after, end_with_parent

SECONDS_TO_STOP = 3  # what may still be waited for if granian loses a signal
SECONDS_BESIDE = 0.5


def begin_worker(parent: int) -> None:
    """Let SIGTERM end a worker that cannot heed it yet, and the end of its parent.

    It has granian's handler from there, and would forget what meets it before it has
    its own.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_after(parent)


def serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing to clean up while it loads
    end_with_parent()
    gc.disable()
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings, HTTP2Settings
    from granian.log import LogLevels

    from kongadmin.gateway import wsgi
    from kongadmin.settings import LOG_LEVEL, PROXY_LISTEN, WORKERS

    gc.freeze()  # what is loaded stays, in memory that the workers share
    gc.enable()
    multiprocessing.set_start_method("fork")
    os.register_at_fork(after_in_child=partial(begin_worker, os.getpid()))
    Granian(
        f"{wsgi.__name__}:{wsgi.proxy.__name__}",
        address=PROXY_LISTEN.host,
        port=PROXY_LISTEN.port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=1,
        websockets=False,
        http1_settings=HTTP1Settings(),
        http2_settings=HTTP2Settings(),
        log_level=LogLevels(LOG_LEVEL),
        respawn_failed_workers=True,
        respawn_interval=SECONDS_BESIDE,
        workers_kill_timeout=SECONDS_TO_STOP,
    ).serve()


if __name__ == "__main__":
    serve()
