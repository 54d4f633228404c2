"""The stateful machine of event deliveries and webhooks with databases, on SQLite and on PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import psycopg
import pytest
from hypothesis import settings

from effort import examples, long
from event_machine import EventMachine
from servers.postgres import emptied
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import open_postgres, open_sqlite


class SqliteEventMachine(EventMachine):
    """Each example starts with a copy of a migrated database."""

    template: ClassVar[Path]

    def open_transactions(self) -> Transactions:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "spike.db"
        shutil.copyfile(self.template, path)
        self.database = open_sqlite(f"sqlite:///{path}")
        return self.database.transactions

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()
            self.folder.cleanup()


class PostgresEventMachine(EventMachine):
    """Each example starts with an empty database."""

    url: ClassVar[str]

    def open_transactions(self) -> Transactions:
        with psycopg.connect(self.url, autocommit=True) as connection:
            emptied(connection)
        self.database = open_postgres(self.url)
        return self.database.transactions

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()


@pytest.fixture(scope="class")
def _template(template: Path) -> None:
    SqliteEventMachine.template = template


TestSqliteEventMachine = pytest.mark.usefixtures("_template")(SqliteEventMachine.TestCase)
TestSqliteEventMachine.settings = settings(max_examples=examples(8), stateful_step_count=30, deadline=None)


@pytest.fixture(scope="class")
def _server(migrated_postgres: str) -> Iterator[None]:
    PostgresEventMachine.url = migrated_postgres
    yield
    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        emptied(connection)  # of the last example's rows, which the next test that shares the database would find


KEPT_BY: Final = "tests/integration/sqlalchemy/test_event_machine.py::TestSqliteEventMachine"
TestPostgresEventMachine = long(kept_by=KEPT_BY)(pytest.mark.usefixtures("_server")(PostgresEventMachine.TestCase))
TestPostgresEventMachine.settings = settings(max_examples=examples(20), stateful_step_count=30, deadline=None)
