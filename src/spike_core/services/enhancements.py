"""Enhancements: jobs on images that are there already."""

from attrs import frozen

from spike_core.domain.errors import Forbidden
from spike_core.domain.identifiers import ImageId, JobId, OwnerId, RequestId
from spike_core.domain.jobs import JobOrder, PendingJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
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
        with self.transactions.begin() as tx:
            now = self.clock.now()
            if tx.images.get(image_id).owner_id != owner_id:
                raise Forbidden
            order = JobOrder(
                id=self.ids.new(JobId),
                owner_id=owner_id,
                image_id=image_id,
                tier=tier,
                charged=tier.price,
                request_id=request_id,
                created_at=now,
            )
            wallet, jobs = self.charging.accept(tx, [order], owner_id=owner_id, now=now)
        self.dispatch.start(jobs)
        return Enhancing(job=jobs[0], balance=wallet.balance)
