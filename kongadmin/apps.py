import atexit

from django.apps import AppConfig
from django.db import connections


def close_pools() -> None:
    """Stop the pools' threads while they can still be stopped."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


class KongadminConfig(AppConfig):
    name = "kongadmin"
    verbose_name = "Frame"

    def ready(self) -> None:
        atexit.register(close_pools)
