"""The database of the settings, asked through its driver.

Both drivers offer the same methods, so that what asks need not know which database
answers. Only one is loaded: psycopg is a third of what the authorizer consists of.
"""

from kongadmin.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    from kongadmin.gateway.drivers.sqlite import ERRORS
    from kongadmin.gateway.drivers.sqlite import SQLite as Database
else:
    from kongadmin.gateway.drivers.postgresql import ERRORS
    from kongadmin.gateway.drivers.postgresql import PostgreSQL as Database

__all__ = ["ERRORS", "Database", "open_database"]


def open_database() -> Database:
    """Connect to the database of the settings; raises one of ERRORS if it is away."""
    return Database(DATABASES["default"])
