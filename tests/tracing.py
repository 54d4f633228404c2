"""Tracing of a database's statements and round trips."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event

_BOUNDS: Final = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_ANSWERED: Final = b"\tReadyForQuery\t"  # the end of PostgreSQL's response in libpq's trace


def without_bounds(statements: Sequence[str]) -> Sequence[str]:
    """Return traced statements without BEGIN, COMMIT and ROLLBACK; the rows of one executemany count once."""
    within = [sql for sql in statements if sql.split()[0] not in _BOUNDS]
    return [sql for before, sql in pairwise(["", *within]) if not _is_next_row(sql, before)]


def _is_next_row(sql: str, before: str) -> bool:
    return sql.startswith(("INSERT", "DELETE")) and sql.split()[:4] == before.split()[:4]


@contextmanager
def round_trips(engine: Engine) -> Iterator[list[int]]:
    """Yield a list with the number of round trips of each use of a connection to PostgreSQL.

    libpq traces the messages. SQLite runs in the process and has no round trips.
    """
    seen: list[int] = []
    if engine.dialect.name == "sqlite":
        yield seen
        return
    with tempfile.TemporaryFile() as trace:

        def begin(connection: "psycopg.Connection[Any]", *_rest: object) -> None:
            connection.pgconn.trace(os.dup(trace.fileno()))  # libpq keeps the descriptor

        def end(connection: "psycopg.Connection[Any]", *_rest: object) -> None:
            connection.pgconn.untrace()
            trace.seek(0)
            seen.append(trace.read().count(_ANSWERED))
            trace.truncate(0)
            trace.seek(0)

        with _at_each_use(engine, begin=begin, end=end):
            yield seen


@contextmanager
def traced(engine: Engine) -> Iterator[list[str]]:
    """Yield a list of all statements, including BEGIN and COMMIT; an executemany is listed once per row."""
    seen: list[str] = []
    begin, end = _tracing_sqlite(seen) if engine.dialect.name == "sqlite" else _tracing_postgresql(seen)
    with _at_each_use(engine, begin=begin, end=end):
        yield seen


@contextmanager
def _at_each_use(engine: Engine, *, begin: Callable[..., None], end: Callable[..., None]) -> Iterator[None]:
    """Call these with each connection when it is checked out of the engine's pool, and when it is returned."""
    listeners = [("checkout", begin), ("checkin", end)]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def _tracing_sqlite(seen: list[str]) -> tuple[Any, Any]:
    def note(sql: str) -> None:
        if seen[-1:] != [sql]:  # a trigger's statement is reported as the one that fired it, once more
            seen.append(sql)

    def begin(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(note)

    def end(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(None)

    return begin, end


def _tracing_postgresql(seen: list[str]) -> tuple[Any, Any]:
    class TracingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            seen.append(query)
            return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
            rows = list(params_seq)
            seen.extend([query] * len(rows))
            super().executemany(query, rows, **options)

    def begin(connection: "psycopg.Connection[Any]", *_rest: object) -> None:
        connection.cursor_factory = TracingCursor

    def end(connection: "psycopg.Connection[Any]", *_rest: object) -> None:
        connection.cursor_factory = psycopg.Cursor

    return begin, end
