"""API keys' charges in memory."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.api_keys import ApiKeyCharge, Month
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.identifiers import ApiKeyId, JobId
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_memory.state import Rows


@frozen
class MemoryApiKeyCharges:
    """See the port."""

    _rows: Rows

    def spent(self, key_id: ApiKeyId, *, month: Month) -> Tokens:
        """Return the sum of the key's charges in a month."""
        charges = self._rows.state.api_key_charges.values()
        return sum((each.tokens for each in charges if (each.api_key_id, each.month) == (key_id, month)), NO_TOKENS)

    def add(self, charges: Sequence[ApiKeyCharge]) -> None:
        """Store charges."""
        state = self._rows.check_writable()
        for charge in charges:
            if charge.job_id in state.api_key_charges:
                raise InvariantViolated("a job is charged to a key once")
            state.api_key_charges[charge.job_id] = charge

    def take_back(self, job_id: JobId) -> None:
        """Forget the charge of a job."""
        self._rows.check_writable().api_key_charges.pop(job_id, None)
