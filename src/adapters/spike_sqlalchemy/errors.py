"""Translation of drivers' errors to the domain's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from spike_core.domain.errors import DatabaseDamaged, DatabaseUnavailable, SpikeError, TransactionUndone

_UNDONE: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: PostgreSQL has rolled back
_DAMAGED: Final = frozenset({"XX001", "XX002"})  # data corrupted, index corrupted
_SQLITE_DAMAGED: Final = frozenset({11, 26})  # SQLITE_CORRUPT, SQLITE_NOTADB; the low byte of extended codes
# no such table, one too many, no such column, no right, read-only
_NOT_READY: Final = frozenset({"42P01", "42P07", "42703", "42501", "25006"})


def translate(error: Exception) -> SpikeError | None:
    """Return the domain's error for a driver's or SQLAlchemy's, or `None` where a bug of ours shows.

    Locked for too long, out of space, unreadable, not there, or without the tables: `DatabaseUnavailable`. Broken off
    in favor of another transaction: `TransactionUndone`. A broken constraint, a syntax error or an unbindable value is
    our bug; what a port promises to refuse is refused without an error of the driver. Drivers' errors have the names
    that PEP 249 gives them, PostgreSQL's a code besides.
    """
    if isinstance(error, NoConnectionLeft):
        return DatabaseUnavailable()
    cause = error.orig if isinstance(error, DBAPIError) else error
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate in _UNDONE:
        return TransactionUndone()
    sqlite_code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if sqlstate in _DAMAGED or sqlite_code in _SQLITE_DAMAGED:
        return DatabaseDamaged(detail=str(cause).partition("\n")[0])
    if sqlstate in _NOT_READY:
        return DatabaseUnavailable()
    if kinds & {"OperationalError", "InternalError"} or type(cause).__name__ == "DatabaseError":  # the last: corrupt
        return DatabaseUnavailable()
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Let the domain's errors pass for SQLAlchemy's.

    Raises:
        DatabaseUnavailable: the database can't be used; its cause is what the driver says.
    """
    try:
        yield
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from (error.orig if isinstance(error, DBAPIError) else error)
