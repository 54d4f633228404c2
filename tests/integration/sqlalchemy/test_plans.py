"""Every query of a port finds its rows by an index: a table that grows makes none of them slow."""

import re

import pytest
from sqlalchemy import Connection, Delete, Engine, SelectBase, select

from spike_sqlalchemy import (
    albums,
    api_keys,
    audit,
    idempotency,
    images,
    jobs,
    maintenance,
    outbox,
    statistics,
    users,
    wallets,
)
from spike_sqlalchemy.prepared import Prepared

MODULES = (
    albums,
    api_keys,
    audit,
    idempotency,
    images,
    jobs,
    maintenance,
    outbox,
    statistics,
    users,
    wallets,
)


def _executed(statement: object) -> bool:
    """Return whether this is a statement as it is executed, and not a part of one."""
    if isinstance(statement, SelectBase | Delete):
        return "ids" in statement.compile().params
    return isinstance(statement, Prepared)


OF_SUBQUERIES = {"SCAN oldest"}  # of unclaimed or unsettled jobs, which an index gives
STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in MODULES
    for name, statement in vars(module).items()
    if _executed(statement)
}


def _sql(engine: Engine, statement: object) -> str:
    if isinstance(statement, Prepared):
        return statement.compiled(engine.dialect).sql
    if isinstance(statement, Delete):  # which finds its rows as a query with the same condition does
        assert statement.whereclause is not None
        statement = select(statement.table).where(statement.whereclause)
    assert isinstance(statement, SelectBase)
    values = {name: ["a", "b"] if name == "ids" else "c" for name in statement.compile().params}
    return str(statement.params(**values).compile(engine, compile_kwargs={"render_postcompile": True}))


def _whole_tables_on_sqlite(connection: Connection, sql: str) -> list[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).all()
    scans = [row[3] for row in plan if row[3].startswith("SCAN") and " USING " not in row[3]]
    return [step for step in scans if step not in OF_SUBQUERIES and not step.startswith("SCAN (subquery")]


def _whole_tables_on_postgresql(connection: Connection, sql: str) -> list[str]:
    """Ask for the plan of any values, and for one that reads a whole table only where there is no other."""
    numbers: dict[str, str] = {}
    numbered = re.sub(r"%\((\w+)\)s", lambda match: numbers.setdefault(match[1], f"${len(numbers) + 1}"), sql)
    connection.exec_driver_sql("SET enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered}").scalars().all()
    return [line for line in plan if "Seq Scan on" in line]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_reads_a_whole_table(engine: Engine, name: str) -> None:
    sql = _sql(engine, STATEMENTS[name])
    whole_tables = _whole_tables_on_sqlite if engine.dialect.name == "sqlite" else _whole_tables_on_postgresql
    with engine.connect() as connection:
        assert whole_tables(connection, sql) == []


def test_there_are_statements_to_look_at() -> None:
    assert {
        "jobs._REPLACE",
        "albums._REMOVE_IMAGES",
        "api_keys._ACTIVE",
        "jobs._QUEUE",
        "audit._ENTRIES",
        "jobs._UNDELIVERED",
    } <= set(STATEMENTS)
