"""Counters that several machines share, in Redis; one round trip for each request."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kongadmin.gateway.counters.base import LIVES, Away, Taken, Window

SCRIPT = Path(__file__).with_name("remote.lua").read_text()
CONNECT_SECONDS = ANSWER_SECONDS = 0.5
REST_SECONDS = 1.0

logger = logging.getLogger(__name__)


class RedisCounters:
    """Counters in the Redis, or Redis Cluster, at `url`.

    While it does not answer, one request in REST_SECONDS tries it and the others are
    told at once, so that a dead Redis does not cost every request its patience.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: Callable[..., Any] | None = None
        self.next_try = 0.0
        self.is_away = False
        self.lock = threading.Lock()

    def take(
        self,
        name: bytes,
        windows: Sequence[Window],
        now: float,
        *,
        penalty: bool = False,
        counting: bool = True,
    ) -> Taken:
        """Count a request; see Counters.take."""
        keys: list[str] = []
        arguments: list[int | float] = [int(penalty), int(counting)]
        for w in windows:
            previous = w.start - w.length if w.previous is None else w.previous
            keys += [key(name, w, w.start), key(name, w, previous)]
            life = w.start + LIVES * w.length - now
            weight = repr(w.weight(now))
            arguments += [repr(w.most), weight, max(1, round(life * 1000))]
        allowed, *counts = self.ask(keys, arguments)
        found = zip(windows, counts[::2], counts[1::2], strict=True)
        return Taken(
            allowed == 1, [(c, 0 if w.previous is None else p) for w, c, p in found]
        )

    def ask(self, keys: list[str], arguments: list) -> list[int]:
        """Return the script's answer, or raise Away."""
        if self.is_away and not self.is_due():
            raise Away
        try:
            if self.script is None:
                self.script = connect(self.url).register_script(SCRIPT)
            answer = self.script(keys, arguments)
        except (redis.RedisError, OSError) as error:
            self.note_failure(error)
            raise Away from error
        if self.is_away:
            self.is_away = False
            logger.warning("Redis answers again.")
        return answer

    def is_due(self) -> bool:
        """Say whether this request is the one that tries Redis again."""
        with self.lock:
            now = time.monotonic()
            if now < self.next_try:
                return False
            self.next_try = now + REST_SECONDS
            return True

    def note_failure(self, error: Exception) -> None:
        self.next_try = time.monotonic() + REST_SECONDS
        if not self.is_away:
            self.is_away = True
            logger.error("Redis does not count: %s", type(error).__name__)

    def close(self) -> None:
        if self.script:
            self.script.registered_client.close()
        self.script = None


def key(name: bytes, window: Window, start: float) -> str:
    """Return a counter's key; braces keep those of a request in one Cluster slot."""
    return f"kongadmin:{{{name.hex()}}}:{window.length:.14g}:{start:.14g}"


def connect(url: str) -> redis.Redis | redis.RedisCluster:
    """Return a client of the server at `url`, or of the Cluster that it belongs to.

    A connection may have ended by itself, so a second one is tried.
    """
    options = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 1, (redis.ConnectionError,)),
    }
    client = redis.Redis.from_url(url, **options)
    if not client.info("cluster").get("cluster_enabled"):
        return client
    client.close()
    return redis.RedisCluster.from_url(url, **options)
