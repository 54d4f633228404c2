"""Billing: charges and refunds, within the transaction of the use case."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from attrs import evolve, field, frozen

from spike_core.domain.errors import InvariantViolated, NotEnoughTokens, SpikeError, WalletNotFound
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, JobSpec, PendingJob, SettledJob, UnsettledJob
from spike_core.domain.ledger import EntryKind
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.regeneration import regenerate
from spike_core.domain.tasks import Blend, Enhancement, Generation, Modification
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Budget, Budgets, Usage
from spike_core.domain.wallet import Posting, Wallet
from spike_core.ports.regeneration import RegenerationPolicies
from spike_core.ports.transactions import Transaction
from spike_core.services.fair_scheduling import with_turns


@frozen(kw_only=True)
class AcceptedJobs:
    """Jobs that were charged and stored."""

    jobs: Sequence[PendingJob]  # in the order of their specifications
    due: Sequence[PendingJob]  # those that may be sent to the workers now; the others are held back
    balance: Tokens

    def about(self, image_id: ImageId) -> PendingJob | None:
        """Return the job on this image, or `None`."""
        return next((job for job in self.jobs if job.spec.image_id == image_id), None)


@frozen(kw_only=True)
class Billing:
    """Charges and refunds wallets, and keeps usage. Regeneration is applied before every change."""

    policies: RegenerationPolicies
    limits: JobLimits
    budgets: Budgets = field(factory=Budgets)

    def balance(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Wallet:
        """Return the owner's wallet after regeneration, without storing it.

        The anonymous owner's wallet has no tokens; it is there for its usage, which all anonymous owners share.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        if owner_id != ANONYMOUS:
            return regenerate(tx.wallets.get(owner_id), self.policies.of(owner_id), now=now).wallet
        try:
            return tx.wallets.get(owner_id)
        except WalletNotFound:
            return Wallet.empty(owner_id, now=now)

    def budget(self, wallet: Wallet) -> Budget:
        """Return the limits that apply to a wallet's owner."""
        return self.budgets.of(wallet.owner_id, wallet.overrides)

    def check(self, tx: Transaction, price: Tokens, *, adding: Usage, owner_id: OwnerId, now: datetime) -> Tokens:
        """Return the owner's balance if balance and budget cover the request now; nothing is reserved.

        Raises:
            NotEnoughTokens: the balance is below the price.
            TooManyJobs, QuotaExceeded: a budget has no room for what would be added.
            WalletNotFound: the owner has never been granted a token.
        """
        wallet = self.balance(tx, owner_id, now=now)
        for refusal in self.refusals(tx, wallet, price, adding=adding):
            raise refusal
        return wallet.balance

    def lock(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Posting:
        """Lock the owner's wallet and apply regeneration; the posting isn't stored yet.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        if owner_id != ANONYMOUS:
            return regenerate(tx.wallets.lock(owner_id), self.policies.of(owner_id), now=now)
        try:
            return Posting(wallet=tx.wallets.lock(owner_id))
        except WalletNotFound:
            opened = Posting(wallet=Wallet.empty(owner_id, now=now))
            tx.wallets.open(opened)
            return opened

    def refusals(
        self, tx: Transaction, wallet: Wallet, price: Tokens, *, adding: Usage, targets: Sequence[ImageId] = ()
    ) -> Iterator[SpikeError]:
        """Yield all that would refuse a request of the wallet's owner now; the first is what `accept` raises.

        `targets` are the stored images of the jobs that the request adds, once for each job; `adding` includes them.
        """
        if price > wallet.balance:
            yield NotEnoughTokens(required=price.amount, balance=wallet.balance.amount)
        budget = self.budget(wallet)
        yield from budget.exceeded(wallet.usage, adding=adding)
        if targets and (wallet.usage + adding).open_jobs > budget.image_jobs:  # else no image can have too many
            added = Counter(targets)
            before = tx.jobs.count_open(list(added))
            if any(before.get(image_id, 0) + number > budget.image_jobs for image_id, number in added.items()):
                yield budget.too_many_jobs(budget.image_jobs)

    def accept(
        self,
        tx: Transaction,
        specs: Sequence[JobSpec],
        *,
        owner_id: OwnerId,
        now: datetime,
        images: Sequence[Image] = (),
    ) -> AcceptedJobs:
        """Charge one owner for jobs and store the jobs with their outbox messages, all or none.

        `images` are new images of the owner, already stored in this transaction, that are counted with the jobs. The
        wallet's lock guards budgets and turns. The anonymous owner may only order free jobs, and has as many turns as
        the budget of all anonymous owners has jobs.

        Raises:
            NotEnoughTokens: the wallet doesn't cover the sum of the prices.
            TooManyJobs, QuotaExceeded: a budget has no room for the jobs or images.
        """
        if owner_id == ANONYMOUS and any(spec.charged for spec in specs):
            raise InvariantViolated("anonymous jobs are free")
        posting = self.lock(tx, owner_id, now=now)
        total = sum((spec.charged for spec in specs), NO_TOKENS)
        adding = Usage.of_new(specs) + Usage.of(images=images)
        targets = [id_ for spec in specs if (id_ := spec.image_id) is not None]
        for refusal in self.refusals(tx, posting.wallet, total, adding=adding, targets=targets):
            raise refusal
        for spec in specs:
            kind, reason = _explained(spec)
            spent = posting.wallet.spend(spec.charged, job_id=spec.id, now=now, reason=reason, kind=kind)
            posting = spent.after(posting)
        posting = evolve(posting, wallet=evolve(posting.wallet, usage=posting.wallet.usage + adding))
        # a microsecond apart, so that lists by age have them in the order asked
        jobs = [
            PendingJob(spec=evolve(spec, created_at=spec.created_at + timedelta(microseconds=number)))
            for number, spec in enumerate(specs)
        ]
        due = with_turns(tx, posting.wallet, jobs, limits=self.limits, now=now)
        tx.jobs.add(jobs)
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in due])
        tx.wallets.post(posting)
        return AcceptedJobs(jobs=jobs, due=due, balance=posting.wallet.balance)

    def settle(
        self, tx: Transaction, posting: Posting, job: UnsettledJob, by: SettledJob, *, reason: str, now: datetime
    ) -> Wallet:
        """Record the end of a stored job in its owner's locked wallet: the charge is earned, or refunded in full.

        `posting` is what `lock` returned. The time of an attempt that was in progress counts as work, whatever its end.

        The charge no longer counts for the monthly limit of the API key that ordered the job.

        Raises:
            DuplicateEntry: the charge has been refunded before.
        """
        charged = job.spec.charged
        if isinstance(by, CompletedJob):
            settled = evolve(posting, wallet=posting.wallet.deliver(charged))
        else:
            settled = posting.wallet.refund(charged, job_id=job.id, now=now, reason=reason).after(posting)
            if charged:
                tx.api_key_charges.take_back(job.id)
        usage = settled.wallet.usage - Usage.of(jobs=[job]) + Usage.of(jobs=[by])
        work = settled.wallet.work if job.began_at is None else settled.wallet.work.plus(now - job.began_at, now=now)
        settled = evolve(settled, wallet=evolve(settled.wallet, usage=usage, work=work))
        tx.wallets.post(settled)
        return settled.wallet

    def interrupt(self, tx: Transaction, posting: Posting, job: ClaimedJob, *, now: datetime) -> None:
        """Record the time of an attempt after which the job will be tried again."""
        work = posting.wallet.work.plus(now - job.claimed_at, now=now)
        tx.wallets.post(evolve(posting, wallet=evolve(posting.wallet, work=work)))

    def forget(self, tx: Transaction, posting: Posting, *, images: Sequence[Image], jobs: Sequence[Job]) -> None:
        """Subtract stored images and settled jobs whose rows are being deleted from their owner's usage."""
        usage = posting.wallet.usage - Usage.of(images=images, jobs=jobs)
        tx.wallets.post(evolve(posting, wallet=evolve(posting.wallet, usage=usage)))


def _explained(spec: JobSpec) -> tuple[EntryKind, str]:
    """Return the kind and the reason of a charge's ledger entry."""
    match spec.task:
        case Enhancement() | Blend():
            return EntryKind.SPEND_ENHANCEMENT, f"Enhancement at {spec.tier}"
        case Generation():
            return EntryKind.SPEND_GENERATION, f"Generation at {spec.tier}"
        case Modification():
            return EntryKind.SPEND_GENERATION, f"Modification at {spec.tier}"
        case unreachable:
            assert_never(unreachable)
