"""A transaction that an app began, shared with the use cases that one context calls."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Dialect

from spike_core.domain.errors import (
    DatabaseUnavailable,
    InvariantViolated,
    SharedTransactionUndone,
    SpikeError,
    TransactionUndone,
    UnsuitableDatabase,
)
from spike_sqlalchemy.engine import BEGIN
from spike_sqlalchemy.errors import translate
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.table_names import TableNames

_SAVEPOINT: Final = "spike_use_case"

_log: Final = logging.getLogger(__name__)


class SharedTransaction:
    """What `sharing` yields: the app's transaction, and what waits for its commit."""

    def __init__(self, connection: Any, *, dialect: Dialect, names: TableNames) -> None:
        """Share the transaction in progress on a SQLAlchemy `Connection`, or on a connection of the driver.

        Raises:
            UnsuitableDatabase: no transaction is in progress, or the connection isn't set up as Spike needs it.
        """
        self.connection: Final = connection
        self._dialect = dialect
        self._names = names
        self._driver: Any = _driver_of(connection)
        self._turn = threading.RLock()
        self._waiting: list[Callable[[], object]] = []
        self._has_ended = False
        self._is_broken = False
        _check(connection, self._driver, dialect)

    @property
    def has_ended(self) -> bool:
        """Whether the block that shares it has ended."""
        return self._has_ended

    def end(self) -> None:
        """Let no further use case take part."""
        self._has_ended = True

    def committed(self) -> None:
        """Hand accepted jobs to the worker queue, once the app has committed; finish deletions.

        Without this call the relay does so within about a second, and maintenance the deletions. Called before the
        commit, or after a rollback, it does no harm: what isn't committed isn't found.

        Raises:
            InvariantViolated: it is called within the block that shares the transaction.
        """
        if not self._has_ended:
            raise InvariantViolated("committed() is called after the block, and after the commit")
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            try:
                action()
            except SpikeError as error:  # the relay and maintenance try again what is still to be done
                _log.warning("what follows a commit is put off: %s", error)

    def when_committed(self, action: Callable[[], object]) -> None:
        """Keep what `committed` calls."""
        self._waiting.append(action)

    @contextmanager
    def begun(self) -> Iterator[Statements]:
        """Begin a part of the app's transaction, which an exception undoes.

        Raises:
            SharedTransactionUndone: the database undid it in favor of another transaction.
        """
        with self._one_thread():
            statements = self._statements(writable=True)
            self._send(f"SAVEPOINT {_SAVEPOINT}")
            try:
                yield statements
                statements.check_sound()
            except BaseException as error:
                self._undo()
                if isinstance(error, TransactionUndone):
                    raise SharedTransactionUndone from error
                raise
            self._send(f"RELEASE SAVEPOINT {_SAVEPOINT}")

    @contextmanager
    def viewed(self) -> Iterator[Statements]:
        """Read within the app's transaction, what isn't committed yet included."""
        with self._one_thread():
            yield self._statements(writable=False)

    def _statements(self, *, writable: bool) -> Statements:
        return Statements(
            self._driver, dialect=self._dialect, names=self._names, writable=writable, cursor=_plain_cursor
        )

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """Keep apart threads that a context was copied to: savepoints of one connection can't overlap."""
        if self._is_broken or (self._dialect.name == "sqlite" and not self._driver.in_transaction):
            raise DatabaseUnavailable  # a savepoint would begin a transaction of its own
        if not self._turn.acquire(blocking=False):
            raise InvariantViolated("a shared transaction is used by one thread at a time")
        try:
            yield
        finally:
            self._turn.release()

    def _undo(self) -> None:
        """Undo the part; where that can't be done, the whole transaction is gone, and nothing may follow in it."""
        try:
            self._send(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            self._send(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except DatabaseUnavailable:
            self._is_broken = True

    def _send(self, sql: str) -> None:
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql)
        except self._dialect.loaded_dbapi.Error as error:
            raise (translate(error) or DatabaseUnavailable()) from error
        finally:
            cursor.close()


def _driver_of(connection: Any) -> Any:
    if not isinstance(connection, Connection):
        return connection
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection


def _check(connection: Any, driver: Any, dialect: Dialect) -> None:
    if not isinstance(driver, dialect.loaded_dbapi.Connection):
        raise UnsuitableDatabase(
            problem=f"a connection of {type(driver).__module__} can't be shared",
            remedy=f"Spike's database is opened by {dialect.loaded_dbapi.__name__}",
        )
    if _commits_by_itself(driver, dialect):
        raise _no_transaction() if not isinstance(connection, Connection) else _autocommit()
    if not _is_in_transaction(driver, dialect):
        # SQLite's driver begins before the first write only; a savepoint outside a transaction would be one by itself
        driver.execute(BEGIN[dialect.name])
    if dialect.name == "sqlite":
        _check_sqlite(driver)


def _is_in_transaction(driver: Any, dialect: Dialect) -> bool:
    return dialect.name != "sqlite" or bool(driver.in_transaction)  # psycopg begins before any statement


def _commits_by_itself(driver: Any, dialect: Dialect) -> bool:
    """Return whether the driver begins no transaction, and none is in progress: what the app has written is stored.

    From Python 3.12 on, `sqlite3` may be set so that `commit()` does nothing, whatever is in progress.
    """
    if dialect.name == "sqlite":
        return getattr(driver, "autocommit", -1) is True or (
            driver.isolation_level is None and not driver.in_transaction
        )
    return bool(driver.autocommit) and driver.info.transaction_status.name == "IDLE"


def _check_sqlite(driver: sqlite3.Connection) -> None:
    [enforced] = driver.execute("PRAGMA foreign_keys").fetchone()
    if not enforced:
        raise UnsuitableDatabase(
            problem="PRAGMA foreign_keys is off on the connection that is shared",
            remedy="execute PRAGMA foreign_keys = ON when a connection is opened",
        )


def _no_transaction() -> UnsuitableDatabase:
    return UnsuitableDatabase(
        problem="no transaction is in progress on the connection that is shared",
        remedy="begin one first, such as by engine.begin() or Django's atomic()",
    )


def _autocommit() -> UnsuitableDatabase:
    return UnsuitableDatabase(
        problem="the engine has each statement stored by itself, so a rollback would undo Spike's rows alone",
        remedy="let the engine begin transactions, without AUTOCOMMIT and autocommit=True, or by a begin listener",
    )


def _plain_cursor(driver: Any) -> Any:
    """Return a cursor whose rows are tuples, whatever the app has its connection make of them."""
    if isinstance(driver, sqlite3.Connection):
        cursor = driver.cursor()
        cursor.row_factory = None
        return cursor
    from psycopg.rows import tuple_row  # noqa: PLC0415  # an extra

    return driver.cursor(row_factory=tuple_row)
