"""The audit: checks the invariants on all stored rows and objects."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.invariants import Finding, LedgerChain, check_job
from spike_core.domain.jobs import PendingJob
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.wallet import Wallet
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.object_references import named_by, referenced
from spike_core.services.usage_accounting import running_sum_findings

AUDIT_PAGE: Final = 500
DEAD_MESSAGE_AGE: Final = timedelta(hours=1)  # the relay runs every second and removes such messages
OUTBOX: Final = "outbox"  # in place of an invariant's number


@frozen(kw_only=True)
class Audit:
    """Reads all rows and objects page by page, in constant memory, and writes nothing.

    Each page is one snapshot; the blob store is queried afterwards. A suspected violation is checked again before it is
    reported, so that concurrent work isn't mistaken for damage.
    """

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    limits: JobLimits

    def findings(self) -> Iterator[Finding]:
        """Yield every violation.

        Raises:
            Unavailable: the database or the store is unavailable.
        """
        yield from self._wallets()
        yield from self._refunds()
        yield from self._images()
        yield from self._jobs()
        yield from self._messages()
        yield from self._objects()
        yield from running_sum_findings(self.transactions)

    def _wallets(self) -> Iterator[Finding]:
        """Yield what is wrong between wallets and ledgers; both are read in the same order, each once."""
        after: OwnerId | None = None
        while True:
            with self.transactions.view() as tx:
                wallets = tx.audit.wallets(after=after, limit=AUDIT_PAGE)
                findings = list(_broken_wallets(tx, wallets, after=after))
            yield from findings
            if len(wallets) < AUDIT_PAGE:
                return
            after = wallets[-1].owner_id

    def _refunds(self) -> Iterator[Finding]:
        """Yield the running sum of all refunds if the ledgers add up to another (I1)."""
        with self.transactions.view() as tx:
            kept, counted = tx.statistics.refunds(), tx.audit.refunds()
        if kept != counted:
            message = (
                f"{kept.refunds} refunds of {kept.tokens} tokens are counted, the ledgers explain"
                f" {counted.refunds} of {counted.tokens}"
            )
            yield Finding(invariant="I1", subject="refunds", message=message)

    def _images(self) -> Iterator[Finding]:
        after: ImageId | None = None
        while True:
            with self.transactions.view() as tx:
                images = tx.audit.images(after=after, limit=AUDIT_PAGE)
            yield from self._missing({key for image in images for key in image.objects})
            if len(images) < AUDIT_PAGE:
                return
            after = images[-1].id

    def _jobs(self) -> Iterator[Finding]:
        after: JobId | None = None
        while True:
            entries: defaultdict[JobId | None, list[LedgerEntry]] = defaultdict(list)
            with self.transactions.view() as tx:
                jobs = tx.audit.jobs(after=after, limit=AUDIT_PAGE)
                for entry in tx.audit.entries_of([job.id for job in jobs]):
                    entries[entry.job_id].append(entry)
            for job in jobs:
                yield from check_job(job, entries[job.id])
            yield from self._missing({key for job in jobs for key in named_by(job)})
            if len(jobs) < AUDIT_PAGE:
                return
            after = jobs[-1].id

    def _messages(self) -> Iterator[Finding]:
        """Yield the messages of jobs that are no longer pending, left over for `DEAD_MESSAGE_AGE`."""
        after: JobId | None = None
        while True:
            due_before = self.clock.now() - DEAD_MESSAGE_AGE
            with self.transactions.view() as tx:
                messages = tx.audit.messages(after=after, limit=AUDIT_PAGE)
                jobs = tx.jobs.find([message.job_id for message in messages])
            for message in messages:
                job = jobs[message.job_id]
                if not isinstance(job, PendingJob) and message.due_at < due_before:
                    what = f"it is {job.status.value}, and a message to start it has been due since {message.due_at}"
                    yield Finding(invariant=OUTBOX, subject=str(job.id), message=what)
            if len(messages) < AUDIT_PAGE:
                return
            after = messages[-1].job_id

    def _missing(self, keys: Collection[ObjectKey]) -> Iterator[Finding]:
        """Yield the keys without an object whose rows still exist (I8)."""
        missing = set(keys) - self.blobs.find(keys)
        still_named = referenced(self.transactions, missing) if missing else frozenset()
        for key in sorted(still_named):
            yield Finding(invariant="I8", subject=str(key.owner), message=f"its object {key} is missing")

    def _objects(self) -> Iterator[Finding]:
        """Yield the objects that no row names and that orphan collection should have deleted (I8)."""
        after: ObjectKey | None = None
        while page := self.blobs.scan(after=after, limit=AUDIT_PAGE):
            after = page[-1].key
            overdue = self._overdue(page)
            for key in sorted(overdue - referenced(self.transactions, overdue)):
                yield Finding(invariant="I8", subject=str(key), message="no row names this object")

    def _overdue(self, page: Collection[StoredObject]) -> set[ObjectKey]:
        limits = self.limits
        # by then, orphan collection should have run
        stored_before = self.clock.now() - 2 * (limits.orphan_age + limits.orphan_interval)
        return {stored.key for stored in page if stored.stored_at < stored_before}


def _broken_wallets(tx: Transaction, wallets: Sequence[Wallet], *, after: OwnerId | None) -> Iterator[Finding]:
    """Yield what is wrong with these consecutive wallets, the first of which follows `after` (I1)."""
    if not wallets:
        return
    chains = {wallet.owner_id: LedgerChain(owner_id=wallet.owner_id) for wallet in wallets}
    position = None if after is None else LedgerPosition.after(after)
    while page := tx.audit.ledger(after=position, until=wallets[-1].owner_id, limit=AUDIT_PAGE):
        for entry in page:
            chains[entry.owner_id] = chains[entry.owner_id].then(entry)
        position = LedgerPosition(page[-1].owner_id, page[-1].sequence)
    for wallet in wallets:
        yield from chains[wallet.owner_id].check(wallet)
