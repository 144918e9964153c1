"""What only PostgreSQL can do for us, as migration operations that others skip."""

from django.db.migrations import RunSQL


class PostgreSQLOnly(RunSQL):
    """SQL that runs on PostgreSQL and nowhere else."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label, schema_editor, from_state, to_state
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def notify_on_insert(table: str) -> PostgreSQLOnly:
    """Tell who listens on the channel `table` of every committed insert into it."""
    return PostgreSQLOnly(
        f"""
        CREATE FUNCTION notify_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('{table}', ''); RETURN NULL; END $$;
        CREATE TRIGGER notify_{table} AFTER INSERT ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION notify_{table}();
        """,
        f"DROP TRIGGER notify_{table} ON {table}; DROP FUNCTION notify_{table}();",
    )


def trigram_index(name: str, table: str, column: str) -> PostgreSQLOnly:
    """Index every three characters of a column: finds text anywhere inside it."""
    return PostgreSQLOnly(
        f"""
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX {name} ON {table} USING gin ({column} gin_trgm_ops);
        """,
        f"DROP INDEX {name};",
    )
