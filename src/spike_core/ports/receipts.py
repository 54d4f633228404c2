"""The receipts port."""

from datetime import datetime
from typing import Protocol

from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse


class Receipts(Protocol):
    """The receipts of requests, within the transaction of their effect."""

    def get(self, caller: str, key: IdempotencyKey) -> IdempotencyRecord:
        """Return the receipt of the caller's request with this key.

        Raises:
            IdempotencyRecordNotFound: there is none.
        """

    def add(self, receipt: IdempotencyRecord) -> None:
        """Store a receipt.

        Raises:
            DuplicateIdempotencyRecord: the caller has one with this key; the transaction must not go on.
        """

    def amend(self, caller: str, key: IdempotencyKey, answer: RecordedResponse) -> None:
        """Replace the answer of a receipt; nothing happens where there is none."""

    def purge(self, *, created_before: datetime) -> int:
        """Forget receipts that are older, and return how many."""
