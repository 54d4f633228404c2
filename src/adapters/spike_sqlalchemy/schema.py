"""The schema's revision: which one is stored, and how it is brought up to date."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.engine import BEGIN

HEAD: Final = "0005"  # the newest migration; known here so that a start without changes needn't load alembic

MIGRATION_WAIT_S: Final = 60.0  # how long another process may migrate
_POLL_S: Final = 0.05
_VERSION_TABLE: Final = "alembic_version"
_STORED: Final = text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608  # a constant


def is_current(connection: Connection) -> bool:
    """Return whether the schema is the one that this code was written for."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return False
    return connection.execute(_STORED).scalars().all() == [HEAD]


def upgrade(engine: Engine) -> None:
    """Apply the missing migrations, all in one transaction."""
    from alembic import command  # noqa: PLC0415  # slow to import, and most starts don't need it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "spike_sqlalchemy:migrations")
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(BEGIN)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def one_migrator(database: Path) -> Iterator[None]:
    """Keep other processes and threads from migrating the same SQLite file, by a lock on a file beside it.

    Raises:
        DatabaseUnavailable: somebody else has been at it for `MIGRATION_WAIT_S`, or the folder can't be written.
    """
    try:
        file = database.with_name(f"{database.name}.migrate.lock").open("a")
    except OSError as error:
        raise DatabaseUnavailable from error
    with file:
        deadline = time.monotonic() + MIGRATION_WAIT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable from error
                time.sleep(_POLL_S)
            else:
                break
        yield  # closing the file unlocks it, and so does the death of the process
