"""Quotes: what a request would cost, how long it would take, and why it would be refused. Nothing is stored."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.api_keys import ApiKey, Month
from spike_core.domain.durations import TimedResult, expected_duration
from spike_core.domain.errors import (
    AlbumFull,
    AlbumNotFound,
    ApiKeyLimitReached,
    EmptyFile,
    FileTooLarge,
    Forbidden,
    InvalidValue,
    SpikeError,
    StorageFull,
    UnacceptablePicture,
)
from spike_core.domain.identifiers import AlbumId, OwnerId
from spike_core.domain.jobs import CompletedJob, Job
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_core.domain.orders import Quote
from spike_core.domain.tasks import Creation
from spike_core.domain.tokens import Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.api_key_limits import check_key_limit
from spike_core.services.billing import Billing
from spike_core.services.ingest import Ingest, InlineImage
from spike_core.services.new_images import NewImages, upload_order
from spike_core.services.order_checks import (
    UNKNOWN_BYTES,
    EnhancementOrder,
    GenerationOrder,
    JobOrder,
    ModificationOrder,
    Ordering,
    PricedOrder,
    UploadOrder,
)

ENTRIES_READ_MAX: Final = 100  # of the ledger, for the jobs that an expected time is computed from
JOBS_READ_MAX: Final = 50


@frozen(kw_only=True)
class RequestQuote:
    """What a request would cost now, and why it would be refused."""

    tokens: Tokens
    balance: Tokens  # after regeneration
    work: timedelta | None  # of all its jobs, one after the other, without waiting; `None`: there is nothing to go by
    refusals: Sequence[SpikeError]  # in the order in which the request is checked; none if it would be accepted

    @property
    def is_sufficient(self) -> bool:
        """Whether the balance covers the price."""
        return self.tokens <= self.balance


@frozen(kw_only=True)
class Quotes:
    """Quotes each request that spends tokens, by the description of the order from which its use case accepts it.

    What makes a request invalid, so that it has no price, is raised as the use case raises it; all else that would
    refuse it is listed. A picture inside a request is validated; one at a web address isn't downloaded.
    """

    transactions: Transactions
    clock: Clock
    billing: Billing
    ingest: Ingest
    new_images: NewImages
    ordering: Ordering

    def of(self, owner_id: OwnerId, order: JobOrder | UploadOrder, *, api_key: ApiKey | None = None) -> RequestQuote:
        """Quote an order, which the key would be charged for.

        Files of an upload are taken for acceptable pictures of these sizes. A batch leaves out those that are empty or
        too large, as the upload does. A file with a location counts twice in storage, which its size doesn't tell.

        Raises:
            InvalidValue: a tier or the options aren't on offer, or the order has none, too many or the wrong parts.
            EmptyFile, FileTooLarge: the only file is.
            WalletNotFound: the owner has never been granted a token.
            Unavailable: a dependency failed.
        """
        known: list[SpikeError] = []
        if isinstance(order, UploadOrder):
            priced = self._upload(owner_id, order, known)
        else:
            priced = self.ordering.price(owner_id, order)
            self._check_free_space(known)
            priced = evolve(priced, input_bytes=self._input_bytes(order, known))
        now = self.clock.now()
        with self.transactions.view() as tx:
            wallet = self.billing.balance(tx, owner_id, now=now)
            refusals = [
                *known,
                *self.ordering.refusals(tx, owner_id, priced, wallet=wallet),
                *_album_full(tx, order, new_images=priced.images.images, known=known),
                *_limit_reached(tx, api_key, priced.price, month=Month.of(now)),
            ]
            past = list(_past(tx, owner_id, order, priced))
        expected = [expected_duration(quote.offer.longest_side_px, past) for quote in priced.quotes]
        times = [each for each in expected if each is not None]
        return RequestQuote(
            tokens=priced.price,
            balance=wallet.balance,
            work=sum(times, timedelta(0)) if len(times) == len(expected) else None,
            refusals=refusals,
        )

    def _upload(self, owner_id: OwnerId, order: UploadOrder, known: list[SpikeError]) -> PricedOrder:
        self.new_images.check_order(order.tier, order.options)
        self._check_free_space(known)
        limits = self.ingest.upload_limits
        if not order.is_batch:
            _check_size(order.files_bytes[0], size_bytes_max=limits.file_bytes)
        elif not 1 <= len(order.files_bytes) <= limits.batch_files:
            raise InvalidValue(what="files", rule=f"must be 1 to {limits.batch_files} files")
        try:
            enhancement = self._enhancement(owner_id, order, order.album_id)
        except (AlbumNotFound, Forbidden) as error:
            known.append(error)
            enhancement = self._enhancement(owner_id, order, None)
        return upload_order(enhancement, [size for size in order.files_bytes if 0 < size <= limits.file_bytes])

    def _enhancement(self, owner_id: OwnerId, order: UploadOrder, album_id: AlbumId | None) -> Quote | None:
        return self.new_images.enhancement(owner_id, tier=order.tier, options=order.options, album_id=album_id)

    def _input_bytes(self, order: JobOrder, known: list[SpikeError]) -> int:
        """Return the size of a picture that is stored with the order, and note what refuses it.

        Raises:
            InvalidValue: the picture isn't what its sender declares.
        """
        match order:
            case (
                EnhancementOrder(source=InlineImage() as picture) | ModificationOrder(picture=InlineImage() as picture)
            ):
                try:
                    return self.ingest.validate_inline(picture).size_bytes
                except UnacceptablePicture as error:
                    known.append(error)
                    return 0
            case ModificationOrder():
                return UNKNOWN_BYTES
            case _:
                return 0

    def _check_free_space(self, known: list[SpikeError]) -> None:
        try:
            self.ingest.check_free_space()
        except StorageFull as error:
            known.append(error)


def _past(
    tx: Transaction, owner_id: OwnerId, order: JobOrder | UploadOrder, priced: PricedOrder
) -> Iterable[TimedResult]:
    """Return the latest results of the same kind: those of the same image, or of all images if it has none."""
    if isinstance(order, GenerationOrder | ModificationOrder):
        return _timed(tx.jobs.generations(owner_id, limit=JOBS_READ_MAX))
    if len(set(priced.targets)) == 1:
        of_image = list(_timed(tx.jobs.newest_of_image(priced.targets[0], limit=JOBS_READ_MAX), owner_id))
        if of_image:
            return of_image
    entries = tx.wallets.entries(owner_id, limit=ENTRIES_READ_MAX)
    job_ids = list(dict.fromkeys(id_ for entry in entries if (id_ := entry.job_id) is not None))[:JOBS_READ_MAX]
    jobs = tx.jobs.find(job_ids).values() if job_ids else ()
    return _timed(job for job in jobs if not isinstance(job.spec.task, Creation))


def _timed(jobs: Iterable[Job], owner_id: OwnerId | None = None) -> Iterator[TimedResult]:
    for job in jobs:
        side_px = job.spec.longest_side_px
        if not isinstance(job, CompletedJob) or side_px is None:
            continue
        if owner_id is None or job.spec.owner_id == owner_id:
            yield TimedResult(longest_side_px=side_px, took=job.ended_at - job.claimed_at)


def _check_size(size_bytes: int, *, size_bytes_max: int) -> None:
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > size_bytes_max:
        raise FileTooLarge(size_bytes_max=size_bytes_max)


def _album_full(
    tx: Transaction, order: JobOrder | UploadOrder, *, new_images: int, known: Sequence[SpikeError]
) -> Iterator[SpikeError]:
    if not isinstance(order, UploadOrder) or order.album_id is None:
        return
    has_album = not any(isinstance(error, AlbumNotFound | Forbidden) for error in known)
    if has_album and tx.albums.count(order.album_id) + new_images > IMAGES_PER_ALBUM_MAX:
        yield AlbumFull(images_max=IMAGES_PER_ALBUM_MAX)


def _limit_reached(tx: Transaction, key: ApiKey | None, price: Tokens, *, month: Month) -> Iterator[SpikeError]:
    if key is None:
        return
    try:
        check_key_limit(tx, key, price, month=month)
    except ApiKeyLimitReached as error:
        yield error
