"""Alembic's operations, on tables whose names may have a prefix. Migrations import this, and not `alembic.op`.

Names are written without the prefix: `op.create_table("jobs", …)`. In SQL, however it is executed, a name of ours is
marked: `UPDATE [jobs] SET …`, `CONSTRAINT [ck_jobs_method]`, `CREATE TRIGGER [count_added_images]`. Columns, aliases
and temporary tables aren't marked. A schema is the connection's search path; a marked table has it in its name, too,
since the body of a trigger's function runs with the search path of the session that fires it.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames

NAMES: Final = "names"  # among the attributes of alembic's configuration

get_bind = op.get_bind
get_context = op.get_context
execute = op.execute


def named(name: str) -> str:
    """Return the name of a table, an index or a constraint with the prefix."""
    config = op.get_context().config
    names: TableNames = DEFAULT_NAMES if config is None else config.attributes.get(NAMES, DEFAULT_NAMES)
    return names.unqualified(name)


def ForeignKey(column: str, **options: Any) -> sa.ForeignKey:  # noqa: N802  # stands for SQLAlchemy's
    """Return a reference to a column, `wallets.owner_id`."""
    return sa.ForeignKey(named(column), **options)


def ForeignKeyConstraint(  # noqa: N802  # stands for SQLAlchemy's
    columns: Sequence[str], referred: Sequence[str], **options: Any
) -> sa.ForeignKeyConstraint:
    """Return a reference to columns."""
    return sa.ForeignKeyConstraint(list(columns), [named(column) for column in referred], **options)


def create_table(name: str, *items: SchemaItem, **options: Any) -> None:
    """Create a table."""
    op.create_table(named(name), *items, **options)


def drop_table(name: str) -> None:
    """Drop a table with its indexes."""
    op.drop_table(named(name))


def rename_table(name: str, new_name: str) -> None:
    """Rename a table."""
    op.rename_table(named(name), named(new_name))


def add_column(table: str, column: "sa.Column[Any]", **options: Any) -> None:
    """Add a column; `online.add_column` doesn't lock out writers."""
    op.add_column(named(table), column, **options)


def drop_column(table: str, name: str) -> None:
    """Drop a column."""
    op.drop_column(named(table), name)


def alter_column(table: str, name: str, **options: Any) -> None:
    """Alter a column; PostgreSQL only."""
    op.alter_column(named(table), name, **options)


def create_index(name: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any) -> None:
    """Create an index; `online.create_index` doesn't lock out writers."""
    op.create_index(named(name), named(table), list(columns), **options)


def drop_index(name: str, table: str, **options: Any) -> None:
    """Drop an index."""
    op.drop_index(named(name), named(table), **options)


def create_check_constraint(name: str, table: str, condition: str) -> None:
    """Create a constraint, whose name the convention of `tables.METADATA` completes; PostgreSQL only."""
    op.create_check_constraint(name, named(table), condition)


def drop_constraint(name: str, table: str) -> None:
    """Drop a constraint by its complete name, `ck_jobs_kind`; PostgreSQL only."""
    op.drop_constraint(op.f(named(name)), named(table))
