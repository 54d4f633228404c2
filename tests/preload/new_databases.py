"""The schema of a new SQLite database in one step, where its migrations would be applied one after the other.

They take a quarter of a second of processor time, most of a first start. The schema is a copy of what they make.
Tests of the migrations apply them: `tests/integration/sqlalchemy/conftest.py`.
"""

import functools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine

from spike_sqlalchemy import database, open_sqlite
from spike_sqlalchemy.schema import migration_connection, upgrade
from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames

_TRANSACTION: Final = {"BEGIN TRANSACTION;", "COMMIT;"}  # the caller's


def make_at_once() -> None:
    """Have this process, and those that are forked from it, make them so."""
    vars(database)["upgrade"] = _upgrade


@functools.cache
def statements() -> Sequence[str]:
    """Return what makes the schema that all migrations lead to."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spike.db"
        migrated = open_sqlite(f"sqlite:///{path}")
        upgrade(migrated.engine)
        migrated.close()
        with closing(sqlite3.connect(path)) as connection:
            return [each for each in connection.iterdump() if each not in _TRANSACTION]


def _upgrade(engine: Engine, names: TableNames = DEFAULT_NAMES) -> None:
    """Migrate a database; a new one at once."""
    if engine.dialect.name == "sqlite" and names == DEFAULT_NAMES:
        with migration_connection(engine) as connection:
            driver: Any = connection.connection.driver_connection
            if driver.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                for statement in statements():
                    driver.execute(statement)
    upgrade(engine, names)
