"""The stateful machine of event deliveries, on SQLite."""

import tempfile
from pathlib import Path

from hypothesis import settings

from effort import examples
from event_machine import EventMachine
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import open_sqlite


class SqliteEventMachine(EventMachine):
    def open_transactions(self) -> Transactions:
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_sqlite(f"sqlite:///{Path(self.folder.name) / 'spike.db'}")
        self.database.migrate()
        return self.database.transactions

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()
            self.folder.cleanup()


TestSqliteEventMachine = SqliteEventMachine.TestCase
TestSqliteEventMachine.settings = settings(max_examples=examples(8), stateful_step_count=30, deadline=None)
