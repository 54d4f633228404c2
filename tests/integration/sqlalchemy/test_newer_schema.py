"""An older release with a database that a newer one has migrated."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from spike_core.domain.errors import SchemaTooNew
from spike_sqlalchemy import PostgresDatabase, SqliteDatabase, open_postgres, open_sqlite
from spike_sqlalchemy.schema import HEAD, is_current, upgrade

NEWER = f"{int(HEAD) + 1:04}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[SqliteDatabase | PostgresDatabase]:
    """A database that is one revision ahead."""
    opened: SqliteDatabase | PostgresDatabase
    if request.param == "sqlite":
        opened = open_sqlite(request.getfixturevalue("sqlite_url"))
    else:
        opened = open_postgres(request.getfixturevalue("own_postgres_url"))
    with closing(opened):
        with opened.engine.connect() as connection, connection.begin():
            connection.execute(text("UPDATE spike_version SET version_num = :newer"), {"newer": NEWER})
        yield opened


@pytest.mark.parametrize("do", [lambda database: database.migrate(), lambda database: database.ping()])
def test_neither_migration_nor_use_begins_and_the_error_says_what_to_do(
    database: SqliteDatabase | PostgresDatabase, do: Callable[[SqliteDatabase | PostgresDatabase], None]
) -> None:
    with pytest.raises(SchemaTooNew) as caught:
        do(database)
    assert (caught.value.stored, caught.value.known) == (NEWER, HEAD)
    assert "run the newer release" in str(caught.value)


def test_whoever_waited_for_a_newer_release_to_migrate_is_told_too(database: SqliteDatabase | PostgresDatabase) -> None:
    with pytest.raises(SchemaTooNew):
        upgrade(database.engine)


def test_nothing_is_changed(database: SqliteDatabase | PostgresDatabase) -> None:
    with pytest.raises(SchemaTooNew):
        database.migrate()
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM spike_version")).scalars().all() == [NEWER]
        with pytest.raises(SchemaTooNew):
            is_current(connection)
