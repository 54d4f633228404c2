"""Receipts in a database."""

from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select, update

from spike_core.domain.errors import ReceiptNotFound
from spike_core.domain.receipts import Answer, IdempotencyKey, Receipt, RequestDigest
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import receipts

_OWN: Final = (receipts.c.caller == bindparam("whose"), receipts.c.key == bindparam("which"))
_GET: Final = Prepared(select(receipts).where(*_OWN))
_ADD: Final = Prepared(insert(receipts).inline())
_AMEND: Final = Prepared(update(receipts).where(*_OWN), sets=("status", "body"))
_PURGE: Final = Prepared(delete(receipts).where(receipts.c.created_at < bindparam("created_before")))


@frozen
class SqlAlchemyReceipts:
    """See the port."""

    _statements: Statements

    def get(self, caller: str, key: IdempotencyKey) -> Receipt:
        """Return a receipt."""
        for whose, which, digest, status, body, created_at in self._statements.rows(
            _GET, {"whose": caller, "which": key.text}
        ):
            return Receipt(
                caller=whose,
                key=IdempotencyKey(which),
                digest=RequestDigest(digest),
                answer=Answer(status=status, body=body),
                created_at=created_at,
            )
        raise ReceiptNotFound

    def add(self, receipt: Receipt) -> None:
        """Store a receipt."""
        row = {
            "caller": receipt.caller,
            "key": receipt.key.text,
            "digest": receipt.digest.text,
            "status": receipt.answer.status,
            "body": receipt.answer.body,
            "created_at": receipt.created_at,
        }
        self._statements.write_all(_ADD, [row])

    def amend(self, caller: str, key: IdempotencyKey, answer: Answer) -> None:
        """Replace an answer."""
        self._statements.write(
            _AMEND, {"status": answer.status, "body": answer.body, "whose": caller, "which": key.text}
        )

    def purge(self, *, created_before: datetime) -> int:
        """Forget old receipts."""
        return self._statements.write(_PURGE, {"created_before": created_before})
