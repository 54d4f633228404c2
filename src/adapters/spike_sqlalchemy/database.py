"""A SQLite database that is opened."""

from pathlib import Path

from attrs import frozen
from sqlalchemy import Engine

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.errors import translated
from spike_sqlalchemy.schema import is_current, one_migrator, upgrade
from spike_sqlalchemy.transactions import SqlAlchemyTransactions


@frozen(kw_only=True)
class SqlAlchemyDatabase:
    """See the port."""

    path: Path
    engine: Engine
    transactions: SqlAlchemyTransactions

    def migrate(self) -> None:
        """Bring the schema up to date, making the file and its folder where they are missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable from error
        with one_migrator(self.path):
            if not self._is_current():
                with translated():
                    upgrade(self.engine)

    def ping(self) -> None:
        """Check that it answers and that its schema is up to date."""
        if not self._is_current():
            raise DatabaseUnavailable

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _is_current(self) -> bool:
        if not self.path.exists():  # connecting would make an empty file
            return False
        with translated(), self.engine.connect() as connection:
            return is_current(connection)
