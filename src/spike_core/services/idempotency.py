"""Idempotency: a request that is sent twice with the same key has one effect (I10)."""

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
from spike_core.services.transaction_hooks import BeforeCommit
from spike_core.services.transaction_retries import retry_on_conflict

Result = TypeVar("Result")


@frozen(kw_only=True)
class IdempotentRequest:
    """A request with an idempotency key, however often it is sent."""

    caller: str
    key: IdempotencyKey
    digest: RequestDigest


@frozen(kw_only=True)
class IdempotencyStore:
    """Stores a record of each request that had an effect, in the transaction of the effect: both or neither."""

    transactions: Transactions
    clock: Clock

    def response_to(self, request: IdempotentRequest) -> RecordedResponse:
        """Return the response that the request got the first time.

        Raises:
            IdempotencyRecordNotFound: the request has had no effect yet, or its record has expired.
            IdempotencyKeyReused: another request has used the key.
        """
        with self.transactions.view() as tx:
            record = tx.idempotency_records.get(request.caller, request.key)
        if not record.is_valid(now=self.clock.now()):
            raise IdempotencyRecordNotFound
        return record.response_to(request.digest)

    def recording(
        self, request: IdempotentRequest, response: Callable[[Result], RecordedResponse]
    ) -> BeforeCommit[Result]:
        """Return the hook that writes the request's record into the transaction of its effect.

        `response` makes the response from the result of the use case, without I/O. The hook raises
        `DuplicateIdempotencyRecord` if the same request has had its effect meanwhile, which undoes the second one.
        """

        def write_record(tx: Transaction, result: Result) -> None:
            now = self.clock.now()
            tx.idempotency_records.purge(created_before=now - IDEMPOTENCY_RECORDS_KEPT)
            tx.idempotency_records.add(
                IdempotencyRecord(
                    caller=request.caller,
                    key=request.key,
                    digest=request.digest,
                    answer=response(result),
                    created_at=now,
                )
            )

        return write_record

    def amend(self, request: IdempotentRequest, response: RecordedResponse) -> None:
        """Replace the recorded response by the one that is sent, if they differ because jobs started after the commit.

        If the database is unavailable, the record stays as it is: that response was correct at the commit.
        """
        with contextlib.suppress(Unavailable), self.transactions.begin() as tx:
            tx.idempotency_records.amend(request.caller, request.key, response)

    @retry_on_conflict
    def purge(self) -> int:
        """Delete expired records and return how many there were.

        Raises:
            DatabaseUnavailable: the next run deletes them.
        """
        with self.transactions.begin() as tx:
            return tx.idempotency_records.purge(created_before=self.clock.now() - IDEMPOTENCY_RECORDS_KEPT)
