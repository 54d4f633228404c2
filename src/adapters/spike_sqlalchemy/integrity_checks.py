"""What a database itself finds wrong with its tables, indexes and constraints."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from spike_core.ports.audit import Damage
from spike_sqlalchemy.prepared_statements import Row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import METADATA

REPORTED_MAX: Final = 100  # lines of one check
# whose references the audit checks row by row
_CHECKED_BY_ROW: Final = frozenset({"ledger_entries", "jobs", "outbox_messages", "albums", "album_images"})

# `{tables}` stands for an array of our tables: the app's own may be in the same schema
_UNVALIDATED: Final = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE NOT convalidated AND conrelid = ANY ({tables}) ORDER BY 1, 2
"""
_INVALID_INDEXES: Final = """
    SELECT indrelid::regclass::text, relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND indrelid = ANY ({tables}) ORDER BY 1, 2
"""
_DISABLED_TRIGGERS: Final = """
    SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgenabled = 'D' AND tgrelid = ANY ({tables}) ORDER BY 1
"""
_CHECKSUM_FAILURES: Final = """
    SELECT datname, checksum_failures FROM pg_stat_database
    WHERE datname = current_database() AND checksum_failures > 0
"""
_AMCHECK: Final = """
    SELECT extnamespace::regnamespace::text FROM pg_extension JOIN pg_proc ON pronamespace = extnamespace
    WHERE extname = 'amcheck' AND proname = 'bt_index_check' AND pronargs = 2
        AND has_function_privilege(pg_proc.oid, 'EXECUTE')
"""
_INDEXES: Final = """
    SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam WHERE indisvalid AND amname = 'btree' AND indrelid = ANY ({tables}) ORDER BY 1
"""


def damage(statements: Statements) -> Iterator[Damage]:
    """Yield what is wrong.

    SQLite reads the whole file. On PostgreSQL indexes are compared with their tables if the extension amcheck is
    installed and may be used.

    Raises:
        DatabaseDamaged: the check itself can't go on.
    """
    if statements.dialect.name == "sqlite":
        yield from _on_sqlite(statements)
    else:
        yield from _on_postgresql(statements)


def _on_sqlite(statements: Statements) -> Iterator[Damage]:
    for (line,) in statements.plain_rows(f"PRAGMA integrity_check({REPORTED_MAX})"):
        if line != "ok":
            yield Damage(subject="database", message=line)
    for table in METADATA.sorted_tables:
        if table.foreign_keys and table.name not in _CHECKED_BY_ROW:
            check = f"PRAGMA foreign_key_check({statements.names.table(table.name)})"
            broken = Counter(parent for _, _, parent, _ in statements.plain_rows(check))
            for parent, count in sorted(broken.items()):
                yield _dangling(table.name, parent.removeprefix(statements.names.prefix), count)


def _on_postgresql(statements: Statements) -> Iterator[Damage]:
    # the whole database is read, which may take longer than a request's statements
    statements.plain_rows("SELECT set_config('statement_timeout', '0', true)")
    for table, constraint in _of_our_tables(statements, _UNVALIDATED):
        yield Damage(subject=table, message=f"its constraint {constraint} isn't validated")
    for table, index in _of_our_tables(statements, _INVALID_INDEXES):
        yield Damage(subject=table, message=f"its index {index} is invalid")
    for (table,) in _of_our_tables(statements, _DISABLED_TRIGGERS):
        yield Damage(subject=table, message="triggers are disabled, so foreign keys aren't checked")
    for database, failures in statements.plain_rows(_CHECKSUM_FAILURES):
        yield Damage(subject=database, message=f"{failures} pages had a wrong checksum")
    yield from _dangling_on_postgresql(statements)
    yield from _damaged_indexes(statements)


def _of_our_tables(statements: Statements, query: str) -> Sequence[Row]:
    tables = ", ".join(f"to_regclass('{statements.names.table(table)}')" for table in METADATA.tables)
    return statements.plain_rows(query.format(tables=f"ARRAY[{tables}]"))


def _dangling_on_postgresql(statements: Statements) -> Iterator[Damage]:
    names = statements.names
    for table in METADATA.sorted_tables:
        for key in () if table.name in _CHECKED_BY_ROW else table.foreign_keys:
            parent, column = key.column.table.name, key.parent.name
            [(count,)] = statements.plain_rows(
                f"SELECT count(*) FROM {names.table(table.name)} AS child"  # noqa: S608  # ours
                f" WHERE {column} IS NOT NULL AND NOT EXISTS"
                f" (SELECT 1 FROM {names.table(parent)} AS parent WHERE parent.{key.column.name} = child.{column})"
            )
            if count:
                yield _dangling(table.name, parent, count)


def _damaged_indexes(statements: Statements) -> Iterator[Damage]:
    for (schema,) in statements.plain_rows(_AMCHECK):
        for (index,) in _of_our_tables(statements, _INDEXES):
            if error := statements.plain_error(f"SELECT {schema}.bt_index_check('{index}'::regclass, true)"):
                yield Damage(subject=index, message=error)


def _dangling(table: str, parent: str, count: int) -> Damage:
    return Damage(subject=table, message=f"{count} rows refer to rows of {parent} that don't exist")
