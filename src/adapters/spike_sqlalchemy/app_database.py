"""The database of an app, by the app's own SQLAlchemy engine. It is neither disposed nor set up anew."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, Engine, QueuePool

from spike_core.domain.errors import DatabaseUnavailable, InvalidValue
from spike_sqlalchemy.connections import begun_on_apps_engine
from spike_sqlalchemy.engine import BEGIN_VIEW
from spike_sqlalchemy.errors import translated
from spike_sqlalchemy.migration_lock import file_migration_lock
from spike_sqlalchemy.schema import is_current, upgrade
from spike_sqlalchemy.shared_transactions import SharedTransaction
from spike_sqlalchemy.table_names import TableNames
from spike_sqlalchemy.transactions import SqlAlchemyTransactions

# the app's sessions may have another default
_BEGIN: Final[Mapping[str, str]] = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}
_DRIVERS: Final = frozenset({("sqlite", "pysqlite"), ("postgresql", "psycopg")})


@frozen(kw_only=True)
class AppDatabase:
    """See the port."""

    engine: Engine
    transactions: SqlAlchemyTransactions
    names: TableNames

    def migrate(self) -> None:
        """Bring the schema up to date. The database itself has to be there."""
        if self.engine.dialect.name == "sqlite":
            with file_migration_lock(_file(self.engine)):
                self._migrate()
        else:
            self._migrate()

    def ping(self) -> None:
        """Check that it answers and that its schema is up to date, also while all connections are in use."""
        if not self._is_current():
            raise DatabaseUnavailable

    def sharing(self, connection: Any) -> AbstractContextManager[SharedTransaction]:
        """Let use cases take part in a transaction of the app; see `SqlAlchemyTransactions.sharing`."""
        return self.transactions.sharing(connection)

    @property
    def is_exhausted(self) -> bool:
        """Whether all connections of the app's pool are in use, if it is one with a limit."""
        return _is_exhausted(self.engine)

    def close(self) -> None:
        """Do nothing: the app closes its engine."""

    def _migrate(self) -> None:
        if not self._is_current():
            with translated():
                upgrade(self.engine, self.names)

    def _is_current(self) -> bool:
        if self.is_exhausted:
            with _beside_the_pool(self.engine) as connection, translated():
                return is_current(connection, self.names)
        with begun_on_apps_engine(self.engine, BEGIN_VIEW[self.engine.dialect.name]) as connection, translated():
            return is_current(connection, self.names)


def from_engine(engine: Engine, *, schema: str = "", prefix: str = "") -> AppDatabase:
    """Return a database for `build(settings, database=…)` on the engine of an app, which stays the app's.

    On SQLite its connections must have `PRAGMA foreign_keys = ON` and `PRAGMA journal_mode = WAL`, which is checked. On
    PostgreSQL timeouts are as the app has set them. Nothing is sent yet.

    Raises:
        InvalidValue: it isn't an engine on a SQLite file by `sqlite3`, nor on PostgreSQL by psycopg 3; or a name can't
            be used.
    """
    if (engine.dialect.name, engine.dialect.driver) not in _DRIVERS:
        raise InvalidValue(what="the engine", rule="must be sqlite:///path/to/file.db or postgresql+psycopg://…")
    if engine.dialect.name == "sqlite":
        _file(engine)
        check_sqlite_names(schema)
    names = TableNames(schema=schema, prefix=prefix)
    transactions = SqlAlchemyTransactions(engine, names=names, begun=begun_on_apps_engine, begin=_BEGIN)
    return AppDatabase(engine=engine, transactions=transactions, names=names)


def check_sqlite_names(schema: str) -> None:
    """Check that no schema is given: SQLite has none.

    Raises:
        InvalidValue: one is.
    """
    if schema:
        raise InvalidValue(what="the schema", rule="is for PostgreSQL; on SQLite tables can have a prefix")


def _file(engine: Engine) -> Path:
    name = engine.url.database or ""
    if not name or name.startswith((":", "file:")):
        raise InvalidValue(what="the engine", rule="must have a file, such as sqlite:///path/to/file.db")
    return Path(name)


def _is_exhausted(engine: Engine) -> bool:
    pool = engine.pool
    # the most that it may open above its size has no public name; -1 is no limit
    if not isinstance(pool, QueuePool) or (overflow_max := pool._max_overflow) < 0:  # noqa: SLF001
        return False
    return pool.checkedout() >= pool.size() + overflow_max


@contextmanager
def _beside_the_pool(engine: Engine) -> Iterator[Connection]:
    pool = engine.pool.recreate()  # empty, and opens connections as the app's does
    try:
        with translated():
            connection = Connection(engine, pool.connect())
            try:
                yield connection
            finally:
                connection.close()
    finally:
        pool.dispose()
