"""Idempotency records in a database."""

from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, select, tuple_, update

from spike_core.domain.errors import DuplicateIdempotencyRecord, IdempotencyRecordNotFound
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse, RequestDigest
from spike_sqlalchemy.prepared_statements import Prepared, insert_unless
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import receipts

_OWN: Final = (receipts.c.caller == bindparam("whose"), receipts.c.key == bindparam("which"))
_GET: Final = Prepared(select(receipts).where(*_OWN))
_ADD: Final = insert_unless(receipts, unique=["caller", "key"])
_AMEND: Final = Prepared(update(receipts).where(*_OWN), sets=("status", "body"))
_OLD: Final = receipts.c.created_at < bindparam("created_before")
_PURGE: Final = Prepared(
    {
        "sqlite": delete(receipts).where(_OLD),
        # rows that another transaction is purging are skipped
        "postgresql": delete(receipts).where(
            tuple_(receipts.c.caller, receipts.c.key).in_(
                select(receipts.c.caller, receipts.c.key).where(_OLD).with_for_update(skip_locked=True)
            )
        ),
    }
)


@frozen
class SqlAlchemyIdempotencyRecords:
    """See the port."""

    _statements: Statements

    def get(self, caller: str, key: IdempotencyKey) -> IdempotencyRecord:
        """Return a record."""
        for whose, which, digest, status, body, created_at in self._statements.rows(
            _GET, {"whose": caller, "which": key.text}
        ):
            return IdempotencyRecord(
                caller=whose,
                key=IdempotencyKey(which),
                digest=RequestDigest(digest),
                answer=RecordedResponse(status=status, body=body),
                created_at=created_at,
            )
        raise IdempotencyRecordNotFound

    def add(self, receipt: IdempotencyRecord) -> None:
        """Store a record."""
        row = {
            "caller": receipt.caller,
            "key": receipt.key.text,
            "digest": receipt.digest.text,
            "status": receipt.answer.status,
            "body": receipt.answer.body,
            "created_at": receipt.created_at,
        }
        if not self._statements.write(_ADD, row):
            raise DuplicateIdempotencyRecord

    def amend(self, caller: str, key: IdempotencyKey, answer: RecordedResponse) -> None:
        """Replace a response."""
        self._statements.write(
            _AMEND, {"status": answer.status, "body": answer.body, "whose": caller, "which": key.text}
        )

    def purge(self, *, created_before: datetime) -> int:
        """Delete old records."""
        return self._statements.write(_PURGE, {"created_before": created_before})
