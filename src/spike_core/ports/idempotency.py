"""The idempotency records port."""

from datetime import datetime
from typing import Protocol

from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse


class IdempotencyRecords(Protocol):
    """Records of requests, within the transaction of their effect."""

    def get(self, caller: str, key: IdempotencyKey) -> IdempotencyRecord:
        """Return the record of the caller's request with this key.

        Raises:
            IdempotencyRecordNotFound: there is no such record.
        """

    def add(self, receipt: IdempotencyRecord) -> None:
        """Store a new record.

        Raises:
            DuplicateIdempotencyRecord: the caller already has one with this key; the transaction must be rolled back.
        """

    def amend(self, caller: str, key: IdempotencyKey, answer: RecordedResponse) -> None:
        """Replace a record's response; does nothing if there is no record."""

    def purge(self, *, created_before: datetime) -> int:
        """Delete records created before then and return how many."""
