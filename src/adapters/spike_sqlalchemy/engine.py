"""Engines: how SQLite and PostgreSQL are opened.

On SQLite there is one writer at a time; that law is kept by asking for the write lock at BEGIN (`BEGIN IMMEDIATE`),
because a transaction that reads first and then writes fails at once if another has written meanwhile. On PostgreSQL
writers run concurrently and wait for each other's row locks (READ COMMITTED): docs/decisions/0023.
"""

import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, NullPool, QueuePool, create_engine, event

from spike_core.ports.factories import DatabaseLimits

POOL_OVERFLOW: Final = 48  # additional connections to SQLite at peaks
CACHE_KB: Final = 16_000  # of each connection to SQLite, of pages that it has read: docs/decisions/0110
HEAP_MB: Final = 256  # of all of the process together; from there on, caches reuse their pages in place of growing
CONNECT_TIMEOUT_S: Final = 5  # for a connection to PostgreSQL
APPLICATION: Final = "spike"  # in pg_stat_activity

# The statements that begin a transaction, by dialect. They aren't sent by an engine event, as SQLAlchemy's manual
# proposes, because events slow down every statement.
BEGIN: Final[Mapping[str, str]] = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}
BEGIN_VIEW: Final[Mapping[str, str]] = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


def sqlite_engine(path: Path, limits: DatabaseLimits | None = None) -> Engine:
    """Return an engine on a SQLite file. Nothing is opened before its first use.

    Callers must send `BEGIN` first; without it each statement is committed on its own.
    """
    limits = limits or DatabaseLimits()
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=limits.connections_max,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=limits.lock_wait.total_seconds(),
        hide_parameters=True,  # errors are logged, and parameters hold addresses and hashes
        pool_use_lifo=True,  # the connection used last has the warmest cache
    )
    busy_timeout_ms = _milliseconds(limits.lock_wait)

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in (
            f"busy_timeout = {busy_timeout_ms}",
            "journal_mode = WAL",  # readers and the writer don't wait for each other
            "synchronous = NORMAL",  # with WAL: whole after a crash; a power cut may take the last commits
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KB}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA soft_heap_limit").fetchone() == (0,):  # an app may have set its own
            connection.execute(f"PRAGMA soft_heap_limit = {HEAP_MB * 1_000_000}")

    event.listen(engine, "connect", prepare)
    return engine


def postgres_engine(url: URL, limits: DatabaseLimits | None = None) -> Engine:
    """Return an engine on a PostgreSQL database. Nothing is opened before its first use.

    Callers must send `BEGIN` first; without it each statement is committed on its own.
    """
    limits = limits or DatabaseLimits()
    engine = create_engine(
        url,
        connect_args=_connect_arguments(url, limits),
        pool_size=limits.connections_max,
        max_overflow=0,  # further callers wait for a free connection
        pool_timeout=limits.lock_wait.total_seconds(),
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _begin_nothing)
    return engine


def unpooled_postgres_engine(url: URL, limits: DatabaseLimits | None = None) -> Engine:
    """Return the same without a pool: each use opens a connection and closes it."""
    arguments = _connect_arguments(url, limits or DatabaseLimits())
    engine = create_engine(url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _begin_nothing)
    return engine


def _connect_arguments(url: URL, limits: DatabaseLimits) -> dict[str, Any]:
    """Return the arguments for the driver, less those that the URL has."""
    settings = {
        "statement_timeout": _milliseconds(limits.statement_time),
        "lock_timeout": _milliseconds(limits.lock_wait),
        # a paused process must not hold its locks for ever
        "idle_in_transaction_session_timeout": _milliseconds(limits.statement_time),
    }
    ours = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": APPLICATION,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    return {name: value for name, value in ours.items() if name not in url.query}


def _begin_nothing(connection: Any, _record: object) -> None:
    connection.autocommit = True  # the driver begins nothing by itself: BEGIN says how


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))
