"""Connections with a transaction begun on them, and how it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.errors import translate, translated

_IN_TRANSACTION: Final = frozenset({"INTRANS", "INERROR"})


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
