"""The laws of `IdempotencyRecords`."""

from datetime import timedelta

import pytest
from attrs import evolve

from spike_contracts.builders import NOON
from spike_core.domain.errors import DuplicateIdempotencyRecord, IdempotencyRecordNotFound
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse, RequestDigest
from spike_core.ports.transactions import Transactions

RECEIPT = IdempotencyRecord(
    caller="ada",
    key=IdempotencyKey("key-1"),
    digest=RequestDigest.of(b"a", b"b"),
    answer=RecordedResponse(status=201, body='{"name": "é"}'),
    created_at=NOON,
)


class IdempotencyRecordsContract:
    """Laws every IdempotencyRecords adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_receipt_comes_back_as_it_was(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.idempotency_records.add(RECEIPT)
        with transactions.view() as tx:
            assert tx.idempotency_records.get(RECEIPT.caller, RECEIPT.key) == RECEIPT
            for caller, key in (("bob", RECEIPT.key), ("ada", IdempotencyKey("key-2"))):
                with pytest.raises(IdempotencyRecordNotFound):
                    tx.idempotency_records.get(caller, key)

    def test_a_key_has_one_receipt(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.idempotency_records.add(RECEIPT)
            tx.idempotency_records.add(evolve(RECEIPT, caller="bob"))
            tx.idempotency_records.add(evolve(RECEIPT, key=IdempotencyKey("key-2")))
        with pytest.raises(DuplicateIdempotencyRecord), transactions.begin() as tx:
            tx.idempotency_records.add(evolve(RECEIPT, digest=RequestDigest.of(b"x")))
        with transactions.view() as tx:
            assert tx.idempotency_records.get(RECEIPT.caller, RECEIPT.key) == RECEIPT

    def test_only_the_answer_is_amended(self, transactions: Transactions) -> None:
        answer = RecordedResponse(status=200, body="{}")
        with transactions.begin() as tx:
            tx.idempotency_records.add(RECEIPT)
            tx.idempotency_records.amend("bob", RECEIPT.key, answer)
            tx.idempotency_records.amend(RECEIPT.caller, RECEIPT.key, answer)
        with transactions.view() as tx:
            assert tx.idempotency_records.get(RECEIPT.caller, RECEIPT.key) == evolve(RECEIPT, answer=answer)
            with pytest.raises(IdempotencyRecordNotFound):
                tx.idempotency_records.get("bob", RECEIPT.key)

    def test_old_receipts_are_purged_and_no_others(self, transactions: Transactions) -> None:
        young = evolve(RECEIPT, key=IdempotencyKey("young"), created_at=NOON + timedelta(microseconds=1))
        with transactions.begin() as tx:
            tx.idempotency_records.add(RECEIPT)
            tx.idempotency_records.add(young)
            assert tx.idempotency_records.purge(created_before=NOON) == 0
            assert tx.idempotency_records.purge(created_before=young.created_at) == 1
        with transactions.view() as tx:
            assert tx.idempotency_records.get("ada", young.key) == young
            with pytest.raises(IdempotencyRecordNotFound):
                tx.idempotency_records.get("ada", RECEIPT.key)
