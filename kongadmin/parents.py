"""What becomes of a process when the one that started it is killed."""

import ctypes
import os
import signal
import time
from contextlib import suppress
from threading import Thread

PR_SET_PDEATHSIG = 1  # prctl(2)
LOOK_SECONDS = 0.5


def end_with_parent() -> None:
    """Have the kernel send this process a SIGTERM when its parent has ended.

    Else it would go on serving what it knows, beside those that take its place. Only
    Linux can.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_after(parent: int) -> None:
    """Send this process SIGTERMs from when `parent`, which forked it, has ended.

    The kernel sends one only, and none to who has not asked for it yet; a server that
    is just beginning may lose it.
    """

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        while True:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(LOOK_SECONDS)

    Thread(target=follow, name="kongadmin-parent", daemon=True).start()
