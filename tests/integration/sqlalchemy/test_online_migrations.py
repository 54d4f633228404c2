"""Migrations of a PostgreSQL database while others write to it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url, text

from eventually import eventually
from servers.postgres import new_database
from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy import PostgresDatabase, open_postgres
from spike_sqlalchemy.engine import APPLICATION
from spike_sqlalchemy.schema import HEAD, migration_connection, run_migrations

BEFORE: Final = "0007"
WRITER: Final = "writer"
# the tables that grow: a lock of theirs that is in a writer's way is held by none but a short statement
GROWING: Final = frozenset({"jobs", "images", "wallets", "ledger_entries", "sessions", "outbox_messages"})
ROWS: Final = """
    INSERT INTO wallets (owner_id, balance, regenerated_at, entries)
        SELECT 'user_' || n, 96, 0, 3 FROM generate_series(1, 5000) n;
    INSERT INTO ledger_entries SELECT 'user_' || n, 1, 'EARN_BONUS', 100, 100, NULL, '', 0
        FROM generate_series(1, 5000) n;
    INSERT INTO ledger_entries SELECT 'user_' || n, 2, 'SPEND_GENERATION', -6, 94, 'job_' || n, '', 0
        FROM generate_series(1, 5000) n;
    INSERT INTO ledger_entries SELECT 'user_' || n, 3, 'REFUND', 2, 96, 'job_' || n, '', 0
        FROM generate_series(1, 5000) n;
    INSERT INTO users VALUES ('u', 'u@example.org', 0);
    INSERT INTO sessions SELECT 's' || n, 'u', 0, n FROM generate_series(1, 5000) n;
    INSERT INTO jobs (id, owner_id, kind, prompt, aspect_ratio, tier, charged, created_at, status, attempt, deaths,
            ended_at)
        SELECT 'job_' || n, 'user_' || n, 'GENERATION', 'p', '1:1', 'TIER_1K', 2, n, 'CANCELLED', 0, 0, n
        FROM generate_series(1, 20000) n;
    INSERT INTO images (id, owner_id, name, format, width_px, height_px, size_bytes, original, is_public, view_count,
            created_at, updated_at)
        SELECT 'img_' || n, 'user_1', 'n', 'JPEG', 1, 1, 1, 'o', false, 0, n, n FROM generate_series(1, 3) n;
    INSERT INTO albums (id, owner_id, name, privacy, default_tier, auto_enhance, created_at, updated_at)
        SELECT 'album_' || n, 'user_1', 'n', 'PRIVATE', 'TIER_1K', false, n, n FROM generate_series(1, 1001) n;
    INSERT INTO album_images SELECT 'a' || n, 'album_999', 'img_' || n, n, 0 FROM generate_series(1, 3) n
"""
WRITES: Final = (
    "UPDATE jobs SET deaths = deaths + 1 WHERE id = 'job_1'",
    "UPDATE wallets SET balance = balance + 1 WHERE owner_id = 'user_1'",
    "UPDATE sessions SET expires_at = expires_at + 1 WHERE hash = 's1'",
    "UPDATE ledger_entries SET reason = 'r' WHERE owner_id = 'user_1' AND sequence = 1",
)
LOCKED: Final = """
    SELECT relation::regclass::text FROM pg_locks WHERE granted AND relation IS NOT NULL AND pid IN
        (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s)
        AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
# an earlier index, of another table, may wait for a moment for the very statement that looks here
WAITING: Final = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s
        AND wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX CONCURRENTLY%%ix_jobs_pending ON%%'
"""
INVALID: Final = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


@pytest.fixture(scope="module")
def old_template(postgres: str) -> Iterator[str]:
    """The name of a database of an earlier revision with some ten thousand rows."""
    with new_database(postgres) as url:
        with closing(open_postgres(url)) as database:
            with migration_connection(database.engine) as connection:
                run_migrations(connection, to=BEFORE)
            with database.engine.connect() as connection:
                for statement in ROWS.split(";"):
                    connection.exec_driver_sql(statement)
        yield str(make_url(url).database)


@pytest.fixture
def old(postgres: str, old_template: str) -> Iterator[PostgresDatabase]:
    """A copy of it."""
    with new_database(postgres, copy_of=old_template) as url, closing(open_postgres(url)) as database:
        yield database


@pytest.fixture
def writer(old: PostgresDatabase) -> "Iterator[psycopg.Connection[Any]]":
    """A connection whose statements wait for a lock at most a second."""
    with _connected(old.engine) as connection:
        connection.execute("SET lock_timeout = '1s'")
        yield connection


def _connected(engine: Engine) -> "psycopg.Connection[Any]":
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True, application_name=WRITER)


def _write(connection: "psycopg.Connection[Any]") -> None:
    for statement in WRITES:
        connection.execute(statement)


def _sums(database: PostgresDatabase) -> Sequence[Any]:
    with database.engine.connect() as connection:
        wallets = connection.execute(text("SELECT DISTINCT spent, refunded, summed FROM wallets")).all()
        refunds = connection.execute(text("SELECT refunds, tokens FROM refund_totals")).all()
    return [*map(tuple, wallets), *map(tuple, refunds)]


SUMMED: Final = [(6, 2, 3), (5000, 10_000)]


def test_no_statement_begins_while_a_growing_table_is_locked(
    old: PostgresDatabase, writer: "psycopg.Connection[Any]"
) -> None:
    """Each lock that is in a writer's way ends with its statement, and no such statement reads the rows."""
    seen: list[str] = []

    def write(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)
        locked = {name for (name,) in writer.execute(LOCKED, (APPLICATION,))}
        assert not locked & GROWING, statement
        _write(writer)

    event.listen(old.engine, "before_cursor_execute", write)
    old.migrate()
    event.remove(old.engine, "before_cursor_execute", write)

    old.ping()
    assert _sums(old) == SUMMED
    with old.engine.connect() as connection:
        counts = connection.execute(text("SELECT id, image_count FROM albums WHERE image_count > 0")).all()
    assert [tuple(row) for row in counts] == [("album_999", 3)]
    indexes = [each for each in seen if each.startswith("CREATE INDEX")]
    assert len(indexes) >= 4
    assert all("CONCURRENTLY" in each for each in indexes)
    checks = [each for each in seen if "ADD CONSTRAINT" in each]
    assert len(checks) == 10
    assert all("NOT VALID" in each for each in checks)


def test_writers_go_on_while_a_migration_waits_for_an_earlier_transaction(
    old: PostgresDatabase, writer: "psycopg.Connection[Any]"
) -> None:
    """They wait at most for one try of a short statement."""
    migrator = threading.Thread(target=old.migrate)
    with _connected(old.engine) as earlier:
        for table in ("jobs", "wallets"):
            with earlier.transaction():
                earlier.execute(f"UPDATE {table} SET owner_id = owner_id WHERE owner_id = 'user_2'")  # noqa: S608
                if table == "jobs":
                    migrator.start()
                    eventually("the migration waits", lambda: writer.execute(WAITING, (APPLICATION,)).fetchall())
                for _ in range(20):
                    _write(writer)
    while migrator.is_alive():
        _write(writer)
    migrator.join()
    old.ping()
    assert _sums(old) == SUMMED


def test_an_index_of_an_interrupted_migration_is_built_anew(
    old: PostgresDatabase, writer: "psycopg.Connection[Any]"
) -> None:
    """Killed while it builds the index concurrently, which leaves an invalid one."""
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            old.migrate()
        except DatabaseUnavailable as error:
            failures.append(error)

    migrator = threading.Thread(target=migrate)
    with _connected(old.engine) as earlier, earlier.transaction():
        earlier.execute("UPDATE jobs SET deaths = 1 WHERE id = 'job_2'")
        migrator.start()
        [(pid,)] = eventually("the migration waits", lambda: writer.execute(WAITING, (APPLICATION,)).fetchall())
        writer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        migrator.join()
    assert len(failures) == 1
    assert writer.execute(INVALID).fetchall() == [("ix_jobs_pending",)]

    old.migrate()

    assert writer.execute(INVALID).fetchall() == []
    old.ping()
    assert _sums(old) == SUMMED


def test_sums_of_an_interrupted_migration_are_counted_once(
    old: PostgresDatabase, writer: "psycopg.Connection[Any]"
) -> None:
    """Portions that were committed are left out when the migration begins again."""
    portions: list[str] = []

    def interrupt(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "INSERT INTO refund_totals" in statement:
            portions.append(statement)
            if len(portions) == 3:
                raise KeyboardInterrupt

    event.listen(old.engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        old.migrate()
    assert writer.execute("SELECT version_num FROM spike_version").fetchall() == [(BEFORE,)]
    assert writer.execute("SELECT refunds FROM refund_totals").fetchall() == [(2000,)]
    portions.extend(["from here on nothing is interrupted"] * 3)

    old.migrate()

    assert writer.execute("SELECT version_num FROM spike_version").fetchall() == [(HEAD,)]
    assert _sums(old) == SUMMED
