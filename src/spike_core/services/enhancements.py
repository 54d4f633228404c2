"""Enhancements: jobs on stored images."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.errors import Unavailable
from spike_core.domain.identifiers import ANONYMOUS, BatchId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.jobs import Job, JobSpec, PendingJob
from spike_core.domain.objects import ObjectKey
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tasks import Blend, Enhancement, JobInput
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transactions
from spike_core.services.ingest import Ingest, InlineImage
from spike_core.services.order_checks import (
    BatchEnhancementOrder,
    EnhancementOrder,
    Ordering,
    ParallelEnhancementOrder,
    PricedOrder,
)
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.transaction_hooks import Extensible
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class EnhancementAccepted:
    """An accepted job and the balance left."""

    job: PendingJob
    balance: Tokens


@frozen(kw_only=True)
class ParallelEnhancementAccepted:
    """Accepted jobs of one image, in the order requested, and the balance left; some jobs may have started."""

    jobs: Sequence[Job]
    balance: Tokens

    @property
    def total(self) -> Tokens:
        """The price of all jobs together."""
        return sum((job.spec.charged for job in self.jobs), NO_TOKENS)


@frozen(kw_only=True)
class BatchEnhancementAccepted:
    """Accepted jobs of several images, in the order requested, and the balance left."""

    id: BatchId
    jobs: Sequence[PendingJob]
    balance: Tokens

    @property
    def total(self) -> Tokens:
        """The price of all jobs together."""
        return sum((job.spec.charged for job in self.jobs), NO_TOKENS)


@frozen(kw_only=True)
class Enhancements(Extensible):
    """Accepts enhancement jobs: one transaction charges and stores them with their outbox messages; then they are sent.

    Parallel and batch requests are the same transaction with more jobs: all of them are accepted or none.
    """

    transactions: Transactions
    clock: Clock
    ids: Ids
    ordering: Ordering
    dispatch: OutboxRelay
    ingest: Ingest

    @retry_on_conflict
    def enhance(
        self,
        owner_id: OwnerId,
        *,
        image_id: ImageId,
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        source: ImageId | InlineImage | None = None,
        request_id: RequestId | None = None,
    ) -> EnhancementAccepted:
        """Start to enhance the owner's image at one tier; a `source` is blended into it first.

        An inline source is stored as an object of the job, after everything else has been checked.

        Raises:
            InvalidValue: the tier or the options aren't on offer, the source is the image itself, or an inline source
                isn't of its declared media type.
            UnacceptablePicture: the inline source is empty, too large, animated, corrupt or in no supported format.
            ImageNotFound, Forbidden: one of the images doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover the tier.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            Unavailable: a dependency failed; nothing is charged and nothing stored.
        """
        order = EnhancementOrder(image_id=image_id, tier=tier, options=options, source=source)
        priced = self.ordering.price(owner_id, order)
        if isinstance(source, InlineImage):
            return self._blend_with_inline(owner_id, image_id, order=priced, inline=source, request_id=request_id)
        self.ingest.check_free_space()
        task = Enhancement(image_id=image_id) if source is None else Blend(image_id=image_id, source=source)
        with self.transactions.begin() as tx:
            now = self.clock.now()
            spec = JobSpec.of(
                task,
                priced.quotes[0],
                id_=self._new_id(owner_id),
                owner_id=owner_id,
                request_id=request_id,
                now=now,
            )
            accepted = self.ordering.accept(tx, owner_id, priced, [spec], now=now)
            result = EnhancementAccepted(job=accepted.jobs[0], balance=accepted.balance)
            self._run_hooks(tx, result)
        self.dispatch.start(accepted.due)
        return result

    def blend_anonymously(
        self,
        image_id: ImageId,
        *,
        source: ImageId | InlineImage,
        tier: Tier = Tier.FREE,
        options: RenderOptions = DEFAULT_OPTIONS,
        request_id: RequestId | None = None,
    ) -> EnhancementAccepted:
        """Start to blend two anonymous images, or one with an inline image, at the tier FREE; any other is refused.

        Raises:
            Forbidden: one of the images has an owner.
            InvalidValue, UnacceptablePicture, ImageNotFound, Unavailable: as in `enhance`.
        """
        return self.enhance(
            ANONYMOUS, image_id=image_id, tier=tier, options=options, source=source, request_id=request_id
        )

    @retry_on_conflict
    def enhance_in_parallel(
        self,
        owner_id: OwnerId,
        *,
        image_id: ImageId,
        tiers: Sequence[Tier],
        options: RenderOptions = DEFAULT_OPTIONS,
        request_id: RequestId | None = None,
    ) -> ParallelEnhancementAccepted:
        """Start to enhance the owner's image at several tiers.

        Raises:
            InvalidValue: there is no tier, there are more than `PARALLEL_TIERS_MAX`, one occurs twice, or one isn't on
                offer; or the options aren't.
            ImageNotFound, Forbidden: the image doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover all tiers.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            DatabaseUnavailable: nothing is charged.
        """
        order = self.ordering.price(owner_id, ParallelEnhancementOrder(image_id=image_id, tiers=tiers, options=options))
        self.ingest.check_free_space()
        with self.transactions.begin() as tx:
            now = self.clock.now()
            specs = self._specs(owner_id, order, request_id=request_id, now=now)
            accepted = self.ordering.accept(tx, owner_id, order, specs, now=now)
            self._run_hooks(tx, ParallelEnhancementAccepted(jobs=accepted.jobs, balance=accepted.balance))
        self.dispatch.start(accepted.due)
        return ParallelEnhancementAccepted(jobs=self._current(accepted.jobs), balance=accepted.balance)

    @retry_on_conflict
    def enhance_batch(
        self,
        owner_id: OwnerId,
        *,
        image_ids: Sequence[ImageId],
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        request_id: RequestId | None = None,
    ) -> BatchEnhancementAccepted:
        """Start to enhance several of the owner's images at one tier; an image that occurs twice counts once.

        The number of statements doesn't grow with the number of images.

        Raises:
            InvalidValue: there is no image, there are more than a batch may have, or tier or options aren't on offer.
            ImageNotFound, Forbidden: one of the images doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover all images.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            DatabaseUnavailable: nothing is charged.
        """
        order = self.ordering.price(owner_id, BatchEnhancementOrder(image_ids=image_ids, tier=tier, options=options))
        self.ingest.check_free_space()
        batch_id = self.ids.new(BatchId)
        with self.transactions.begin() as tx:
            now = self.clock.now()
            specs = self._specs(owner_id, order, request_id=request_id, now=now)
            specs = [evolve(spec, batch_id=batch_id) for spec in specs]
            accepted = self.ordering.accept(tx, owner_id, order, specs, now=now)
            result = BatchEnhancementAccepted(id=batch_id, jobs=accepted.jobs, balance=accepted.balance)
            self._run_hooks(tx, result)
        self.dispatch.start(accepted.due)
        return result

    def _blend_with_inline(
        self,
        owner_id: OwnerId,
        image_id: ImageId,
        *,
        order: PricedOrder,
        inline: InlineImage,
        request_id: RequestId | None,
    ) -> EnhancementAccepted:
        self.ingest.check_free_space()
        validated = self.ingest.validate_inline(inline)
        order = evolve(order, input_bytes=validated.size_bytes)
        began_at = self.clock.now()
        with self.transactions.view() as tx:  # a request that would be refused stores nothing
            self.ordering.check(tx, owner_id, order, now=began_at)
        job_id = self._new_id(owner_id)
        source = JobInput(
            key=ObjectKey.of_input(job_id, validated.identity.format),
            dimensions=validated.identity.dimensions,
        )
        with self.ingest.stored({source.key: validated.content}) as digests, self.transactions.begin() as tx:
            now = self.clock.now()
            self.ingest.check_in_time(began_at)
            task = Blend(image_id=image_id, source=evolve(source, digest=digests[source.key]))
            spec = JobSpec.of(task, order.quotes[0], id_=job_id, owner_id=owner_id, request_id=request_id, now=now)
            accepted = self.ordering.accept(tx, owner_id, order, [spec], now=now)
            result = EnhancementAccepted(job=accepted.jobs[0], balance=accepted.balance)
            self._run_hooks(tx, result)
        self.dispatch.start(accepted.due)
        return result

    def _specs(
        self, owner_id: OwnerId, order: PricedOrder, *, request_id: RequestId | None, now: datetime
    ) -> Sequence[JobSpec]:
        """Return the specification of each job of an order of plain enhancements."""
        return [
            JobSpec.of(
                Enhancement(image_id=image_id),
                quote,
                id_=self.ids.new(JobId),
                owner_id=owner_id,
                request_id=request_id,
                now=now,
            )
            for image_id, quote in zip(order.targets, order.quotes, strict=True)
        ]

    def _new_id(self, owner_id: OwnerId) -> JobId:
        drawn = self.ids.new(JobId)
        return drawn.marked("anon") if owner_id == ANONYMOUS else drawn

    def _current(self, jobs: Sequence[PendingJob]) -> Sequence[Job]:
        try:
            with self.transactions.view() as tx:
                stored = tx.jobs.find([job.id for job in jobs])
        except Unavailable:  # the jobs are charged and stored all the same
            return jobs
        return [stored.get(job.id, job) for job in jobs]
