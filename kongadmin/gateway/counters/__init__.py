"""How many requests came in which window of time, counted by all processes together.

The counters lie on this machine, or in Redis where KONGADMIN_REDIS_URL names one.
"""

from functools import cache

from kongadmin.gateway.counters.base import Away, Counters, Taken, Window, digest
from kongadmin.gateway.counters.local import LocalCounters
from kongadmin.settings import HOME, REDIS_URL

# Made here, before there are threads: a process may open the folder only once.
OF_THIS_MACHINE = LocalCounters(HOME / "counters")


def local() -> Counters:
    """Return the counters that the processes of this machine share."""
    return OF_THIS_MACHINE


@cache
def shared() -> Counters:
    """Return the counters of this installation."""
    if not REDIS_URL:
        return local()
    from kongadmin.gateway.counters.remote import RedisCounters  # slow to import

    return RedisCounters(REDIS_URL)


__all__ = ["Away", "Counters", "Taken", "Window", "digest", "local", "shared"]
