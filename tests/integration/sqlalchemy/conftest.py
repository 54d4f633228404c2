"""A migrated SQLite file for each test, copied from one that is migrated once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from spike_sqlalchemy import SqlAlchemyDatabase, SqlAlchemyTransactions, open_sqlite


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "spike.db"
    database = open_sqlite(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[SqlAlchemyDatabase]:
    path = tmp_path / "spike.db"
    shutil.copyfile(template, path)
    opened = open_sqlite(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def engine(database: SqlAlchemyDatabase) -> Engine:
    return database.engine


@pytest.fixture
def transactions(database: SqlAlchemyDatabase) -> SqlAlchemyTransactions:
    return database.transactions
