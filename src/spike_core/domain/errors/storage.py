"""Errors of the database and the blob store."""

from typing import ClassVar

from attrs import field, frozen

from spike_core.domain.errors.families import NotFound, Unavailable


@frozen
class DatabaseUnavailable(Unavailable):
    """The database can't be reached, is locked for too long, or is out of space."""

    code: ClassVar[str] = "database_unavailable"


@frozen
class TransactionUndone(DatabaseUnavailable):
    """The database rolled the transaction back in favor of another; a retry may succeed at once."""

    code: ClassVar[str] = "transaction_undone"


@frozen
class SharedTransactionUndone(DatabaseUnavailable):
    """The database rolled back a transaction that the app began, or a part of it, in favor of another."""

    # no use case retries it: the app rolls back, and may run its whole transaction again
    code: ClassVar[str] = "shared_transaction_undone"


@frozen
class UnsuitableDatabase(DatabaseUnavailable):
    """The database holds others' tables by Spike's names, or a connection isn't set up as Spike needs it."""

    code: ClassVar[str] = "unsuitable_database"
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Name the problem and the remedy."""
        return f"{self.problem}; {self.remedy}"


@frozen
class DatabaseDamaged(DatabaseUnavailable):
    """The database's file or a table is damaged and can't be read any further."""

    code: ClassVar[str] = "database_damaged"
    detail: str = field(default="", repr=False)  # what the database says, for operators


@frozen
class SchemaTooNew(DatabaseUnavailable):
    """The database schema is newer than this release."""

    code: ClassVar[str] = "schema_too_new"
    stored: str
    known: str

    def __str__(self) -> str:
        """Name both revisions and the remedy."""
        return (
            f"its schema is at revision {self.stored}, newer than {self.known}, the last that this release knows; "
            "run the newer release, or restore the backup that was made before its first start"
        )


@frozen
class StorageUnavailable(Unavailable):
    """The blob store can't be read or written."""

    code: ClassVar[str] = "storage_unavailable"


@frozen
class StorageRefused(StorageUnavailable):
    """The blob store rejects the request because of a wrong setting; a retry won't help."""

    code: ClassVar[str] = "storage_refused"
    reason: str  # for operators, not for clients


@frozen
class StorageFull(Unavailable):
    """The blob store has too little free space to accept anything new."""

    code: ClassVar[str] = "storage_full"
    retry_after_s: int


@frozen
class ObjectNotFound(NotFound):
    """The blob store has no object with this key."""

    code: ClassVar[str] = "object_not_found"
