"""The schema of a PostgreSQL database."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from preloaded import run_program
from spike_contracts.builders import NOON, a_claimed_job, a_job, an_album, an_album_image_id, an_image
from spike_contracts.jobs import store
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.outbox import OutboxMessage
from spike_sqlalchemy import PostgresDatabase, open_postgres
from spike_sqlalchemy.migration_lock import retried
from spike_sqlalchemy.schema import migration_connection, run_migrations
from spike_sqlalchemy.tables import METADATA

COMPARED = {"compare_type": True, "compare_server_default": True, "version_table": "spike_version"}
MIGRATE = "import sys; from spike_sqlalchemy import open_postgres; open_postgres(sys.argv[1]).migrate()"
PROCESSES = 2
LIMITS = ("lock_timeout", "statement_timeout")
COLUMNS = """
    SELECT table_name || '.' || column_name, data_type, collation_name, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
"""
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
TRIGGERS = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"


@pytest.fixture
def empty(empty_postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database without tables."""
    opened = open_postgres(empty_postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def database(own_postgres_url: str) -> Iterator[PostgresDatabase]:
    opened = open_postgres(own_postgres_url)
    yield opened
    opened.close()


def _url(database: PostgresDatabase) -> str:
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _schema(engine: Engine) -> Mapping[str, tuple[object, ...]]:
    """Return each column, constraint, index, trigger and function as the server describes it."""
    described: dict[str, tuple[object, ...]] = {}
    with engine.connect() as connection:
        for query in (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS):
            described |= {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}
    return {name: parts for name, parts in described.items() if "spike_version" not in name}


def _migrate_to(database: PostgresDatabase, revision: str, *, down: bool = False) -> None:
    with migration_connection(database.engine) as connection:
        run_migrations(connection, to=revision, command="downgrade" if down else "upgrade")


def test_models_and_migrations_agree(database: PostgresDatabase) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, METADATA) == []


def test_models_and_migrations_make_the_same_tables_to_the_letter(
    database: PostgresDatabase, another_empty_postgres_url: str
) -> None:
    """Including checks, collations and partial indexes, which alembic's comparison ignores."""
    modeled = open_postgres(another_empty_postgres_url)
    METADATA.create_all(modeled.engine)
    wanted = _schema(modeled.engine)
    modeled.close()
    assert _schema(database.engine) == wanted
    assert len(wanted) > 150


def test_texts_are_compared_by_code_points(database: PostgresDatabase) -> None:
    columns = {name: parts for name, parts in _schema(database.engine).items() if parts[0] == "character varying"}
    assert {parts[1] for parts in columns.values()} == {"C"}
    assert len(columns) > 40


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004"])
def test_each_migration_can_be_taken_back_and_applied_again(empty: PostgresDatabase, revision: str) -> None:
    _migrate_to(empty, revision)
    there = _schema(empty.engine)
    before = f"{int(revision) - 1:04}" if revision != "0001" else "base"
    _migrate_to(empty, before, down=True)
    assert _schema(empty.engine) != there
    _migrate_to(empty, revision)
    assert _schema(empty.engine) == there


def test_all_migrations_taken_back_leave_nothing(database: PostgresDatabase) -> None:
    _migrate_to(database, "base", down=True)
    assert _schema(database.engine) == {}


def test_what_is_stored_outlives_the_way_down_and_up(database: PostgresDatabase) -> None:
    image = an_image()
    album = an_album(owner_id=image.owner_id)
    job, waiting = a_claimed_job(image=image), a_job(image=image)
    with database.transactions.begin() as tx:
        tx.images.add(image)
        tx.albums.add(album)
        places = tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
        store(tx, job, waiting)
        tx.outbox.put([OutboxMessage(job_id=waiting.id, due_at=NOON)])
    _migrate_to(database, "0001", down=True)
    with pytest.raises(DatabaseUnavailable):
        database.ping()
    database.migrate()
    database.ping()
    with database.transactions.view() as tx:
        assert tx.images.get(image.id) == image
        assert tx.albums.get(album.id) == album
        assert list(tx.albums.images(album.id)) == list(places)
        assert tx.jobs.of_image(image.id) == sorted([job, waiting], key=lambda each: each.spec.cursor)
        assert list(tx.outbox.due(now=NOON, limit=10)) == [OutboxMessage(job_id=waiting.id, due_at=NOON)]


def test_an_empty_database_is_no_answer(empty: PostgresDatabase) -> None:
    with pytest.raises(DatabaseUnavailable):
        empty.ping()
    with pytest.raises(DatabaseUnavailable), empty.transactions.view() as tx:
        tx.images.find([an_image().id])
    with pytest.raises(DatabaseUnavailable), empty.transactions.begin() as tx:
        tx.images.add(an_image())
    empty.migrate()
    empty.ping()


def test_processes_that_migrate_an_empty_database_at_once_all_succeed(empty: PostgresDatabase) -> None:
    with ThreadPoolExecutor(PROCESSES) as pool:
        running = [pool.submit(run_program, MIGRATE, _url(empty)) for _ in range(PROCESSES)]
    assert [each.result().returncode for each in running] == [0] * PROCESSES
    empty.ping()


def test_who_comes_second_waits_for_the_migrator(empty: PostgresDatabase) -> None:
    done = threading.Event()

    def migrate() -> None:
        empty.migrate()
        done.set()

    second = threading.Thread(target=migrate)
    with migration_connection(empty.engine):
        second.start()
        assert not done.wait(0.3)
    second.join(30)
    assert done.is_set()
    empty.ping()


def test_a_migration_waits_for_a_table_no_longer_than_others_may_wait_behind_it(empty: PostgresDatabase) -> None:
    """Waiting for a table's lock blocks all others, so it is limited; the statements themselves are not."""
    shown: list[str] = []

    def show(connection: Connection) -> None:
        shown.extend(connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIMITS)

    with migration_connection(empty.engine) as connection:
        retried(connection, show)
    with empty.engine.connect() as connection:
        show(connection)
    assert shown == ["500ms", "0", "5s", "30s"]


def test_a_migration_that_fails_changes_nothing(empty: PostgresDatabase) -> None:
    with psycopg.connect(_url(empty), autocommit=True) as connection:
        connection.execute("CREATE TABLE api_keys (id INTEGER)")
        before = _schema(empty.engine)
        with pytest.raises(DatabaseUnavailable):
            empty.migrate()
        assert _schema(empty.engine) == before
        connection.execute("DROP TABLE api_keys")
    empty.migrate()
    empty.ping()


def test_migrating_again_changes_nothing(database: PostgresDatabase) -> None:
    before = _schema(database.engine)
    database.migrate()
    assert _schema(database.engine) == before
