"""What the Admin API is measured against: the same SQL by psycopg, the same JSON.

`python -m bench.bare_admin_api PORT` serves it by gunicorn with the options that
`manage.py serve` gives the Admin API: no validation, no errors, no rules.
"""

import os
import sys
from datetime import UTC, datetime
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from uuid_utils.compat import uuid7

from kongadmin.crypto import Keyring
from kongadmin.serving import DjangoListeners

CONSUMER = "id, username, custom_id, tags, created_at, updated_at"
LOG = (
    "INSERT INTO kongadmin_change (created_at, scope_id, actor, dialect, request_id, "
    "verb, entity_type, entity_id, entity_name, subject_id, before, after) VALUES "
    "(%s, %s, 'x', 'bare', '', %s, 'consumers', %s, %s, %s, %s, %s)"
)


class Bare:
    """A WSGI callable; one connection for each thread that asks."""

    def __init__(self) -> None:
        self.pool = ConnectionPool(
            os.environ["KONGADMIN_DATABASE_URL"],
            min_size=1,
            max_size=16,
            kwargs={"autocommit": True},
        )
        self.keyring = Keyring([os.environ["KONGADMIN_SECRET_KEYS"]])
        with self.pool.connection() as database:
            [self.scope] = database.execute(
                "SELECT scope_ptr_id FROM realms_controlplane WHERE name = 'default'"
            ).fetchone()

    def __call__(self, environ: dict, start_response):
        path, method = environ["PATH_INFO"].split("/")[2:], environ["REQUEST_METHOD"]
        given = int(environ.get("CONTENT_LENGTH") or 0)
        body = orjson.loads(environ["wsgi.input"].read(given)) if given else {}
        with self.pool.connection() as database:
            data = getattr(self, method.lower())(database, path, body)
        content = b"" if data is None else orjson.dumps(data)
        status = {"POST": "201 Created", "DELETE": "204 No Content"}.get(
            method, "200 OK"
        )
        headers = [("Content-Type", "application/json; charset=utf-8")]
        start_response(status, [*headers, ("Content-Length", str(len(content)))])
        return [content]

    def get(self, database, path: list[str], body: dict):
        if not path:
            rows = database.execute(
                f"SELECT {CONSUMER} FROM consumers_consumer "
                "WHERE scope_id = %s ORDER BY id LIMIT 101",
                [self.scope],
            ).fetchall()
            data = [said(row) for row in rows[:100]]
            last = f"/consumers?offset={rows[99][0]}" if len(rows) > 100 else None
            return {"data": data, "next": last}
        if len(path) == 2:
            return self.keys(database, UUID(path[0]))
        return said(self.find(database, path[0]))

    def find(self, database, ref: str) -> tuple:
        by_id = len(ref) == 36
        return database.execute(
            f"SELECT {CONSUMER} FROM consumers_consumer "
            f"WHERE {'id' if by_id else 'username'} = %s AND scope_id = %s",
            [UUID(ref) if by_id else ref, self.scope],
        ).fetchone()

    def keys(self, database, consumer: UUID) -> dict:
        rows = database.execute(
            "SELECT id, key, tags, created_at FROM consumers_keyauth "
            "WHERE consumer_id = %s ORDER BY id LIMIT 101",
            [consumer],
        ).fetchall()
        data = [
            {
                "id": id_,
                "key": self.keyring.decrypt(bytes(key)),
                "consumer": {"id": consumer},
                "tags": tags,
                "created_at": int(at.timestamp()),
                "ttl": None,
            }
            for id_, key, tags, at in rows
        ]
        return {"data": data, "next": None}

    def post(self, database, path: list[str], body: dict) -> dict:
        now, id_, name = datetime.now(UTC), uuid7(), body["username"]
        with database.transaction():
            database.execute(
                "INSERT INTO consumers_consumer (id, scope_id, created_at, updated_at, "
                "username, username_lower, search) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [id_, self.scope, now, now, name, name.lower(), name.lower()],
            )
            self.log(database, now, "create", id_, name, {"username": name})
        return said((id_, name, None, None, now, now))

    def patch(self, database, path: list[str], body: dict) -> dict:
        now, tags = datetime.now(UTC), body["tags"]
        with database.transaction():
            row = database.execute(
                f"SELECT {CONSUMER} FROM consumers_consumer "
                "WHERE id = %s AND scope_id = %s FOR UPDATE",
                [UUID(path[0]), self.scope],
            ).fetchone()
            database.execute(
                "UPDATE consumers_consumer SET custom_id = %s, updated_at = %s "
                "WHERE id = %s",
                [body["custom_id"], now, row[0]],
            )
            self.log(database, now, "update", row[0], row[1], {"tags": tags})
        return said((*row[:2], body["custom_id"], row[3], row[4], now))

    def delete(self, database, path: list[str], body: dict) -> None:
        with database.transaction():
            row = self.find(database, path[0])
            if row:
                database.execute(
                    "DELETE FROM consumers_consumer WHERE id = %s", row[:1]
                )
                self.log(database, datetime.now(UTC), "delete", row[0], row[1], {})

    def log(self, database, now, verb: str, id_, name: str, values: dict) -> None:
        about = [id_, name, id_, None, Jsonb(values)]
        database.execute(LOG, [now, self.scope, verb, *about])


def said(row: tuple) -> dict:
    id_, username, custom_id, tags, created, updated = row
    return {
        "id": id_,
        "username": username,
        "custom_id": custom_id,
        "tags": tags,
        "created_at": int(created.timestamp()),
        "updated_at": int(updated.timestamp()),
    }


class Reference(DjangoListeners):
    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("bind", f"127.0.0.1:{PORT}")
        self.cfg.set("preload_app", False)

    def load(self):
        return Bare()


if __name__ == "__main__":
    PORT = sys.argv.pop()
    Reference().run()
