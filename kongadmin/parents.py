"""What becomes of a process when the one that started it is killed."""

import ctypes
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent() -> None:
    """Have the kernel send this process a SIGTERM when its parent has ended.

    Else it would go on serving what it knows, beside those that take its place. Only
    Linux can.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
