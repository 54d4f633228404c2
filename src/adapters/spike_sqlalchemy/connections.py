"""Connections with a transaction begun on them, and how it ends."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, QueuePool

from spike_core.domain.errors import DatabaseUnavailable, UnsuitableDatabase
from spike_sqlalchemy.errors import translate, translated

_IN_TRANSACTION: Final = frozenset({"INTRANS", "INERROR"})
# in the information that a pool keeps about a connection
_CHECKED: Final = "spike_checked"
_SETTING: Final = "spike_setting"  # of the driver, as the app has it

Begun = Callable[[Engine, str], AbstractContextManager[Connection]]


@contextmanager
def begun(engine: Engine, begin: str) -> Iterator[Connection]:
    """Yield a connection in a transaction that `begin` has begun, and roll it back unless it was committed meanwhile.

    A connection may have died in the pool, as at a restart of the server. BEGIN is the first to notice, so it is sent
    once more, by a new connection. The pool's own `pre_ping` would ask before each transaction.

    Raises:
        DatabaseUnavailable: no connection can be had.
    """
    with translated():
        connection = engine.connect()
        try:
            if not _tried(connection, begin):
                connection.close()
                engine.dispose()  # the others in the pool are as dead
                connection = engine.connect()
                if not _tried(connection, begin):
                    raise DatabaseUnavailable
            yield connection
        finally:
            try:
                _roll_back(connection)
            finally:
                connection.close()


@contextmanager
def begun_on_apps_engine(engine: Engine, begin: str) -> Iterator[Connection]:
    """Do the same with a connection from the pool of an app, which gets it back as it was.

    Raises:
        DatabaseUnavailable: no connection can be had.
        UnsuitableDatabase: the connection isn't set up as Spike needs it.
    """
    with translated():
        connection = _alive(engine, begin)
        try:
            yield connection
        finally:
            _give_back(connection)


def _alive(engine: Engine, begin: str) -> Connection:
    """Return a connection on which `begin` has begun a transaction, passing over those that died in the pool."""
    idle = engine.pool.checkedin() if isinstance(engine.pool, QueuePool) else 0
    for _ in range(idle + 2):
        connection = engine.connect()
        try:
            if connection.dialect.name == "sqlite":
                _begin_as_app(connection)
            _take(connection)
            if _tried(connection, begin):
                return connection
        except BaseException:
            _give_back(connection)
            raise
        _give_back(connection)
    raise DatabaseUnavailable


def _begin_as_app(connection: Connection) -> None:
    """Have SQLAlchemy call now what the app has it call at `begin`, rather than at the app's first statement.

    That may send BEGIN, as SQLAlchemy's manual proposes for SQLite. It is rolled back, since ours differs.

    Raises:
        UnsuitableDatabase: the app is in the midst of a transaction, which isn't ours to end.
    """
    driver: Any = connection.connection.driver_connection
    if driver.in_transaction and getattr(driver, "autocommit", True):  # else the driver begins whenever one has ended
        raise UnsuitableDatabase(
            problem="a connection from the app's pool is in a transaction already",
            remedy="give the engine a pool that shares no connection, such as QueuePool",
        )
    connection.begin()
    _roll_back_sqlite(driver)


def _take(connection: Connection) -> None:
    """Have the driver begin nothing by itself, until `_give_back`."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        if _CHECKED not in connection.info:
            check_sqlite(driver)
            connection.info[_CHECKED] = True
        name, ours = ("isolation_level", None) if getattr(driver, "autocommit", -1) == -1 else ("autocommit", True)
    else:
        name, ours = "autocommit", True
    connection.info[_SETTING] = (name, getattr(driver, name))
    setattr(driver, name, ours)


def _give_back(connection: Connection) -> None:
    """Undo what wasn't committed, and hand the connection back as it was taken, or drop it where that can't be done.

    What has gone wrong before is the error to be raised, so a connection that was lost raises none here.
    """
    try:
        if not connection.invalidated and _SETTING in connection.info:
            _roll_back(connection)
            _restore(connection)
    except BaseException as error:
        connection.invalidate(error)
        if not isinstance(error, connection.dialect.loaded_dbapi.Error):
            raise
    finally:
        connection.close()


def _restore(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        _roll_back_sqlite(driver)  # `sqlite3` commits what is in progress when its settings change
    setattr(driver, *connection.info.pop(_SETTING))


def _roll_back_sqlite(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")  # `rollback()` does nothing if the driver is set to autocommit


def check_sqlite(driver: sqlite3.Connection) -> None:
    """Check that a connection to SQLite enforces foreign keys, and that readers don't wait for the writer.

    Raises:
        UnsuitableDatabase: it isn't so.
    """
    wanted = {"foreign_keys": ("1", "ON"), "journal_mode": ("wal", "WAL")}
    for pragma, (value, setting) in wanted.items():
        [found] = driver.execute(f"PRAGMA {pragma}").fetchone()
        if str(found) != value:
            raise UnsuitableDatabase(
                problem=f"PRAGMA {pragma} is {found} on a connection of the app",
                remedy=f"execute PRAGMA {pragma} = {setting} when a connection is opened",
            )


def commit(connection: Connection) -> None:
    """Commit the transaction that was begun.

    Raises:
        DatabaseUnavailable: it is undone, or in doubt where the connection was lost.
        TransactionUndone: it is undone, in favor of another one.
    """
    try:
        _send(connection, "COMMIT")
    except connection.dialect.loaded_dbapi.Error as error:
        if known := translate(error):
            raise known from error
        raise


def _roll_back(connection: Connection) -> None:
    """Roll back what wasn't committed, which is how every view ends.

    `rollback()` of psycopg makes it forget all statements that it has prepared, since one may have named a table that
    is gone now, and have the server forget them too. Views begin every request, so none would be prepared for long.
    Our transactions make no tables; so the order goes past psycopg's books. Whatever else the connection may be at
    when a transaction ends, and on SQLite, is left to the pool.
    """
    if connection.dialect.name == "postgresql" and not connection.closed and not connection.invalidated:
        driver: Any = connection.connection.driver_connection
        if driver.info.transaction_status.name in _IN_TRANSACTION:
            driver.pgconn.exec_(b"ROLLBACK")


def _tried(connection: Connection, begin: str) -> bool:
    """Begin a transaction, and return whether the connection is alive."""
    try:
        _send(connection, begin)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, connection.connection.driver_connection, None):
            connection.invalidate()
            return False
        if known := translate(error):
            raise known from error
        raise
    return True


def _send(connection: Connection, order: str) -> None:
    driver: Any = connection.connection.driver_connection
    # there is nothing to plan in it: psycopg sends it in one message if it needn't prepare it
    options = {"prepare": False} if connection.dialect.name == "postgresql" else {}
    cursor = driver.cursor()
    try:
        cursor.execute(order, **options)
    finally:
        cursor.close()
