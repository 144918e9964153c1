"""What both databases have in common."""

from typing import Any, Self

PATIENCE_SECONDS = 2
USAGE_COLUMNS = (
    "consumer_id, seconds, start, credential_id, scope_id, allowed, denied, limited"
)


class Driver:
    """One connection, autocommit. Statements are written with %s."""

    connection: Any

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()
