"""A migrated database for each test, on SQLite and on PostgreSQL, copied from one that is migrated once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import Engine

from spike_sqlalchemy import (
    PostgresDatabase,
    SqlAlchemyDatabase,
    SqlAlchemyTransactions,
    SqliteDatabase,
    open_postgres,
    open_sqlite,
)
from spike_sqlalchemy import database as database_module
from spike_sqlalchemy.schema import upgrade

DIALECTS = ("sqlite", "postgresql")
Another = Callable[[], SqlAlchemyDatabase]


def opened(url: str) -> SqlAlchemyDatabase:
    """Open a database of either kind."""
    return open_sqlite(url) if url.startswith("sqlite") else open_postgres(url)


@pytest.fixture(scope="module", autouse=True)
def _by_migrations() -> Iterator[None]:
    """Make new databases by the migrations, as everywhere but in tests; see `new_databases`."""
    with mock.patch.object(database_module, "upgrade", upgrade):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "spike.db"
    database = open_sqlite(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def sqlite_url(template: Path, tmp_path: Path) -> str:
    path = tmp_path / "spike.db"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[SqliteDatabase]:
    database = open_sqlite(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[PostgresDatabase]:
    database = open_postgres(postgres_url)
    yield database
    database.close()


@pytest.fixture(params=DIALECTS)
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database, for each kind."""
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(url: str) -> Iterator[SqlAlchemyDatabase]:
    database = opened(url)
    yield database
    database.close()


@pytest.fixture(params=DIALECTS)
def own_database(request: pytest.FixtureRequest) -> Iterator[SqlAlchemyDatabase]:
    """A migrated database of the test's own, whose schema it may change."""
    name = {"sqlite": "sqlite_url", "postgresql": "own_postgres_url"}[request.param]
    database = opened(request.getfixturevalue(name))
    yield database
    database.close()


@pytest.fixture
def another(url: str) -> Iterator[Another]:
    """Open the same database again, as another process would."""
    others: list[SqlAlchemyDatabase] = []

    def open_another() -> SqlAlchemyDatabase:
        others.append(opened(url))
        return others[-1]

    yield open_another
    for other in others:
        other.close()


@pytest.fixture
def engine(database: SqlAlchemyDatabase) -> Engine:
    return database.engine


@pytest.fixture
def transactions(database: SqlAlchemyDatabase) -> SqlAlchemyTransactions:
    return database.transactions
