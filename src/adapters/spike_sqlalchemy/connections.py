"""Connections with a transaction begun on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from spike_core.domain.errors import DatabaseUnavailable
from spike_sqlalchemy.errors import translate, translated


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
            connection.close()  # which rolls back


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


def _send(connection: Connection, begin: str) -> None:
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        cursor.execute(begin)
    finally:
        cursor.close()
