"""The stateful machine of event deliveries, on SQLite."""

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings

from effort import examples
from event_machine import EventMachine
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import open_sqlite


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


@pytest.fixture(scope="class")
def _template(template: Path) -> None:
    SqliteEventMachine.template = template


TestSqliteEventMachine = pytest.mark.usefixtures("_template")(SqliteEventMachine.TestCase)
TestSqliteEventMachine.settings = settings(max_examples=examples(8), stateful_step_count=30, deadline=None)
