"""The statements of all repositories, and their plans."""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, Delete, Engine, SelectBase, select

from spike_sqlalchemy import (
    albums,
    api_key_charges,
    api_keys,
    audit,
    events,
    idempotency,
    images,
    jobs,
    maintenance,
    outbox,
    renditions,
    sessions,
    statistics,
    users,
    wallets,
    webhook_deliveries,
    webhooks,
)
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames

MODULES = (
    albums,
    api_key_charges,
    api_keys,
    audit,
    events,
    idempotency,
    images,
    jobs,
    maintenance,
    outbox,
    renditions,
    sessions,
    statistics,
    users,
    wallets,
    webhook_deliveries,
    webhooks,
)


def _executed(statement: object) -> bool:
    """Return whether this is a complete statement, not a part of one."""
    if isinstance(statement, SelectBase | Delete):
        return "ids" in statement.compile().params
    return isinstance(statement, Prepared)


READ_EVERYTHING = {"audit._MISCOUNTED", "audit._USAGE"}  # for the audit, and where a running sum is wrong
OF_SUBQUERIES = {
    "SCAN counted",
    "SCAN oldest",
    "SCAN owners",
    "SCAN CONSTANT ROW",
}  # of unclaimed or unsettled jobs, or of events, which an index gives
STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in MODULES
    for name, statement in vars(module).items()
    if _executed(statement)
}


def sql_of(engine: Engine, statement: object, names: TableNames = DEFAULT_NAMES, *, ids: Sequence[str] = "ab") -> str:
    if isinstance(statement, Prepared):
        return statement.compiled(engine.dialect, names).sql
    if isinstance(statement, Delete):  # which finds its rows as a query with the same condition does
        assert statement.whereclause is not None
        statement = select(statement.table).where(statement.whereclause)
    assert isinstance(statement, SelectBase)
    values = {name: list(ids) if name == "ids" else "c" for name in statement.compile().params}
    compiled, qualify = names.compiled(
        statement.params(**values), engine.dialect, compile_kwargs={"render_postcompile": True}
    )
    return qualify(str(compiled))


def _whole_tables_on_sqlite(connection: Connection, sql: str) -> list[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).all()
    scans = [row[3] for row in plan if row[3].startswith("SCAN") and " USING " not in row[3]]
    return [step for step in scans if step not in OF_SUBQUERIES and not step.startswith("SCAN (subquery")]


def numbered(sql: str) -> str:
    """Return the statement with parameters as PostgreSQL itself names them."""
    numbers: dict[str, str] = {}
    return re.sub(r"%\((\w+)\)s", lambda match: numbers.setdefault(match[1], f"${len(numbers) + 1}"), sql)


def _whole_tables_on_postgresql(connection: Connection, sql: str) -> list[str]:
    """Request the generic plan, avoiding sequential scans wherever possible."""
    connection.exec_driver_sql("SET enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered(sql)}").scalars().all()
    return [line for line in plan if "Seq Scan on" in line]


def whole_tables(connection: Connection, statement: object, names: TableNames = DEFAULT_NAMES) -> list[str]:
    """Return the steps of a statement's plan that read a whole table."""
    sql = sql_of(connection.engine, statement, names)
    if connection.dialect.name == "sqlite":
        return _whole_tables_on_sqlite(connection, sql)
    return _whole_tables_on_postgresql(connection, sql)
