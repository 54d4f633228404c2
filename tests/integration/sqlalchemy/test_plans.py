"""Every query of a port uses an index, so that no growing table makes it slow."""

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
    sessions,
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
    sessions,
    statistics,
    users,
    wallets,
)


def _executed(statement: object) -> bool:
    """Return whether this is a complete statement, not a part of one."""
    if isinstance(statement, SelectBase | Delete):
        return "ids" in statement.compile().params
    return isinstance(statement, Prepared)


READ_EVERYTHING = {"audit._MISCOUNTED", "audit._USAGE"}  # for the audit, and where a running sum is wrong
OF_SUBQUERIES = {
    "SCAN oldest",
    "SCAN owners",
    "SCAN CONSTANT ROW",
}  # of unclaimed or unsettled jobs, which an index gives
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


def _numbered(sql: str) -> str:
    """Return the statement with parameters as PostgreSQL itself names them."""
    numbers: dict[str, str] = {}
    return re.sub(r"%\((\w+)\)s", lambda match: numbers.setdefault(match[1], f"${len(numbers) + 1}"), sql)


def _whole_tables_on_postgresql(connection: Connection, sql: str) -> list[str]:
    """Request the generic plan, avoiding sequential scans wherever possible."""
    connection.exec_driver_sql("SET enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {_numbered(sql)}").scalars().all()
    return [line for line in plan if "Seq Scan on" in line]


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - READ_EVERYTHING))
def test_no_statement_reads_a_whole_table(engine: Engine, name: str) -> None:
    sql = _sql(engine, STATEMENTS[name])
    whole_tables = _whole_tables_on_sqlite if engine.dialect.name == "sqlite" else _whole_tables_on_postgresql
    with engine.connect() as connection:
        assert whole_tables(connection, sql) == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("jobs._QUEUE", "ix_jobs_waiting"),
        ("jobs._WAITING_OWNERS", "ix_jobs_pending"),
        ("jobs._FIRST_QUICK", "ix_jobs_queued_quick"),
        ("jobs._NEXT_QUICK", "ix_jobs_queued_quick"),
        ("jobs._FIRST_LONG", "ix_jobs_queued_long"),
        ("jobs._NEXT_LONG", "ix_jobs_queued_long"),
        ("jobs._FIRST_FREE", "ix_jobs_queued_free"),
        ("jobs._NEXT_FREE", "ix_jobs_queued_free"),
        ("statistics._BEHIND", "ix_wallets_unsummed"),
        ("jobs._OTHERS_WAIT", "ix_jobs_queued_quick"),
        ("jobs._COUNT_OPEN", "ix_jobs_unsettled_image_id"),
        ("jobs._WAITING_OWNERS", "ix_jobs_unsettled"),  # for the owner's jobs in flight
        ("jobs._HELD_BACK", "ix_jobs_unsettled"),
        ("albums._PAGE", "uq_album_images_album_id_position"),
        ("audit._ALBUM_COUNTS", "uq_album_images_album_id_"),
        ("albums._SUMMARIES", "ix_albums_owner_id"),
        ("albums._SUMMARIES", "uq_album_images_album_id_position"),  # for the first image
        ("jobs._FIRST_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("jobs._NEXT_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("jobs._COUNT_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("sessions._PURGE", "ix_sessions_expires_at"),
        ("wallets._PAGE", "pk_ledger_entries"),
        ("audit._LEDGER", "pk_ledger_entries"),
        ("wallets._UNSUMMED", "pk_ledger_entries"),
        ("wallets._UNCHAINED", "pk_ledger_entries"),
    ],
)
def test_a_statement_uses_the_index_that_is_made_for_it(engine: Engine, name: str, index: str) -> None:
    """In a database where the rows that the index leaves out are many, as PostgreSQL chooses by their number."""
    sql = _sql(engine, STATEMENTS[name])
    with engine.connect() as connection, connection.begin():
        _fill(connection)
        if engine.dialect.name == "sqlite":
            plan = " ".join(
                row[3]
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).all()
            )
            # SQLite names the indexes of constraints by their number
            found = index in plan or any(
                index.startswith(prefix) and constraint in plan
                for prefix, constraint in (("pk_", "PRIMARY KEY"), ("uq_", "sqlite_autoindex_album_images_"))
            )
        else:
            plan = " ".join(connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {_numbered(sql)}").scalars().all())
            found = index in plan
        connection.rollback()
    assert found, plan


_ROWS = """
    INSERT INTO wallets SELECT 'user_' || n, 0, 0, 100, 0, 0, 100 FROM generate_series(1, 3000) n;
    INSERT INTO ledger_entries SELECT 'user_' || mod(n, 30) + 1, n, 'EARN_BONUS', 1, 1, NULL, '', 0
        FROM generate_series(1, 3000) n;
    INSERT INTO users VALUES ('u', 'u@example.org', 0);
    INSERT INTO sessions SELECT 's' || n, 'u', 0, n FROM generate_series(1, 3000) n;
    INSERT INTO jobs (id, owner_id, kind, prompt, aspect_ratio, tier, charged, created_at, status, attempt, deaths,
            ended_at)
        SELECT 'job_' || n, 'user_' || mod(n, 30) + 1, 'GENERATION', 'p', '1:1', 'TIER_1K', 2, n,
            CASE WHEN n > 3000 THEN 'PENDING' ELSE 'CANCELLED' END, 0, 0, CASE WHEN n <= 3000 THEN n END
        FROM generate_series(1, 3300) n;
    INSERT INTO images (id, owner_id, name, format, width_px, height_px, size_bytes, original, is_public, view_count,
            created_at, updated_at)
        SELECT 'img_' || n, 'user_1', 'n', 'JPEG', 1, 1, 1, 'o', false, 0, n, n FROM generate_series(1, 3000) n;
    INSERT INTO albums (id, owner_id, name, privacy, default_tier, auto_enhance, created_at, updated_at)
        SELECT 'album_' || n, 'user_' || mod(n, 30) + 1, 'n', 'PRIVATE', 'TIER_1K', false, n, n
        FROM generate_series(1, 3000) n;
    INSERT INTO album_images SELECT 'a' || n, 'album_' || mod(n, 10) + 1, 'img_' || n, n, 0
        FROM generate_series(1, 3000) n;
    ANALYZE images, albums, album_images;
    ANALYZE wallets, ledger_entries, users, sessions, jobs
"""


def _fill(connection: Connection) -> None:
    """Insert 3,000 settled jobs with their ledger, 300 held-back jobs, 3,000 sessions and albums; undone later."""
    if connection.dialect.name == "sqlite":
        return  # SQLite chooses without statistics, and by rules that don't depend on how many rows there are
    for statement in _ROWS.split(";"):
        connection.exec_driver_sql(statement)


def test_there_are_statements_to_look_at() -> None:
    assert {
        "jobs._REPLACE",
        "albums._REMOVE_IMAGES",
        "api_keys._ACTIVE",
        "jobs._QUEUE",
        "audit._ENTRIES",
        "jobs._NEXT_QUICK",
    } <= set(STATEMENTS)
