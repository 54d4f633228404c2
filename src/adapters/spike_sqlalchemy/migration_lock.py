"""Locks that let one process at a time migrate a database."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from spike_core.domain.errors import DatabaseUnavailable

MIGRATION_WAIT_S: Final = 60.0  # how long another process may migrate
_POLL_S: Final = 0.05
_LOCK: Final = 0x5350494B45  # the advisory lock's number: "SPIKE"


@contextmanager
def file_migration_lock(database: Path) -> Iterator[None]:
    """Keep other processes and threads from migrating the same SQLite file, by a lock on a file beside it.

    Raises:
        DatabaseUnavailable: another process has held the lock for `MIGRATION_WAIT_S`, or the folder can't be written.
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
        yield  # closing the file releases the lock, and so does the end of the process


def server_migration_lock(connection: Connection) -> None:
    """Keep other processes from migrating the same PostgreSQL database until the end of the transaction.

    The migration itself may take as long as it takes. It waits for a table only as long as everybody does: a lock that
    it is waiting for keeps all others from the table too.
    """
    lock_timeout = connection.execute(text("SELECT current_setting('lock_timeout')")).scalar_one()
    for name, value in (("statement_timeout", "0"), ("lock_timeout", f"{MIGRATION_WAIT_S}s")):
        _set(connection, name, value)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _set(connection, "lock_timeout", lock_timeout)


def _set(connection: Connection, name: str, value: str) -> None:
    """Change a setting until the end of the transaction."""
    connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
