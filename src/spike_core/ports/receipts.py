"""The receipts port."""

from datetime import datetime
from typing import Protocol

from spike_core.domain.receipts import Answer, IdempotencyKey, Receipt


class Receipts(Protocol):
    """The receipts of requests, within the transaction of their effect."""

    def get(self, caller: str, key: IdempotencyKey) -> Receipt:
        """Return the receipt of the caller's request with this key.

        Raises:
            ReceiptNotFound: there is none.
        """

    def add(self, receipt: Receipt) -> None:
        """Store a receipt.

        Raises:
            DuplicateReceipt: the caller has one with this key; the transaction must not go on.
        """

    def amend(self, caller: str, key: IdempotencyKey, answer: Answer) -> None:
        """Replace the answer of a receipt; nothing happens where there is none."""

    def purge(self, *, created_before: datetime) -> int:
        """Forget receipts that are older, and return how many."""
