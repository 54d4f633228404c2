"""Generations: pictures made or modified by a prompt."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from attrs import evolve, frozen

from spike_core.domain.cursors import JobCursor
from spike_core.domain.errors import FileTooLarge, JobNotFound, SourceTooLarge
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import JobId, OwnerId, RequestId
from spike_core.domain.jobs import Job, JobSpec, PendingJob
from spike_core.domain.limits import PAGE_SIZE, check_page_size
from spike_core.domain.objects import ObjectKey
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tasks import Creation, Generation, JobInput, Modification, Task
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.downloader import Downloader
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import AcceptedJobs
from spike_core.services.ingest import Ingest, InlineImage, ValidatedImage, WebAddress
from spike_core.services.order_checks import UNKNOWN_BYTES, GenerationOrder, ModificationOrder, Ordering, PricedOrder
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.transaction_hooks import Extensible
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class GenerationAccepted:
    """An accepted job and the balance left."""

    job: PendingJob
    balance: Tokens


@frozen(kw_only=True)
class GenerationsPage:
    """A page of an owner's generations and modifications, newest first."""

    jobs: Sequence[Job]
    next: JobCursor | None  # where the next page starts; `None` on the last page


@frozen(kw_only=True)
class Generations(Extensible):
    """Accepts jobs that generate or modify pictures. They are charged like enhancements, but there is no free tier."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    ordering: Ordering
    dispatch: OutboxRelay
    ingest: Ingest
    downloader: Downloader

    @retry_on_conflict
    def generate(
        self,
        owner_id: OwnerId,
        *,
        prompt: Prompt,
        negative: Prompt | None = None,
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        aspect_ratio: AspectRatio,
        request_id: RequestId | None = None,
    ) -> GenerationAccepted:
        """Start to generate a picture; `negative` says what it mustn't show.

        Raises:
            InvalidValue: the tier is FREE, or it or the options aren't on offer. Strength and mode never are.
            NotEnoughTokens: the balance doesn't cover the tier.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            DatabaseUnavailable: nothing is charged.
        """
        order = self.ordering.price(owner_id, GenerationOrder(tier=tier, options=options))
        self.ingest.check_free_space()
        task = Generation(prompt=prompt, negative=negative, aspect_ratio=aspect_ratio)
        with self.transactions.begin() as tx:
            accepted = self._accept(tx, owner_id, task, order=order, job_id=self._new_id("gen"), request_id=request_id)
            result = GenerationAccepted(job=accepted.jobs[0], balance=accepted.balance)
            self._run_hooks(tx, result)
        self.dispatch.start(accepted.due)
        return result

    @retry_on_conflict
    def modify(
        self,
        owner_id: OwnerId,
        *,
        prompt: Prompt,
        negative: Prompt | None = None,
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        picture: InlineImage | WebAddress,
        request_id: RequestId | None = None,
    ) -> GenerationAccepted:
        """Start to modify a picture, which is stored as an object of the job after everything else has been checked.

        Raises:
            InvalidValue: the tier or the options are refused as in `generate`, or an inline picture isn't of its
                declared media type.
            UnacceptablePicture: the picture is empty, too large, animated, corrupt or in no supported format.
            UnsafeAddress, DownloadFailed: the picture can't be downloaded.
            NotEnoughTokens: the balance doesn't cover the tier; then nothing is downloaded.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            Unavailable: a dependency failed; nothing is charged and nothing stored.
        """
        order = self.ordering.price(owner_id, ModificationOrder(tier=tier, picture=picture, options=options))
        self.ingest.check_free_space()
        with self._validated(owner_id, picture, order) as validated:
            began_at = self.clock.now()
            job_id = self._new_id("mod")
            key = ObjectKey.of_input(job_id, validated.identity.format)
            with self.ingest.stored({key: validated.content}) as digests, self.transactions.begin() as tx:
                source = JobInput(key=key, dimensions=validated.identity.dimensions, digest=digests[key])
                task = Modification(prompt=prompt, negative=negative, input=source)
                self.ingest.check_in_time(began_at)
                accepted = self._accept(tx, owner_id, task, order=order, job_id=job_id, request_id=request_id)
                result = GenerationAccepted(job=accepted.jobs[0], balance=accepted.balance)
                self._run_hooks(tx, result)
        self.dispatch.start(accepted.due)
        return result

    def job(self, owner_id: OwnerId, job_id: JobId) -> Job:
        """Return one of the owner's generation or modification jobs.

        Raises:
            JobNotFound: no job has this id, it belongs to another owner, or it is an enhancement.
        """
        with self.transactions.view() as tx:
            job = tx.jobs.get(job_id)
        if job.spec.owner_id != owner_id or not isinstance(job.spec.task, Creation):
            raise JobNotFound
        return job

    def history(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int = PAGE_SIZE) -> GenerationsPage:
        """Return a page of the owner's generations and modifications, newest first; `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            jobs = tx.jobs.generations(owner_id, before=before, limit=limit + 1)
        page = jobs[:limit]
        return GenerationsPage(jobs=page, next=page[-1].spec.cursor if len(jobs) > limit else None)

    @contextmanager
    def _validated(
        self, owner_id: OwnerId, picture: InlineImage | WebAddress, order: PricedOrder
    ) -> Iterator[ValidatedImage]:
        """Open the picture and validate it. Funds are checked before a download, but after an inline picture."""
        if isinstance(picture, InlineImage):
            validated = self.ingest.validate_inline(picture)
            self._check(owner_id, evolve(order, input_bytes=validated.size_bytes))
            yield validated
            return
        self._check(owner_id, evolve(order, input_bytes=UNKNOWN_BYTES))
        try:
            with self.downloader.download(picture.url) as content:
                yield self.ingest.validate_inline(InlineImage(content=content))
        except FileTooLarge as error:
            raise SourceTooLarge(size_bytes_max=error.size_bytes_max) from error

    def _check(self, owner_id: OwnerId, order: PricedOrder) -> None:
        with self.transactions.view() as tx:
            self.ordering.check(tx, owner_id, order, now=self.clock.now())

    def _accept(
        self,
        tx: Transaction,
        owner_id: OwnerId,
        task: Task,
        *,
        order: PricedOrder,
        job_id: JobId,
        request_id: RequestId | None,
    ) -> AcceptedJobs:
        now = self.clock.now()
        spec = JobSpec.of(task, order.quotes[0], id_=job_id, owner_id=owner_id, request_id=request_id, now=now)
        return self.ordering.accept(tx, owner_id, order, [spec], now=now)

    def _new_id(self, mark: Literal["gen", "mod"]) -> JobId:
        return self.ids.new(JobId).marked(mark)
