"""How the database executes the statements of a call: the plans that its planner makes for their parameters."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, event

_Arguments = Sequence[Any] | Mapping[str, Any] | None
_Statements = dict[str, _Arguments]  # with the arguments of the first execution

_PLANNED: Final = ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")
_READS: Final = ("SELECT", "WITH")
_LITERAL: Final = re.compile(r"'[^']*'|\b\d+\b")


def plans(engine: Engine, call: Callable[[], object]) -> Iterator[tuple[str, str]]:
    """Call, and yield each statement that was executed meanwhile, with its plan.

    On PostgreSQL queries are executed once more, for the numbers of rows.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with _recorded(engine, _on_sqlite if is_sqlite else _on_postgresql) as statements:
        call()
    with engine.connect() as connection:
        for sql, arguments in {_LITERAL.sub("?", sql): (sql, of) for sql, of in statements.items()}.values():
            if sql.lstrip().startswith(_PLANNED):
                yield sql, "\n".join((_of_sqlite if is_sqlite else _of_postgresql)(connection, sql, arguments))


def _of_sqlite(connection: Connection, sql: str, _arguments: _Arguments) -> Sequence[str]:
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()]


def _of_postgresql(connection: Connection, sql: str, arguments: _Arguments) -> Sequence[str]:
    driver: Any = connection.connection.driver_connection
    explain = "EXPLAIN (ANALYZE, BUFFERS)" if sql.lstrip().startswith(_READS) else "EXPLAIN"
    with driver.transaction(force_rollback=True), driver.cursor() as cursor:
        return [line for (line,) in cursor.execute(f"{explain} {sql}", arguments, prepare=False).fetchall()]


@contextmanager
def _recorded(engine: Engine, begin: Callable[[Any, _Statements], Callable[[], None]]) -> Iterator[_Statements]:
    """Yield what is executed; connections record from when they leave the pool until they are back in it."""
    statements: _Statements = {}
    ends: dict[int, Callable[[], None]] = {}

    def checkout(connection: Any, *_rest: object) -> None:
        ends[id(connection)] = begin(connection, statements)

    def checkin(connection: Any, *_rest: object) -> None:
        ends.pop(id(connection), lambda: None)()

    event.listen(engine, "checkout", checkout)
    event.listen(engine, "checkin", checkin)
    try:
        yield statements
    finally:
        event.remove(engine, "checkout", checkout)
        event.remove(engine, "checkin", checkin)


def _on_sqlite(connection: sqlite3.Connection, statements: _Statements) -> Callable[[], None]:
    connection.set_trace_callback(lambda sql: statements.setdefault(sql, None))  # its parameters are in the text
    return lambda: connection.set_trace_callback(None)


def _on_postgresql(connection: "psycopg.Connection[Any]", statements: _Statements) -> Callable[[], None]:
    class RecordingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            statements.setdefault(query, params)
            return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            statements.setdefault(query, rows[0])
            super().executemany(query, rows, **options)

    def end() -> None:
        connection.cursor_factory = psycopg.Cursor

    connection.cursor_factory = RecordingCursor
    return end
