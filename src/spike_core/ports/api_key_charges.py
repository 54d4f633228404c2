"""The port of API keys' charges."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.api_keys import ApiKeyCharge, Month
from spike_core.domain.identifiers import ApiKeyId, JobId
from spike_core.domain.tokens import Tokens


class ApiKeyCharges(Protocol):
    """The charges that count for the monthly limits of API keys, within one transaction.

    The lock of the owner's wallet guards the sums: every caller that writes holds it.
    """

    def spent(self, key_id: ApiKeyId, *, month: Month) -> Tokens:
        """Return the sum of the key's charges in a month. It takes no longer for many charges."""

    def add(self, charges: Sequence[ApiKeyCharge]) -> None:
        """Store charges of stored keys, each of a job that has none, and add them to their sums."""

    def take_back(self, job_id: JobId) -> None:
        """Delete the charge of a refunded job, if there is one, and subtract it from the sum of its month."""
