"""Every query of a port finds its rows by an index: a table that grows makes none of them slow."""

import pytest
from sqlalchemy import Delete, Engine, SelectBase, select

from spike_sqlalchemy import (
    accounts,
    album_order,
    albums,
    api_keys,
    census,
    images,
    jobs,
    outbox,
    overdue,
    turns,
    wallets,
)
from spike_sqlalchemy.prepared import Prepared

MODULES = (accounts, album_order, albums, api_keys, census, images, jobs, outbox, overdue, turns, wallets)


def _executed(statement: object) -> bool:
    """Return whether this is a statement as it is executed, and not a part of one."""
    if isinstance(statement, SelectBase | Delete):
        return "ids" in statement.compile().params
    return isinstance(statement, Prepared)


OF_SUBQUERIES = {"SCAN queue", "SCAN line"}  # of unclaimed jobs alone, which an index gives
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


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_reads_a_whole_table(engine: Engine, name: str) -> None:
    sql = _sql(engine, STATEMENTS[name])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).all()
    steps = [row[3] for row in plan]
    scans = [step for step in steps if step.startswith("SCAN") and " USING " not in step]
    assert not [step for step in scans if step not in OF_SUBQUERIES and not step.startswith("SCAN (subquery")]


def test_there_are_statements_to_look_at() -> None:
    assert {
        "jobs._REPLACE",
        "album_order._REMOVE",
        "api_keys._ACTIVE",
        "turns._POSITIONS",
        "census._ENTRIES",
        "overdue._UNDELIVERED",
    } <= set(STATEMENTS)
