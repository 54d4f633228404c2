"""Translation: what the driver says, in the words of the domain."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from spike_core.domain.errors import DatabaseUnavailable, DuplicateEntry, DuplicateReceipt, EmailTaken, SpikeError

# SQLite names the columns, PostgreSQL the constraint
_CONSTRAINTS: Final[dict[str, type[SpikeError]]] = {
    "ledger_entries.job_id": DuplicateEntry,
    "uq_ledger_entries_spend": DuplicateEntry,
    "uq_ledger_entries_refund": DuplicateEntry,
    "receipts.caller": DuplicateReceipt,
    "pk_receipts": DuplicateReceipt,
    "users.email": EmailTaken,
    "uq_users_email": EmailTaken,
}


def translate(error: Exception) -> SpikeError | None:
    """Return the domain's error for a driver's or SQLAlchemy's, or `None` where a bug of ours shows.

    Locked for too long, out of space, unreadable, not there, or without the tables: `DatabaseUnavailable`. A broken
    constraint is an error only where a port says so; a syntax error or an unbindable value never is. Drivers' errors
    have the names that PEP 249 gives them.
    """
    if isinstance(error, NoConnectionLeft):
        return DatabaseUnavailable()
    cause = error.orig if isinstance(error, DBAPIError) else error
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    if "IntegrityError" in kinds:
        message = str(cause)
        return next((known() for name, known in _CONSTRAINTS.items() if name in message), None)
    if kinds & {"OperationalError", "InternalError"} or type(cause).__name__ == "DatabaseError":  # the last: corrupt
        return DatabaseUnavailable()
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Let the domain's errors pass for SQLAlchemy's.

    Raises:
        DatabaseUnavailable: the database can't be used.
    """
    try:
        yield
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error
