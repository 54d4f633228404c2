"""The schema's revision: which one is stored, and how it is brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, inspect, text

from spike_core.domain.errors import SchemaTooNew
from spike_sqlalchemy.engine import BEGIN
from spike_sqlalchemy.existing_tables import take_over
from spike_sqlalchemy.migration_lock import retried, server_migration_lock
from spike_sqlalchemy.table_names import DEFAULT_NAMES, VERSION_TABLE, TableNames

HEAD: Final = "0031"  # the newest migration; known here so that a start without changes needn't load alembic


def is_current(connection: Connection, names: TableNames = DEFAULT_NAMES) -> bool:
    """Return whether the schema is the one that this code was written for.

    Raises:
        SchemaTooNew: it is the one of a newer release. Revisions are numbered.
    """
    if not inspect(connection).has_table(names.unqualified(VERSION_TABLE), schema=names.schema or None):
        return False
    query = text(f"SELECT version_num FROM {names.table(VERSION_TABLE)}")  # noqa: S608  # plain names
    stored = connection.execute(query).scalars().all()
    for revision in stored:
        if revision > HEAD:
            raise SchemaTooNew(stored=revision, known=HEAD)
    return stored == [HEAD]


def upgrade(engine: Engine, names: TableNames = DEFAULT_NAMES) -> None:
    """Apply the missing migrations; nothing is left to do after another process has migrated.

    On SQLite all are one transaction. On PostgreSQL each is one, except for steps that would lock tables for long:
    `migrations/online.py`.

    Raises:
        SchemaTooNew: the other was a newer release.
        UnsuitableDatabase: others' tables have Spike's names.
    """
    with migration_connection(engine, names) as connection:
        take_over(connection, names)
        if is_current(connection, names):
            return
        migrate = partial(run_migrations, names=names)
        if engine.dialect.name == "sqlite":
            migrate(connection)
        else:
            retried(connection, migrate)


@contextmanager
def migration_connection(engine: Engine, names: TableNames = DEFAULT_NAMES) -> Iterator[Connection]:
    """Yield a connection for `run_migrations`, which no other process has at the same time on PostgreSQL.

    There its search path is the schema, which is made if it is missing. On SQLite a transaction is begun on it, which
    is committed at the end.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with connection.begin():
                driver: Any = connection.connection.driver_connection
                if not driver.in_transaction:  # an app's engine may have begun it
                    connection.exec_driver_sql(BEGIN["sqlite"])
                yield connection
            return
        try:
            server_migration_lock(connection, names)
            migrating = connection.execution_options(isolation_level="READ COMMITTED")
            if names.schema:
                _enter_schema(migrating, names.schema)
            yield migrating
        finally:
            connection.invalidate()  # its settings and its lock end with it, not with a transaction


def _enter_schema(connection: Connection, schema: str) -> None:
    if not inspect(connection).has_schema(schema):  # making it needs a right that using it doesn't
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    connection.exec_driver_sql(f'SET search_path TO "{schema}"')
    connection.commit()


def run_migrations(
    connection: Connection,
    *,
    to: str = HEAD,
    command: Literal["upgrade", "downgrade"] = "upgrade",
    names: TableNames = DEFAULT_NAMES,
) -> None:
    """Migrate to a revision."""
    import alembic.command  # noqa: PLC0415  # slow to import, and most starts don't need it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "spike_sqlalchemy:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["names"] = names
    getattr(alembic.command, command)(config, to)
