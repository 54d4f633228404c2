"""Databases that are opened: a SQLite file, or a PostgreSQL database."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from attrs import frozen
from sqlalchemy import Engine, QueuePool

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.connections import begun
from spike_sqlalchemy.engine import BEGIN_VIEW, POOL_OVERFLOW
from spike_sqlalchemy.errors import translated
from spike_sqlalchemy.migration_lock import file_migration_lock
from spike_sqlalchemy.schema import is_current, upgrade
from spike_sqlalchemy.shared_transactions import SharedTransaction
from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames
from spike_sqlalchemy.transactions import SqlAlchemyTransactions


@frozen(kw_only=True)
class SqliteDatabase:
    """See the port."""

    path: Path
    engine: Engine
    transactions: SqlAlchemyTransactions
    names: TableNames = DEFAULT_NAMES

    def migrate(self) -> None:
        """Bring the schema up to date, making the file and its folder where they are missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable from error
        with file_migration_lock(self.path):
            if not self._is_current():
                with translated():
                    upgrade(self.engine, self.names)

    def ping(self) -> None:
        """Check that it answers and that its schema is up to date."""
        if not self._is_current():
            raise DatabaseUnavailable

    def sharing(self, connection: Any) -> AbstractContextManager[SharedTransaction]:
        """Let use cases take part in a transaction of the app; see `SqlAlchemyTransactions.sharing`."""
        return self.transactions.sharing(connection)

    @property
    def is_exhausted(self) -> bool:
        """Whether all connections are in use."""
        return _pool(self.engine).checkedout() >= _pool(self.engine).size() + POOL_OVERFLOW

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _is_current(self) -> bool:
        if not self.path.exists():  # connecting would make an empty file
            return False
        with begun(self.engine, BEGIN_VIEW[self.engine.dialect.name]) as connection, translated():
            return is_current(connection, self.names)


@frozen(kw_only=True)
class PostgresDatabase:
    """See the port."""

    engine: Engine
    unpooled_engine: Engine  # for a connection beside the pool
    transactions: SqlAlchemyTransactions
    names: TableNames = DEFAULT_NAMES

    def migrate(self) -> None:
        """Bring the schema up to date. The database itself has to be there."""
        if not self._is_current():
            with translated():
                upgrade(self.engine, self.names)

    def ping(self) -> None:
        """Check that it answers and that its schema is up to date, also while all connections are in use."""
        if not self._is_current():
            raise DatabaseUnavailable

    def sharing(self, connection: Any) -> AbstractContextManager[SharedTransaction]:
        """Let use cases take part in a transaction of the app; see `SqlAlchemyTransactions.sharing`."""
        return self.transactions.sharing(connection)

    @property
    def is_exhausted(self) -> bool:
        """Whether all connections are in use."""
        return _pool(self.engine).checkedout() >= _pool(self.engine).size()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _is_current(self) -> bool:
        engine = self.unpooled_engine if self.is_exhausted else self.engine
        with begun(engine, BEGIN_VIEW[engine.dialect.name]) as connection, translated():
            return is_current(connection, self.names)


def _pool(engine: Engine) -> QueuePool:
    return cast("QueuePool", engine.pool)  # as `engine.py` makes it


SqlAlchemyDatabase = SqliteDatabase | PostgresDatabase
