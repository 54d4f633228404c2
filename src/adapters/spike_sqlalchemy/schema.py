"""The schema's revision: which one is stored, and how it is brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from sqlalchemy import Connection, Engine, inspect, text

from spike_core.domain.errors import SchemaTooNew
from spike_sqlalchemy.engine import BEGIN
from spike_sqlalchemy.migration_lock import retried, server_migration_lock

HEAD: Final = "0020"  # the newest migration; known here so that a start without changes needn't load alembic

_VERSION_TABLE: Final = "alembic_version"
_STORED: Final = text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608  # a constant


def is_current(connection: Connection) -> bool:
    """Return whether the schema is the one that this code was written for.

    Raises:
        SchemaTooNew: it is the one of a newer release. Revisions are numbered.
    """
    if not inspect(connection).has_table(_VERSION_TABLE):
        return False
    stored = connection.execute(_STORED).scalars().all()
    for revision in stored:
        if revision > HEAD:
            raise SchemaTooNew(stored=revision, known=HEAD)
    return stored == [HEAD]


def upgrade(engine: Engine) -> None:
    """Apply the missing migrations; nothing is left to do after another process has migrated.

    On SQLite all are one transaction. On PostgreSQL each is one, except for steps that would lock tables for long:
    `migrations/online.py`.

    Raises:
        SchemaTooNew: the other was a newer release.
    """
    with migration_connection(engine) as connection:
        current = is_current(connection)
        if engine.dialect.name == "sqlite":
            if not current:
                run_migrations(connection)
            return
        if not current:
            retried(connection, run_migrations)


@contextmanager
def migration_connection(engine: Engine) -> Iterator[Connection]:
    """Yield a connection for `run_migrations`, which no other process has at the same time on PostgreSQL.

    On SQLite a transaction is begun on it, which is committed at the end.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with connection.begin():
                connection.exec_driver_sql(BEGIN["sqlite"])
                yield connection
            return
        try:
            server_migration_lock(connection)
            yield connection.execution_options(isolation_level="READ COMMITTED")
        finally:
            connection.invalidate()  # its settings and its lock end with it, not with a transaction


def run_migrations(
    connection: Connection, *, to: str = HEAD, command: Literal["upgrade", "downgrade"] = "upgrade"
) -> None:
    """Migrate to a revision."""
    import alembic.command  # noqa: PLC0415  # slow to import, and most starts don't need it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "spike_sqlalchemy:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    getattr(alembic.command, command)(config, to)
