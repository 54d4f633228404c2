"""Every query of a port uses an index, so that no growing table makes it slow."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from servers.postgres import new_database
from spike_sqlalchemy import SqlAlchemyDatabase, open_postgres, open_sqlite
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.statements import IDS_PER_QUERY
from statement_plans import READ_EVERYTHING, STATEMENTS, numbered, sql_of, whole_tables

NEVER_KEPT = {"albums._IMAGES_AMONG", "albums._REMOVE_IMAGES"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, template: Path, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """Connect to a database where the rows that an index leaves out are many; it belongs to this file."""
    if request.param == "sqlite":
        path = shutil.copy(template, tmp_path_factory.mktemp("plans"))
        database: SqlAlchemyDatabase = open_sqlite(f"sqlite:///{path}")
        with database.engine.connect() as connection:
            yield connection
        database.close()
        return
    with new_database(postgres) as url:
        database = open_postgres(url)
        database.migrate()
        with database.engine.connect() as connection:
            _fill(connection)
            connection.commit()
            yield connection
        database.close()


@pytest.fixture
def connection(filled: Connection) -> Iterator[Connection]:
    """The connection in a transaction of this test, which is undone."""
    with filled.begin() as transaction:
        yield filled
        transaction.rollback()


def test_no_statement_reads_a_whole_table(connection: Connection) -> None:
    """All in one test: hundreds would each be collected by every worker, which takes longer than to run them."""
    found = {name: whole_tables(connection, STATEMENTS[name]) for name in sorted(STATEMENTS.keys() - READ_EVERYTHING)}
    assert {name: tables for name, tables in found.items() if tables} == {}
    assert len(found) > 200


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("jobs._QUEUE", "ix_jobs_waiting"),
        ("jobs._WAITING_OWNERS", "ix_jobs_pending_created_at"),
        ("jobs._FIRST_QUICK", "ix_jobs_queued_quick"),
        ("jobs._NEXT_QUICK", "ix_jobs_queued_quick"),
        ("jobs._FIRST_LONG", "ix_jobs_queued_long"),
        ("jobs._NEXT_LONG", "ix_jobs_queued_long"),
        ("jobs._FIRST_FREE", "ix_jobs_queued_free"),
        ("jobs._NEXT_FREE", "ix_jobs_queued_free"),
        ("statistics._BEHIND", "ix_wallets_unsummed"),
        ("jobs._OTHERS_WAIT", "ix_jobs_queued_quick"),
        ("jobs._COUNT_OPEN", "ix_jobs_open_image_id"),
        ("jobs._WAITING_OWNERS", "ix_jobs_unsettled"),  # for the owner's jobs in flight
        ("jobs._HELD_BACK", "ix_jobs_pending_created_at"),
        ("albums._PAGE", "uq_album_images_album_id_position"),
        ("audit._ALBUM_COUNTS", "uq_album_images_album_id_"),
        ("albums._SUMMARIES", "ix_albums_owner_id"),
        ("albums._SUMMARIES", "uq_album_images_album_id_position"),  # for the first image
        ("jobs._FIRST_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("jobs._NEXT_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("jobs._COUNT_OF_IMAGE", "ix_jobs_image_id_created_at"),
        ("sessions._PURGE", "ix_sessions_expires_at"),
        ("events._DUE", "ix_event_deliveries_due_at"),
        ("events._LOCK_DUE", "ix_event_deliveries_due_at"),
        ("events._FIRST_OF_SUBJECT", "ix_event_deliveries_subject"),
        ("events._LOCK_FIRST_OF_SUBJECT", "ix_event_deliveries_subject"),
        ("events._EARLIER_OF_SUBJECT", "ix_event_deliveries_subject"),
        ("events._LOCK_EARLIER_OF_SUBJECT", "ix_event_deliveries_subject"),
        ("events._GIVEN_UP", "ix_event_deliveries_set_aside"),
        ("events._SET_ASIDES", "ix_event_deliveries_set_aside"),
        ("events._OLDEST", "ix_event_deliveries_oldest"),
        ("events._OLD", "ix_event_deliveries_recorded_at"),
        ("events._NEXT_SUBSCRIBER", "ix_event_deliveries_"),
        ("wallets._PAGE", "pk_ledger_entries"),
        ("audit._LEDGER", "pk_ledger_entries"),
        ("wallets._UNSUMMED", "pk_ledger_entries"),
        ("wallets._UNCHAINED", "pk_ledger_entries"),
        ("images._UNTRIED_DELETIONS", "ix_images_untried_deletion"),
        ("images._FAILED_DELETIONS", "ix_images_failed_deletion"),
        ("wallets._BY_REFERENCE", "uq_ledger_entries_reference"),
    ],
)
def test_a_statement_uses_the_index_that_is_made_for_it(connection: Connection, name: str, index: str) -> None:
    """In a database where the rows that the index leaves out are many, as PostgreSQL chooses by their number."""
    plan = " ".join(plan_of(connection, name))
    if connection.dialect.name == "sqlite":
        # SQLite names the indexes of constraints by their number
        found = index in plan or any(
            index.startswith(prefix) and constraint in plan
            for prefix, constraint in (("pk_", "PRIMARY KEY"), ("uq_", "sqlite_autoindex_album_images_"))
        )
    else:
        found = index in plan
    assert found, plan


@pytest.mark.parametrize("filled", ["postgresql"], indirect=True)
def test_a_plan_for_any_ids_compares_no_row_with_each_id_unless_it_is_never_kept(connection: Connection) -> None:
    """PostgreSQL finds images by their album where albums were small when the statistics were made."""
    for statement in _SMALL_ALBUMS.split(";"):
        connection.exec_driver_sql(statement)
    ids = [str(number) for number in range(IDS_PER_QUERY)]
    plans = {
        name: " ".join(plan_of(connection, name, ids=ids))
        for name, statement in STATEMENTS.items()
        if not isinstance(statement, Prepared)
    }
    assert len(plans) > 10
    assert {name for name, plan in plans.items() if re.search(r"Filter: [^>]*= ANY \(\(ARRAY\[", plan)} == NEVER_KEPT


@pytest.mark.parametrize("order", ["NEWEST", "OLDEST", "BY_NAME"])
def test_a_later_page_of_a_list_begins_within_the_index(connection: Connection, order: str) -> None:
    """Otherwise each page would read all that are before it."""
    plan = plan_of(connection, f"images._NEXT_{order}")
    [condition] = [line for line in plan if re.search(r"Index Cond: .*ROW|SEARCH images USING INDEX", line)]
    assert re.search("[<>]", condition), plan


@pytest.mark.parametrize("filled", ["postgresql"], indirect=True)
def test_a_backlog_that_came_after_the_statistics_isnt_read_for_one_row(connection: Connection) -> None:
    """An index whose condition the statement implies seems to have no rows then, and to be the cheapest of all."""
    for statement in _LATE_BACKLOG.split(";"):
        connection.exec_driver_sql(statement)
    plans = {
        index: " ".join(plan_of(connection, name))
        for name, index in (
            ("jobs._HELD_BACK", "ix_jobs_pending_created_at"),
            ("jobs._COUNT_OPEN", "ix_jobs_open_image_id"),
            ("images._FIRST_NEWEST", "ix_jobs_open_image_id on jobs"),
            ("images._POSTPONE", "pk_images"),
            ("images._UNTRIED_DELETIONS", "ix_images_untried_deletion"),
            ("images._FAILED_DELETIONS", "ix_images_failed_deletion"),
        )
    }
    replace = sql_of(connection.engine, STATEMENTS["jobs._REPLACE"])
    for status, index in (("PENDING", "pk_jobs"), ("PROCESSING", "pk_jobs on jobs")):  # which its planner knows
        given = {"fenced_status": status, "fenced_claimed": status == "PROCESSING"}
        parameters = {**dict.fromkeys(re.findall(r"%\((\w+)\)s", replace), "1"), **given}
        plans[index] = " ".join(connection.exec_driver_sql(f"EXPLAIN {replace}", parameters).scalars().all())
    assert {index: plan for index, plan in plans.items() if index not in plan} == {}
    assert not re.search("ix_jobs_(unsettled|waiting|leased_until)|ix_images_removed_at", " ".join(plans.values()))


@pytest.mark.parametrize("filled", ["postgresql"], indirect=True)
def test_the_order_of_all_rows_isnt_followed_for_whom_most_belonged_to(connection: Connection) -> None:
    """PostgreSQL expects to meet one of the rows early on, and reads all if there is none any more."""
    for statement in _OF_ONE.split(";"):
        connection.exec_driver_sql(statement)
    plans = {
        name: (index, " ".join(plan_of(connection, name)))
        for name, index in (
            ("events._FIRST_OF_SUBJECT", "ix_event_deliveries_subject"),
            ("events._EARLIER_OF_SUBJECT", "ix_event_deliveries_subject"),
            ("webhook_deliveries._FIRST_OF_SUBJECT", "ix_webhook_deliveries_pending"),
            ("webhook_deliveries._PENDING", "ix_webhook_deliveries_pending"),
            ("webhook_deliveries._PAGE", "ix_webhook_deliveries_webhook_id"),
        )
    }
    assert {name: plan for name, (index, plan) in plans.items() if index not in plan} == {}


def plan_of(connection: Connection, name: str, *, ids: Sequence[str] = "ab") -> Sequence[str]:
    """Return the lines of a statement's plan."""
    sql = sql_of(connection.engine, STATEMENTS[name], ids=ids)
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).all()
        return [row[3] for row in rows]
    return connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered(sql)}").scalars().all()


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
    INSERT INTO event_deliveries (subscriber, event_id, subject, event, recorded_at, due_at, set_aside_at)
        SELECT 'mail', 'evt_' || n, 'user_' || mod(n, 30), '{}', n, CASE WHEN mod(n, 10) = 0 THEN n END,
            CASE WHEN mod(n, 100) = 1 THEN n END FROM generate_series(1, 3000) n;
    ANALYZE images, albums, album_images, event_deliveries;
    ANALYZE wallets, ledger_entries, users, sessions, jobs
"""

_LATE_BACKLOG = """
    DELETE FROM jobs WHERE status = 'PENDING';
    INSERT INTO images (id, owner_id, name, format, width_px, height_px, size_bytes, original, is_public, view_count,
            created_at, updated_at)
        SELECT 'late_' || n, 'user_' || mod(n, 100), 'n', 'JPEG', 1, 1, 1, 'o', false, 0, n, n
        FROM generate_series(1, 8000) n;
    INSERT INTO jobs (id, owner_id, kind, image_id, tier, charged, created_at, status, attempt, deaths, ended_at)
        SELECT 'early_' || n, 'user_' || mod(n, 100), 'ENHANCEMENT', 'late_' || n, 'FREE', 0, n, 'CANCELLED', 0, 0, n
        FROM generate_series(1, 8000) n;
    ANALYZE images, jobs;
    UPDATE images SET removed_at = 0 WHERE id LIKE 'late_1%%';
    INSERT INTO jobs (id, owner_id, kind, image_id, tier, charged, created_at, status, attempt, deaths)
        SELECT 'late_' || n, 'user_' || mod(n, 100), 'ENHANCEMENT', 'late_' || n, 'FREE', 0, n, 'PENDING', 0, 0
        FROM generate_series(1, 1000) n
"""

_SMALL_ALBUMS = """
    SET LOCAL enable_seqscan = off;
    UPDATE album_images SET album_id = 'album_' || position;
    ANALYZE album_images
"""

_OF_ONE = """
    DELETE FROM event_deliveries;
    INSERT INTO event_deliveries (subscriber, event_id, subject, event, recorded_at)
        SELECT 'mail', 'evt_' || n, 'user_1', '{}', n FROM generate_series(1, 3000) n;
    INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, subject, event, created_at, state, attempts,
            detail)
        SELECT 'd_' || n, 'webhook_1', 'evt_' || n, 't', 'user_1', '{}', n, 'PENDING', 0, ''
        FROM generate_series(1, 3000) n;
    ANALYZE event_deliveries, webhook_deliveries
"""


def _fill(connection: Connection) -> None:
    """Insert 3,000 settled jobs with their ledger, 300 held-back jobs, 3,000 sessions and albums.

    Only on PostgreSQL: SQLite chooses without statistics, and by rules that don't depend on the number of rows.
    """
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
