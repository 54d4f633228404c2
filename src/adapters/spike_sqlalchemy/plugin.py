"""The entry point `database.sqlite`."""

from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from spike_core.domain.errors import InvalidValue
from spike_sqlalchemy.database import SqlAlchemyDatabase
from spike_sqlalchemy.engine import sqlite_engine
from spike_sqlalchemy.transactions import SqlAlchemyTransactions

_SCHEMES: Final = frozenset({"sqlite", "sqlite+pysqlite"})


def open_sqlite(url: str) -> SqlAlchemyDatabase:
    """Open the SQLite file at `url`, `sqlite:///relative/path.db` or `sqlite:////absolute/path.db`.

    Raises:
        InvalidValue: it isn't such a URL. A database in memory isn't one: `spike_memory` has that.
    """
    path = _path(url)
    engine = sqlite_engine(path)
    return SqlAlchemyDatabase(path=path, engine=engine, transactions=SqlAlchemyTransactions(engine))


def _path(url: str) -> Path:
    wrong = InvalidValue(what="the SQLite URL", rule="must look like sqlite:///path/to/file.db")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise wrong from error
    name = parsed.database or ""
    if parsed.drivername not in _SCHEMES or parsed.host or parsed.query or not name or name.startswith((":", "file:")):
        raise wrong
    return Path(name)
