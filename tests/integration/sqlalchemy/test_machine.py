"""The stateful machine with databases: the same invariants, on SQLite and on PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import psycopg
import pytest
from hypothesis import settings

from effort import IS_FULL, examples
from servers.postgres import emptied
from spike_contracts.state_machine import SpikeMachine
from spike_core.ports.factories import Database
from spike_sqlalchemy import open_postgres, open_sqlite

STEPS: Final = 40 if IS_FULL else 25


class SqliteMachine(SpikeMachine):
    """Each example starts with a copy of a migrated database."""

    template: ClassVar[Path]

    def open_database(self) -> Database:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "spike.db"
        shutil.copyfile(self.template, path)
        return open_sqlite(f"sqlite:///{path}")

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()
            self.folder.cleanup()


class PostgresMachine(SpikeMachine):
    """Each example starts with an empty database."""

    url: ClassVar[str]

    def open_database(self) -> Database:
        with psycopg.connect(self.url, autocommit=True) as connection:
            emptied(connection)
        return open_postgres(self.url)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()


@pytest.fixture(scope="class")
def _template(template: Path) -> None:
    SqliteMachine.template = template


TestSqliteMachine = pytest.mark.usefixtures("_template")(SqliteMachine.TestCase)
TestSqliteMachine.settings = settings(max_examples=examples(60, share=5), stateful_step_count=STEPS, deadline=None)


@pytest.fixture(scope="class")
def _server(migrated_postgres: str) -> Iterator[None]:
    PostgresMachine.url = migrated_postgres
    yield
    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        emptied(connection)  # of the last example's rows, which the next test that shares the database would find


TestPostgresMachine = pytest.mark.usefixtures("_server")(PostgresMachine.TestCase)
TestPostgresMachine.settings = settings(max_examples=examples(30), stateful_step_count=STEPS, deadline=None)
