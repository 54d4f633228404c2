"""Receipts: the same request, sent twice, has one effect (I10)."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from attrs import frozen

from spike_core.domain.errors import IdempotencyRecordNotFound, Unavailable
from spike_core.domain.idempotency import (
    IDEMPOTENCY_RECORDS_KEPT,
    IdempotencyKey,
    IdempotencyRecord,
    RecordedResponse,
    RequestDigest,
)
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.afterthoughts import Then
from spike_core.services.retries import retry_on_conflict

Result = TypeVar("Result")


@frozen(kw_only=True)
class Request:
    """One request, however often it is sent."""

    caller: str
    key: IdempotencyKey
    digest: RequestDigest


@frozen(kw_only=True)
class ReceiptBook:
    """Keeps receipts: each is written in the transaction of the effect, so neither is there without the other."""

    transactions: Transactions
    clock: Clock

    def answer_to(self, request: Request) -> RecordedResponse:
        """Return what the request was answered the first time.

        Raises:
            IdempotencyRecordNotFound: it had no effect yet, or its receipt is out of date.
            IdempotencyKeyReused: its key belongs to another request.
        """
        with self.transactions.view() as tx:
            receipt = tx.receipts.get(request.caller, request.key)
        if not receipt.is_valid(now=self.clock.now()):
            raise IdempotencyRecordNotFound
        return receipt.answer_to(request.digest)

    def keeping(self, request: Request, answer: Callable[[Result], RecordedResponse]) -> Then[Result]:
        """Return the afterthought that keeps the request's receipt; `answer` asks nobody anything.

        It raises `DuplicateIdempotencyRecord` where the request has had its effect meanwhile.
        """

        def keep(tx: Transaction, result: Result) -> None:
            now = self.clock.now()
            tx.receipts.purge(created_before=now - IDEMPOTENCY_RECORDS_KEPT)
            tx.receipts.add(
                IdempotencyRecord(
                    caller=request.caller,
                    key=request.key,
                    digest=request.digest,
                    answer=answer(result),
                    created_at=now,
                )
            )

        return keep

    def amend(self, request: Request, answer: RecordedResponse) -> None:
        """Note what the request was answered in the end, if that can be done now; what is kept was true in its time."""
        with contextlib.suppress(Unavailable), self.transactions.begin() as tx:
            tx.receipts.amend(request.caller, request.key, answer)

    @retry_on_conflict
    def purge(self) -> int:
        """Forget receipts that are out of date, and return how many.

        Raises:
            DatabaseUnavailable: a later sweep goes on.
        """
        with self.transactions.begin() as tx:
            return tx.receipts.purge(created_before=self.clock.now() - IDEMPOTENCY_RECORDS_KEPT)
