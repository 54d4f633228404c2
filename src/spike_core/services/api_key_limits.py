"""Monthly limits of API keys: what a key may spend."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from spike_core.domain.api_keys import ApiKey, ApiKeyCharge, Month
from spike_core.domain.identifiers import ApiKeyId
from spike_core.domain.jobs import JobSpec
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.batch_uploads import KeptFile, UploadedBatch
from spike_core.services.enhancements import (
    BatchEnhancementAccepted,
    EnhancementAccepted,
    ParallelEnhancementAccepted,
)
from spike_core.services.generations import GenerationAccepted
from spike_core.services.transaction_hooks import BeforeCommit
from spike_core.services.uploads import Uploaded


@frozen(kw_only=True)
class ApiKeyLimits:
    """Counts what API keys spend, in the transactions of the charges. Refunds are subtracted by `Billing`."""

    transactions: Transactions
    clock: Clock

    def charging(self, key: ApiKey) -> BeforeCommit[Any]:
        """Return the hook that counts the charges of a use case for the key's limit.

        It runs within the transaction of the charge, which holds the lock of the owner's wallet, so concurrent
        requests can't exceed the limit together. A key without a limit isn't counted. The hook raises
        `ApiKeyLimitReached`, which undoes the charge.
        """

        def charge(tx: Transaction, result: object) -> None:
            specs = [spec for spec in _charged(result) if spec.charged]
            if key.monthly_limit is None or not specs:
                return
            month = Month.of(self.clock.now())
            check_key_limit(tx, key, sum((spec.charged for spec in specs), NO_TOKENS), month=month)
            tx.api_key_charges.add(
                [ApiKeyCharge(job_id=spec.id, api_key_id=key.id, month=month, tokens=spec.charged) for spec in specs]
            )

        return charge

    def spent(self, keys: Sequence[ApiKey]) -> Mapping[ApiKeyId, Tokens]:
        """Return what each key with a limit, unless it was revoked, has spent this month."""
        month = Month.of(self.clock.now())
        with self.transactions.view() as tx:
            return {
                key.id: tx.api_key_charges.spent(key.id, month=month)
                for key in keys
                if key.monthly_limit is not None and key.revoked_at is None
            }


def check_key_limit(tx: Transaction, key: ApiKey, price: Tokens, *, month: Month) -> None:
    """Check that a key may spend a price in a month.

    Raises:
        ApiKeyLimitReached: its monthly limit doesn't allow that.
    """
    if key.monthly_limit is not None and price:
        key.check_limit(price, spent=tx.api_key_charges.spent(key.id, month=month))


def _charged(result: object) -> Sequence[JobSpec]:
    """Return the specifications of the jobs that a use case has charged."""
    match result:
        case Uploaded(job=job):
            return [] if job is None else [job.spec]
        case UploadedBatch(files=files):
            return [file.job.spec for file in files if isinstance(file, KeptFile) and file.job is not None]
        case EnhancementAccepted(job=job) | GenerationAccepted(job=job):
            return [job.spec]
        case ParallelEnhancementAccepted(jobs=jobs) | BatchEnhancementAccepted(jobs=jobs):
            return [job.spec for job in jobs]
        case _:  # of a use case that charges nothing
            return []
