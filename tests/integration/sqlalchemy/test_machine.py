"""The stateful machine over SQLite: the same laws, on a real database."""

import tempfile
from pathlib import Path

from hypothesis import settings

from machine import SpikeMachine
from spike_core.ports.plugins import Database
from spike_sqlalchemy.plugin import open_sqlite


class SqliteMachine(SpikeMachine):
    def open_database(self) -> Database:
        self.folder = tempfile.TemporaryDirectory()
        return open_sqlite(f"sqlite:///{Path(self.folder.name) / 'spike.db'}")

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.database.close()
            self.folder.cleanup()


TestSqliteMachine = SqliteMachine.TestCase
TestSqliteMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
