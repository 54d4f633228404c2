"""IdempotencyRecords in memory."""

from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.errors import DuplicateIdempotencyRecord, IdempotencyRecordNotFound
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse
from spike_memory.state import Rows


@frozen
class MemoryIdempotencyRecords:
    """See the port."""

    _rows: Rows

    def get(self, caller: str, key: IdempotencyKey) -> IdempotencyRecord:
        """Return a receipt."""
        try:
            return self._rows.state.receipts[caller, key]
        except KeyError as error:
            raise IdempotencyRecordNotFound from error

    def add(self, receipt: IdempotencyRecord) -> None:
        """Store a receipt."""
        state = self._rows.check_writable()
        if (receipt.caller, receipt.key) in state.receipts:
            raise DuplicateIdempotencyRecord
        state.receipts[receipt.caller, receipt.key] = receipt

    def amend(self, caller: str, key: IdempotencyKey, answer: RecordedResponse) -> None:
        """Replace an answer."""
        state = self._rows.check_writable()
        if (caller, key) in state.receipts:
            state.receipts[caller, key] = evolve(state.receipts[caller, key], answer=answer)

    def purge(self, *, created_before: datetime) -> int:
        """Forget old receipts."""
        state = self._rows.check_writable()
        old = [name for name, receipt in state.receipts.items() if receipt.created_at < created_before]
        for name in old:
            del state.receipts[name]
        return len(old)
