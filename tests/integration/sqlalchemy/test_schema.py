"""The schema of a SQLite file."""

import fcntl
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from attrs import evolve
from sqlalchemy import insert, text

from preloaded import run_program
from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import NOON, a_claimed_job, a_job, an_album, an_album_image_id, an_image
from spike_contracts.jobs import store
from spike_contracts.users import a_session, a_user
from spike_core.domain.api_keys import ALL_SCOPES, Scope
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.outbox import OutboxMessage
from spike_sqlalchemy import SqliteDatabase, open_sqlite, sqlite_engine
from spike_sqlalchemy.rows import album_row, image_row
from spike_sqlalchemy.schema import HEAD
from spike_sqlalchemy.tables import METADATA, album_images, albums, images

COMPARED = {"compare_type": True, "compare_server_default": True, "version_table": "spike_version"}
MIGRATE = """
import sys
from spike_sqlalchemy import database, open_sqlite, schema
database.upgrade = schema.upgrade  # by migrations, as everywhere but in tests
open_sqlite(sys.argv[1]).migrate()
"""


@pytest.fixture
def database(sqlite_database: SqliteDatabase) -> SqliteDatabase:
    return sqlite_database


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """A database that doesn't exist yet, nor its folder."""
    opened = open_sqlite(f"sqlite:///{tmp_path}/new/folder/spike.db")
    yield opened
    opened.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "spike_sqlalchemy:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _schema(path: Path) -> dict[str, list[str]]:
    """Return the definition of each table and index, its parts sorted."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    # columns that were added later stand in the line of the last column before them
    texts = {name: re.sub(r", (\w+ (?:BIGINT|BLOB|BOOLEAN|INTEGER|VARCHAR)\b)", r",\n\1", sql) for name, sql in rows}
    parts = {name: sorted(line.strip().rstrip(",") for line in sql.splitlines()) for name, sql in texts.items()}
    parts.pop("spike_version", None)
    return parts


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory.from_config(_config()).get_heads() == [HEAD]


# the next test compares indexes of expressions
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_models_and_migrations_agree(database: SqliteDatabase) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, METADATA) == []


def test_models_and_migrations_make_the_same_tables_to_the_letter(database: SqliteDatabase, tmp_path: Path) -> None:
    """Including checks and partial indexes, which alembic's comparison ignores."""
    modeled = tmp_path / "modeled.db"
    engine = sqlite_engine(modeled)
    METADATA.create_all(engine)
    engine.dispose()
    with database.transactions.view() as tx:
        tx.images.find([])
    assert _schema(database.path) == _schema(modeled)
    assert len(_schema(modeled)) > len(METADATA.tables)


def test_the_migrations_can_be_taken_back(database: SqliteDatabase) -> None:
    config = _config()
    with database.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert _schema(database.path) == {}


def test_a_database_of_the_first_revision_keeps_what_is_in_it(empty: SqliteDatabase) -> None:
    """Its albums have no share token yet; the images in them and their order are kept."""
    first, second = an_image(), an_image()
    album = evolve(an_album(owner_id=first.owner_id), cover_image_id=first.id)
    row = {name: value for name, value in album_row(album).items() if name != "share_token"}
    config = _config()
    empty.path.parent.mkdir(parents=True)
    with empty.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with empty.engine.connect() as connection, connection.begin():
        known = set(connection.execute(text("SELECT name FROM pragma_table_info('images')")).scalars())
        for image in (first, second):
            values = {name: value for name, value in image_row(image).items() if name in known}
            connection.execute(insert(images).values(values))
        connection.execute(insert(albums).values(row))
        for number, image in enumerate((second, first)):
            row = {"id": an_album_image_id().text, "album_id": album.id.text, "image_id": image.id.text}
            connection.execute(insert(album_images).values(row | {"position": number, "added_at": NOON}))
    with pytest.raises(DatabaseUnavailable):
        empty.ping()

    empty.migrate()

    empty.ping()
    with empty.transactions.view() as tx:
        assert tx.albums.get(album.id) == album
        assert [place.image_id for place in tx.albums.images(album.id)] == [second.id, first.id]
        assert tx.albums.count(album.id) == 2
        assert tx.images.find([first.id, second.id]) == {first.id: first, second.id: second}


def test_the_second_revision_taken_back_leaves_the_albums_alone(database: SqliteDatabase) -> None:
    image = an_image()
    album = an_album(owner_id=image.owner_id)
    with database.transactions.begin() as tx:
        tx.images.add(image)
        tx.albums.add(album)
        places = tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
    config = _config()
    with database.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert "share_token" not in str(_schema(database.path))
    database.migrate()
    with database.transactions.view() as tx:
        assert tx.albums.get(album.id) == album
        assert list(tx.albums.images(album.id)) == list(places)


def test_opening_makes_nothing_and_migrating_makes_the_folder_and_the_file(empty: SqliteDatabase) -> None:
    assert not empty.path.parent.exists()
    with pytest.raises(DatabaseUnavailable):
        empty.ping()
    assert not empty.path.parent.exists()
    empty.migrate()
    empty.ping()


def test_migrating_again_changes_nothing(database: SqliteDatabase) -> None:
    image = an_image()
    with database.transactions.begin() as tx:
        tx.images.add(image)
    before = _schema(database.path)
    database.migrate()
    assert _schema(database.path) == before
    with database.transactions.view() as tx:
        assert tx.images.get(image.id) == image


def test_a_start_without_changes_doesnt_load_alembic(database: SqliteDatabase) -> None:
    check = f"{MIGRATE}sys.exit('alembic' in sys.modules)"
    command_ = [sys.executable, "-c", check, f"sqlite:///{database.path}"]
    assert subprocess.run(command_, check=False, timeout=60).returncode == 0


def test_processes_that_migrate_an_empty_file_at_once_all_succeed(empty: SqliteDatabase) -> None:
    url = f"sqlite:///{empty.path}"
    with ThreadPoolExecutor(2) as pool:
        ran = [each.result() for each in [pool.submit(run_program, MIGRATE, url) for _ in range(2)]]
    assert [(each.returncode, each.stderr) for each in ran] == [(0, "")] * 2
    empty.ping()


def test_who_comes_second_waits_for_the_migrator(empty: SqliteDatabase) -> None:
    empty.path.parent.mkdir(parents=True)
    done = threading.Event()

    def migrate() -> None:
        empty.migrate()
        done.set()

    second = threading.Thread(target=migrate)
    with empty.path.with_name("spike.db.migrate.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second.start()
        assert not done.wait(0.1)
    second.join()
    empty.ping()


def test_a_migration_that_fails_changes_nothing(empty: SqliteDatabase) -> None:
    """A table of the same name is in the way of the last new one: none of the others is created."""
    empty.path.parent.mkdir(parents=True)
    with empty.engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE api_keys (id INTEGER)"))
    before = _schema(empty.path)
    with pytest.raises(DatabaseUnavailable):
        empty.migrate()
    assert _schema(empty.path) == before
    with empty.engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TABLE api_keys"))
    empty.migrate()
    empty.ping()


@pytest.mark.parametrize("damage", ["UPDATE spike_version SET version_num = '0000'", "DELETE FROM spike_version"])
def test_a_schema_that_is_out_of_date_is_no_answer(database: SqliteDatabase, damage: str) -> None:
    database.ping()
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text(damage))
    with pytest.raises(DatabaseUnavailable):
        database.ping()


def test_a_file_that_is_gone_is_no_answer(database: SqliteDatabase) -> None:
    database.ping()
    database.path.unlink()
    with pytest.raises(DatabaseUnavailable):
        database.ping()
    assert not database.path.exists()


def test_a_folder_that_cant_be_made_is_the_worlds_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = open_sqlite(f"sqlite:///{tmp_path}/file/spike.db")
    with pytest.raises(DatabaseUnavailable):
        database.migrate()
    with pytest.raises(DatabaseUnavailable):
        database.ping()


def test_a_database_of_the_second_revision_keeps_its_jobs_and_their_messages(empty: SqliteDatabase) -> None:
    """The table of jobs is recreated, and dropping the old one must not delete the outbox."""
    image = an_image()
    job = a_claimed_job(image=image)
    waiting = a_job(image=image)
    config = _config()
    empty.migrate()
    with empty.transactions.begin() as tx:
        tx.images.add(image)
        store(tx, job, waiting)
        tx.outbox.put([OutboxMessage(job_id=waiting.id, due_at=NOON)])
    with empty.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    assert "batch_id" not in str(_schema(empty.path))

    empty.migrate()

    with empty.transactions.view() as tx:
        assert tx.jobs.of_image(image.id) == sorted([job, waiting], key=lambda each: each.spec.cursor)
        assert list(tx.outbox.due(now=NOON, limit=10)) == [OutboxMessage(job_id=waiting.id, due_at=NOON)]


def test_earlier_keys_have_all_scopes_and_earlier_sessions_may_descend_from_one(empty: SqliteDatabase) -> None:
    user = a_user()
    key, session = an_api_key(user), a_session(user)
    config = _config()
    empty.migrate()
    with empty.transactions.begin() as tx:
        tx.users.add_user(user)
        tx.api_keys.put(evolve(key, scopes=frozenset({Scope.READ})))
        tx.sessions.add(session)
    with empty.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")

    empty.migrate()

    with empty.transactions.view() as tx:
        assert tx.api_keys.get(key.id) == evolve(key, scopes=ALL_SCOPES)
        assert tx.sessions.get(session.hash) == evolve(session, may_descend_from_key=True)
