"""Steps of migrations that don't lock out writers on PostgreSQL, however large a table is.

They can't be in one transaction, so a migration that was interrupted begins again: each step can be repeated. On
SQLite, where a writer locks out all others anyway, a step is part of the one transaction.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.types import TypeEngine

from spike_sqlalchemy.migrations import op

ROWS_PER_UPDATE: Final = 1_000  # of an update that is committed in portions

_INVALID: Final = sa.text("""
    SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid
""")


def is_postgresql() -> bool:
    """Return whether the database is PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


@contextmanager
def committed_at_once() -> Iterator[sa.Connection]:
    """Commit what was done so far, and each statement by itself; PostgreSQL only."""
    failures: list[BaseException] = []
    try:
        with op.get_context().autocommit_block():
            try:
                yield op.get_bind()
            except BaseException as error:
                failures.append(error)
                raise
    except PendingRollbackError:  # where the connection was lost, alembic can't end its block either
        raise failures[0] from None


@contextmanager
def waiting_for_transactions() -> Iterator[None]:
    """Wait for earlier transactions as long as they take, holding locks that are in no writer's way."""
    with committed_at_once() as connection:
        lock_timeout = connection.execute(sa.text("SHOW lock_timeout")).scalar_one()
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = '{lock_timeout}'")


def create_index(
    name: str, table: str, columns: Sequence[str | sa.TextClause], *, where: str | None = None, unique: bool = False
) -> None:
    """Create an index; what is left of an interrupted attempt is dropped and built anew."""
    condition = None if where is None else sa.text(where)
    if not is_postgresql():
        op.create_index(name, table, list(columns), unique=unique, sqlite_where=condition)
        return
    with waiting_for_transactions():
        if op.get_bind().execute(_INVALID, {"name": op.named(name)}).scalar_one():
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            list(columns),
            unique=unique,
            postgresql_where=condition,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def drop_index(name: str, table: str) -> None:
    """Drop an index."""
    if not is_postgresql():
        op.drop_index(name, table)
        return
    with waiting_for_transactions():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


def add_column(
    table: str, name: str, type_: TypeEngine[Any], *, default: str | None = None, check: str | None = None
) -> None:
    """Add a column, which is nullable unless it has a default; `check` is a condition that is named like the column.

    PostgreSQL checks the rows afterwards, in a scan during which they can be written.
    """
    server_default = None if default is None else sa.text(default)
    if not is_postgresql():
        checks = () if check is None else (sa.CheckConstraint(check, name=name),)  # a column's own is added in place
        op.add_column(table, sa.Column(name, type_, *checks, nullable=default is None, server_default=server_default))
        return
    column = sa.Column(name, type_, nullable=default is None, server_default=server_default)
    with committed_at_once():
        op.add_column(table, column, if_not_exists=True)
        if check is not None:
            _check_online(table, name, check)


def replace_check(table: str, name: str, condition: str) -> None:
    """Replace a constraint on PostgreSQL; the rows are checked afterwards, in a scan during which they can be written.

    Meanwhile new rows are checked by the new one alone.
    """
    with committed_at_once():
        _check_online(table, name, condition)


def _check_online(table: str, name: str, condition: str) -> None:
    constraint = f"[ck_{table}_{name}]"
    op.execute(
        f"ALTER TABLE [{table}] DROP CONSTRAINT IF EXISTS {constraint},"
        f" ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID"
    )
    op.execute(f"ALTER TABLE [{table}] VALIDATE CONSTRAINT {constraint}")
