"""Engines: how SQLite is opened.

One writer at a time is SQLite's law; it is kept by asking for the write lock at BEGIN (`BEGIN IMMEDIATE`), because
a transaction that begins by reading and then wants to write fails at once when somebody else has written meanwhile.
"""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

BUSY_TIMEOUT_MS: Final = 5_000  # how long another process may hold the write lock
POOL_SIZE: Final = 16  # connections that are kept open
POOL_OVERFLOW: Final = 48  # connections that may come on top while they are needed
POOL_TIMEOUT_S: Final = 5.0  # how long a thread waits for a connection when all are in use

# What begins a transaction. It isn't sent by an event of the engine, as SQLAlchemy's manual has it, because an engine
# with events pays for them in every statement.
BEGIN: Final = "BEGIN IMMEDIATE"
BEGIN_VIEW: Final = "BEGIN"


def sqlite_engine(path: Path) -> Engine:
    """Return an engine on a SQLite file. Nothing is opened before its first use.

    Whoever uses its connections sends `BEGIN` first; without it each statement is stored on its own.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,  # errors are logged, and parameters hold addresses and hashes
        pool_use_lifo=True,  # the connection used last has the warmest cache
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",  # readers and the writer don't wait for each other
        "synchronous = NORMAL",  # with WAL: whole after a crash; a power cut may take the last commits
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
