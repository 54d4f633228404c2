"""Usage accounting: what owners use, and their own limits; and whether the running sums are right."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.accounts import Email
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.invariants import Check, Finding
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Budget, BudgetOverrides, Usage
from spike_core.domain.wallet import CountedUsage, Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.billing import Billing
from spike_core.services.transaction_retries import retry_on_conflict
from spike_core.services.users import owner_id_of

WALLETS_PAGE: Final = 500


@frozen(kw_only=True)
class OwnerUsage:
    """What an owner uses, and the limits."""

    usage: Usage
    budget: Budget
    overrides: BudgetOverrides  # those of the limits that are the owner's own
    parked: Tokens
    processor_time: timedelta  # that the jobs in flight may take
    processor_time_max: timedelta
    sessions: int
    sessions_max: int


@frozen(kw_only=True)
class UsageAccounting:
    """Shows usage, changes owners' limits, and corrects the running sums."""

    transactions: Transactions
    clock: Clock
    billing: Billing

    def of(self, owner_id: OwnerId) -> OwnerUsage:
        """Return what the owner uses.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        limits = self.billing.limits
        with self.transactions.view() as tx:
            wallet = tx.wallets.get(owner_id)
            sessions = tx.sessions.count(owner_id)
            moving = tx.jobs.in_flight(owner_id, limit=limits.active_jobs_max) if wallet.usage.open_jobs else ()
        return OwnerUsage(
            usage=wallet.usage,
            budget=self.billing.budget(wallet),
            overrides=wallet.overrides,
            parked=wallet.parked,
            processor_time=sum(map(limits.processor_time_of, moving), timedelta(0)),
            processor_time_max=limits.active_time_max,
            sessions=sessions,
            sessions_max=self.billing.budgets.sessions,
        )

    @retry_on_conflict
    def limit(self, owner: Email | OwnerId, overrides: BudgetOverrides) -> None:
        """Replace the limits of a user's own, by address, or of any owner's, by id.

        What exceeds a lower limit stays, but nothing more is accepted.

        Raises:
            UserNotFound: no user has this address.
            WalletNotFound: the owner has no wallet.
        """
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, owner_id_of(tx, owner), now=self.clock.now())
            tx.wallets.post(evolve(posting, wallet=evolve(posting.wallet, overrides=overrides)))

    def recount(self) -> int:
        """Correct the running sums that are wrong, and return of how many owners.

        They are right but where a release that doesn't keep them has served beside this one. Each owner's rows are
        counted again under the lock of the wallet.

        Raises:
            DatabaseUnavailable: the next run does the rest.
        """
        return sum(self._recount(wallet.owner_id) for wallet, _counted in _miscounted(self.transactions))

    def recount_after_upgrade(self) -> int:
        """Do so on the day of an upgrade, when a release that doesn't keep the sums may still serve or work.

        Raises:
            DatabaseUnavailable: the next run does the rest.
        """
        return self.recount() if _is_day_of_upgrade(self.transactions, now=self.clock.now()) else 0

    @retry_on_conflict
    def _recount(self, owner_id: OwnerId) -> bool:
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, owner_id, now=self.clock.now())
            counted = tx.audit.usage(owner_id)
            if counted.explains(posting.wallet):
                return False
            corrected = evolve(posting.wallet, usage=counted.usage, parked=counted.parked)
            tx.wallets.post(evolve(posting, wallet=corrected))
        return True


def running_sum_findings(transactions: Transactions, *, now: datetime) -> Iterator[Finding]:
    """Yield the wallets whose running sums aren't what the stored jobs and images add up to.

    There are none on the day of an upgrade: a release that doesn't keep the sums may leave them behind, and
    `recount_after_upgrade` corrects them.
    """
    if _is_day_of_upgrade(transactions, now=now):
        return
    for wallet, counted in _miscounted(transactions):
        for what, kept, stored in (
            ("parked tokens", wallet.parked, counted.parked),
            ("open free jobs", wallet.usage.free_jobs, counted.usage.free_jobs),
            ("open paid jobs", wallet.usage.paid_jobs, counted.usage.paid_jobs),
            ("images", wallet.usage.images, counted.usage.images),
            ("stored bytes", wallet.usage.stored_bytes, counted.usage.stored_bytes),
        ):
            if kept != stored:
                message = f"{kept} {what} are counted, the rows add up to {stored}"
                yield Finding(check=Check.USAGE, subject=str(wallet.owner_id), message=message)


def _is_day_of_upgrade(transactions: Transactions, *, now: datetime) -> bool:
    """Return whether a release without hashes and running sums may still write to the database."""
    with transactions.view() as tx:
        until = tx.audit.unchained_until()
    return until is not None and now < until


def _miscounted(transactions: Transactions) -> Iterator[tuple[Wallet, CountedUsage]]:
    """Yield the wallets that disagree with what their owners' rows add up to, and that."""
    after: OwnerId | None = None
    while True:
        with transactions.view() as tx:
            page = tx.audit.miscounted(after=after, limit=WALLETS_PAGE)
        if not page:
            return
        yield from page
        after = page[-1][0].owner_id
