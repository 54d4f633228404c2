"""What is in a database before the first migration: nothing, Spike's tables of an earlier release, or others'."""

import re
from typing import Final

from sqlalchemy import Connection, Inspector, inspect, text

from spike_core.domain.errors import UnsuitableDatabase
from spike_sqlalchemy.table_names import VERSION_TABLE, TableNames
from spike_sqlalchemy.tables import METADATA

LISTED_MAX: Final = 5  # names in a message
_EARLIER: Final = "alembic_version"  # what releases before revision 0017 called the table of their revision
_REVISION: Final = re.compile(r"\d{4}")
_WALLET: Final = frozenset({"owner_id", "balance", "regenerated_at", "entries"})  # columns that wallets always had
_TAKEN: Final = {
    "sqlite": text("SELECT name FROM sqlite_master"),
    "postgresql": text("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"),
}
_REMEDY: Final = {
    "sqlite": "give Spike's tables a prefix, by ?prefix=spike_ at the end of SPIKE_DATABASE_URL, or a file of its own",
    "postgresql": (
        "give Spike a schema of its own, by ?schema=spike at the end of SPIKE_DATABASE_URL, or a database of its own"
    ),
}


def take_over(connection: Connection, names: TableNames) -> None:
    """Recognize an earlier release's tables, and refuse others' tables that have Spike's names.

    An `alembic_version` that isn't Spike's is left alone.

    Raises:
        UnsuitableDatabase: there are such tables, or indexes.
    """
    inspector = inspect(connection)
    if inspector.has_table(names.unqualified(VERSION_TABLE)):
        return
    if names.is_default and _is_earlier_release(connection, inspector):
        connection.exec_driver_sql(f"ALTER TABLE {_EARLIER} RENAME TO {VERSION_TABLE}")
        if connection.dialect.name == "postgresql":  # the app's alembic makes a constraint of this name
            connection.exec_driver_sql(
                f"ALTER TABLE {VERSION_TABLE} RENAME CONSTRAINT {_EARLIER}_pkc TO {VERSION_TABLE}_pkc"
            )
            connection.commit()
        return
    taken = sorted(_ours(names) & set(connection.execute(_TAKEN[connection.dialect.name]).scalars()))
    if taken:
        more = f" and {len(taken) - LISTED_MAX} more" if len(taken) > LISTED_MAX else ""
        raise UnsuitableDatabase(
            problem=f"the database has {', '.join(taken[:LISTED_MAX])}{more} already, and not of Spike",
            remedy=_REMEDY[connection.dialect.name],
        )


def _is_earlier_release(connection: Connection, inspector: Inspector) -> bool:
    if not inspector.has_table(_EARLIER) or not inspector.has_table("wallets"):
        return False
    revisions = connection.execute(text(f"SELECT version_num FROM {_EARLIER}")).scalars().all()  # noqa: S608  # a constant
    columns = {column["name"] for column in inspector.get_columns("wallets")}
    return len(revisions) == 1 and _REVISION.fullmatch(revisions[0]) is not None and columns >= _WALLET


def _ours(names: TableNames) -> set[str]:
    tables = METADATA.tables.values()
    indexes = [str(index.name) for table in tables for index in table.indexes]
    return {names.unqualified(name) for name in (*METADATA.tables, *indexes)}
