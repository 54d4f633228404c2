"""Locks that let one process at a time migrate a database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames

MIGRATION_WAIT_S: Final = 60.0  # how long another process may migrate
TABLE_WAIT: Final = "500ms"  # how long a migration waits for a table, and everybody else behind it
LOCK_TRIES_MAX: Final = 60
_PAUSE_S: Final = 0.5  # between two tries for a table
_POLL_S: Final = 0.05
_LOCK: Final = 0x5350494B45  # the advisory lock's number: "SPIKE"
_TRY_LOCK: Final = text("SELECT pg_try_advisory_lock(:lock)")
_NOT_LOCKED: Final = frozenset({"55P03", "40P01"})  # lock not available, deadlock


@contextmanager
def file_migration_lock(database: Path) -> Iterator[None]:
    """Keep other processes and threads from migrating the same SQLite file, by a lock on a file beside it.

    Raises:
        DatabaseUnavailable: another process has held the lock for `MIGRATION_WAIT_S`, or the folder can't be written.
    """
    import fcntl  # noqa: PLC0415  # POSIX alone has it; on any system this module can be imported

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
        yield  # closing the file releases the lock, and so does the end of the process


def server_migration_lock(connection: Connection, names: TableNames = DEFAULT_NAMES) -> None:
    """Keep other processes from migrating the same tables of a PostgreSQL database as long as the connection lasts.

    It is tried again and again instead of waited for: an index that is built concurrently waits for each statement
    that began earlier, and so for one that waits for the lock.

    Raises:
        DatabaseUnavailable: another process has held the lock for `MIGRATION_WAIT_S`.
    """
    deadline = time.monotonic() + MIGRATION_WAIT_S
    while not connection.execute(_TRY_LOCK, {"lock": names.advisory_lock(_LOCK)}).scalar_one():
        connection.commit()
        if time.monotonic() > deadline:
            raise DatabaseUnavailable
        time.sleep(_POLL_S)
    connection.commit()


def retried(connection: Connection, migrate: Callable[[Connection], None]) -> None:
    """Migrate, and continue after a pause where a lock couldn't be had, so that others come between.

    The migration itself may take as long as it takes. It waits for a table only `TABLE_WAIT`: a lock that it is waiting
    for keeps all others from the table too.

    Raises:
        OperationalError: a lock couldn't be had `LOCK_TRIES_MAX` times.
    """
    for tries_left in reversed(range(LOCK_TRIES_MAX)):
        for limit in ("statement_timeout = 0", f"lock_timeout = '{TABLE_WAIT}'"):
            connection.exec_driver_sql(f"SET {limit}")
        connection.commit()  # alembic begins its own transactions
        try:
            migrate(connection)
        except OperationalError as error:
            if not tries_left or getattr(error.orig, "sqlstate", None) not in _NOT_LOCKED:
                raise
            connection.rollback()
            time.sleep(_PAUSE_S)
        else:
            return
