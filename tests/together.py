"""Many who act at once, and what they leave in the database."""

import random
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from servers import Answer, Server


def name() -> str:
    return f"{random.randbytes(6).hex()}"


def at_once(count: int, do: Callable[[int], Answer]) -> list[Answer]:
    """Return the answers of `count` threads that begin together."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Answer:
        barrier.wait()
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def rows(server: Server, statement: str) -> list[tuple]:
    """Return what is in the server's database, read past the product."""
    if server.database:
        with psycopg.connect(server.database) as connection:
            return connection.execute(statement).fetchall()
    connection = sqlite3.connect(server.home / "kongadmin.db", timeout=20)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()
