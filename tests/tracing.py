"""Every statement that reaches a database."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event


@contextmanager
def traced(engine: Engine) -> Iterator[list[str]]:
    """Yield the list that each statement is added to, BEGIN and COMMIT too; one of many rows as often as it runs."""
    seen: list[str] = []
    begin, end = _tracing_sqlite(seen) if engine.dialect.name == "sqlite" else _tracing_postgresql(seen)
    listeners = [("checkout", begin), ("checkin", end)]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def _tracing_sqlite(seen: list[str]) -> tuple[Any, Any]:
    def begin(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(seen.append)

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
