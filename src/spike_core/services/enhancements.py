"""Enhancements: jobs on images that are there already."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.errors import Forbidden, InvalidValue, Unavailable
from spike_core.domain.identifiers import ImageId, JobId, OwnerId, RequestId
from spike_core.domain.jobs import Job, JobOrder, PendingJob
from spike_core.domain.limits import PARALLEL_TIERS_MAX
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transactions
from spike_core.services.charging import Charging
from spike_core.services.dispatch import Dispatch


@frozen(kw_only=True)
class Enhancing:
    """An accepted job and the balance left."""

    job: PendingJob
    balance: Tokens


@frozen(kw_only=True)
class EnhancingInParallel:
    """Accepted jobs of one image, in the order asked, as they stand right after; and the balance left."""

    jobs: Sequence[Job]
    balance: Tokens

    @property
    def total(self) -> Tokens:
        """What they cost together."""
        return sum((job.order.charged for job in self.jobs), NO_TOKENS)


@frozen(kw_only=True)
class Enhancements:
    """Accepts enhancement jobs: charged, stored and announced in one transaction, then handed to the workers."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    charging: Charging
    dispatch: Dispatch

    def enhance(
        self, owner_id: OwnerId, *, image_id: ImageId, tier: Tier, request_id: RequestId | None = None
    ) -> Enhancing:
        """Begin to enhance the owner's image at one tier.

        Raises:
            ImageNotFound, Forbidden: the image doesn't exist, or is somebody else's.
            NotEnoughTokens: the wallet doesn't cover the tier.
            DatabaseUnavailable: nothing was charged.
        """
        jobs, balance = self._accept(owner_id, image_id, [tier], request_id)
        return Enhancing(job=jobs[0], balance=balance)

    def enhance_in_parallel(
        self, owner_id: OwnerId, *, image_id: ImageId, tiers: Sequence[Tier], request_id: RequestId | None = None
    ) -> EnhancingInParallel:
        """Begin to enhance the owner's image at several tiers: all of them or none.

        Raises:
            InvalidValue: there are none, more than `PARALLEL_TIERS_MAX`, or one twice.
            ImageNotFound, Forbidden: the image doesn't exist, or is somebody else's.
            NotEnoughTokens: the wallet doesn't cover the sum.
            DatabaseUnavailable: nothing was charged.
        """
        if not 1 <= len(tiers) <= PARALLEL_TIERS_MAX or len(set(tiers)) != len(tiers):
            raise InvalidValue(what="tiers", rule=f"must be 1 to {PARALLEL_TIERS_MAX} different tiers")
        jobs, balance = self._accept(owner_id, image_id, tiers, request_id)
        return EnhancingInParallel(jobs=self._as_they_stand(jobs), balance=balance)

    def _accept(
        self, owner_id: OwnerId, image_id: ImageId, tiers: Sequence[Tier], request_id: RequestId | None
    ) -> tuple[Sequence[PendingJob], Tokens]:
        with self.transactions.begin() as tx:
            now = self.clock.now()
            image = tx.images.get(image_id)
            if image.owner_id != owner_id:
                raise Forbidden
            orders = [
                JobOrder.on(image, tier, id_=self.ids.new(JobId), request_id=request_id, now=now) for tier in tiers
            ]
            wallet, jobs = self.charging.accept(tx, orders, owner_id=owner_id, now=now)
        self.dispatch.start(jobs)
        return jobs, wallet.balance

    def _as_they_stand(self, jobs: Sequence[PendingJob]) -> Sequence[Job]:
        try:
            with self.transactions.view() as tx:
                stored = tx.jobs.find([job.id for job in jobs])
        except Unavailable:  # they are charged and stored, whoever can't be asked now
            return jobs
        return [stored.get(job.id, job) for job in jobs]
