"""Quotes: what a request would cost, how long it would take, and why it would be refused. Nothing is stored."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.api_keys import ApiKey, Month
from spike_core.domain.durations import TimedResult, expected_duration
from spike_core.domain.errors import (
    AlbumFull,
    AlbumNotFound,
    ApiKeyLimitReached,
    EmptyFile,
    FileTooLarge,
    Forbidden,
    ImageNotFound,
    InvalidValue,
    SpikeError,
    StorageFull,
    UnacceptablePicture,
)
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.jobs import CompletedJob, Job
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX, PARALLEL_TIERS_MAX
from spike_core.domain.orders import Quote, TaskKind
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tasks import Creation
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Usage
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import Billing
from spike_core.services.enhancements import owned_images
from spike_core.services.generations import WebAddress
from spike_core.services.ingest import Ingest, InlineImage
from spike_core.services.new_images import NewImages
from spike_core.services.pricing import Pricing

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
class _Request:
    """What a request would add."""

    jobs: Sequence[Quote]
    image_ids: Sequence[ImageId] = ()  # that must be the owner's
    enhanced: Sequence[ImageId | None] = ()  # by each of the jobs, where there is a stored image
    adding: Usage  # jobs included
    album_id: AlbumId | None = None
    new_images: int = 0
    is_creation: bool = False
    refusals: Sequence[SpikeError] = ()  # known already

    @property
    def price(self) -> Tokens:
        return sum((quote.price for quote in self.jobs), NO_TOKENS)


@frozen(kw_only=True)
class Quotes:
    """Quotes each request that spends tokens, by the rules of the use case that would accept it.

    What makes a request invalid, so that it has no price, is raised as the use case raises it; all else that would
    refuse it is listed. A picture inside a request is validated; one at a web address isn't downloaded.
    """

    transactions: Transactions
    clock: Clock
    billing: Billing
    ingest: Ingest
    new_images: NewImages
    pricing: Pricing

    def enhancement(
        self,
        owner_id: OwnerId,
        *,
        image_id: ImageId,
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        source: ImageId | InlineImage | None = None,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Enhancements.enhance`.

        Raises:
            InvalidValue: the tier or the options aren't on offer, or the source is the image itself.
            WalletNotFound: the owner has never been granted a token.
            Unavailable: a dependency failed.
        """
        kind = TaskKind.ENHANCEMENT if source is None else TaskKind.BLEND
        quote = self.pricing.quote(tier, kind, owner_id=owner_id, options=options)
        if source == image_id:
            raise InvalidValue(what="blendSource", rule="must be another image")
        input_bytes, refusals = self._inline(source)
        request = _Request(
            jobs=[quote],
            image_ids=[image_id, source] if isinstance(source, ImageId) else [image_id],
            enhanced=[image_id],
            adding=Usage.of_request(quote.price, input_bytes=input_bytes),
            refusals=refusals,
        )
        return self._quote(owner_id, request, api_key=api_key)

    def parallel_enhancement(
        self,
        owner_id: OwnerId,
        *,
        image_id: ImageId,
        tiers: Sequence[Tier],
        options: RenderOptions = DEFAULT_OPTIONS,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Enhancements.enhance_in_parallel`.

        Raises:
            InvalidValue: the tiers or the options are refused.
            WalletNotFound, Unavailable: as in `enhancement`.
        """
        if not 1 <= len(tiers) <= PARALLEL_TIERS_MAX or len(set(tiers)) != len(tiers):
            raise InvalidValue(what="tiers", rule=f"must be 1 to {PARALLEL_TIERS_MAX} different tiers")
        quotes = [self.pricing.quote(tier, TaskKind.ENHANCEMENT, owner_id=owner_id, options=options) for tier in tiers]
        request = _Request(
            jobs=quotes,
            image_ids=[image_id],
            enhanced=[image_id] * len(quotes),
            adding=_usage_of(quotes),
            refusals=self._no_space(),
        )
        return self._quote(owner_id, request, api_key=api_key)

    def batch_enhancement(
        self,
        owner_id: OwnerId,
        *,
        image_ids: Sequence[ImageId],
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Enhancements.enhance_batch`.

        Raises:
            InvalidValue: there is no image, there are too many, or the tier or the options aren't on offer.
            WalletNotFound, Unavailable: as in `enhancement`.
        """
        distinct, most = list(dict.fromkeys(image_ids)), self.ingest.upload_limits.batch_files
        if not 1 <= len(distinct) <= most:
            raise InvalidValue(what="imageIds", rule=f"must be 1 to {most} images")
        quote = self.pricing.quote(tier, TaskKind.ENHANCEMENT, owner_id=owner_id, options=options)
        quotes = [quote] * len(distinct)
        request = _Request(
            jobs=quotes, image_ids=distinct, enhanced=distinct, adding=_usage_of(quotes), refusals=self._no_space()
        )
        return self._quote(owner_id, request, api_key=api_key)

    def generation(
        self,
        owner_id: OwnerId,
        *,
        tier: Tier,
        options: RenderOptions = DEFAULT_OPTIONS,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Generations.generate`.

        Raises:
            InvalidValue: the tier or the options aren't on offer.
            WalletNotFound, Unavailable: as in `enhancement`.
        """
        quote = self._creation(owner_id, tier, TaskKind.GENERATION, options)
        request = _Request(jobs=[quote], adding=_usage_of([quote]), is_creation=True, refusals=self._no_space())
        return self._quote(owner_id, request, api_key=api_key)

    def modification(
        self,
        owner_id: OwnerId,
        *,
        tier: Tier,
        picture: InlineImage | WebAddress,
        options: RenderOptions = DEFAULT_OPTIONS,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Generations.modify`.

        Raises:
            InvalidValue: the tier or the options aren't on offer.
            WalletNotFound, Unavailable: as in `enhancement`.
        """
        quote = self._creation(owner_id, tier, TaskKind.MODIFICATION, options)
        input_bytes, refusals = (1, self._no_space()) if isinstance(picture, WebAddress) else self._inline(picture)
        adding = Usage.of_request(quote.price, input_bytes=input_bytes)
        request = _Request(jobs=[quote], adding=adding, is_creation=True, refusals=refusals)
        return self._quote(owner_id, request, api_key=api_key)

    def upload(
        self,
        owner_id: OwnerId,
        *,
        files_bytes: Sequence[int],
        tier: Tier | None = None,
        options: RenderOptions = DEFAULT_OPTIONS,
        album_id: AlbumId | None = None,
        is_batch: bool,
        api_key: ApiKey | None = None,
    ) -> RequestQuote:
        """Quote `Uploads.upload`, or `BatchUploads.upload`, for files of these sizes that are acceptable pictures.

        A batch leaves out files that are empty or too large, as the upload does. A file with a location counts twice in
        storage, which its size doesn't tell.

        Raises:
            InvalidValue: the tier or the options aren't on offer, or the album's tier isn't any more.
            EmptyFile, FileTooLarge: the only file is.
            WalletNotFound, Unavailable: as in `enhancement`.
        """
        self.new_images.check_order(tier, options)
        refusals, limits = self._no_space(), self.ingest.upload_limits
        if not is_batch:
            _check_size(files_bytes[0], size_bytes_max=limits.file_bytes)
        elif not 1 <= len(files_bytes) <= limits.batch_files:
            raise InvalidValue(what="files", rule=f"must be 1 to {limits.batch_files} files")
        sizes = [size for size in files_bytes if 0 < size <= limits.file_bytes]
        try:
            quote = self.new_images.enhancement(owner_id, tier=tier, options=options, album_id=album_id)
        except (AlbumNotFound, Forbidden) as error:
            refusals.append(error)
            album_id = None
            quote = self.new_images.enhancement(owner_id, tier=tier, options=options, album_id=None)
        jobs = [] if quote is None else [quote] * len(sizes)
        request = _Request(
            jobs=jobs,
            adding=_usage_of(jobs) + Usage(images=len(sizes), stored_bytes=sum(sizes)),
            album_id=album_id,
            new_images=len(sizes),
            refusals=refusals,
        )
        return self._quote(owner_id, request, api_key=api_key)

    def _creation(self, owner_id: OwnerId, tier: Tier, kind: TaskKind, options: RenderOptions) -> Quote:
        if tier == Tier.FREE:
            raise InvalidValue(what="tier", rule="must be one that costs something")
        return self.pricing.quote(tier, kind, owner_id=owner_id, options=options)

    def _inline(self, picture: ImageId | InlineImage | None) -> tuple[int, list[SpikeError]]:
        """Return the size of a picture in the request, and what refuses it.

        Raises:
            InvalidValue: the picture isn't what its sender declares.
        """
        refusals = self._no_space()
        if not isinstance(picture, InlineImage):
            return 0, refusals
        try:
            return self.ingest.validate_inline(picture).size_bytes, refusals
        except UnacceptablePicture as error:
            return 0, [*refusals, error]

    def _no_space(self) -> list[SpikeError]:
        try:
            self.ingest.check_free_space()
        except StorageFull as error:
            return [error]
        return []

    def _quote(self, owner_id: OwnerId, request: _Request, *, api_key: ApiKey | None) -> RequestQuote:
        now = self.clock.now()
        with self.transactions.view() as tx:
            wallet = self.billing.balance(tx, owner_id, now=now)
            open_jobs = Counter(id_ for id_ in request.enhanced if id_ is not None)
            refusals = [
                *request.refusals,
                *_not_owned(tx, owner_id, request.image_ids),
                *self.billing.refusals(tx, wallet, request.price, adding=request.adding, image_jobs=open_jobs),
                *_album_full(tx, request),
                *_limit_reached(tx, api_key, request.price, month=Month.of(now)),
            ]
            past = list(self._past(tx, owner_id, request))
        expected = [expected_duration(quote.offer.longest_side_px, past) for quote in request.jobs]
        known = [each for each in expected if each is not None]
        return RequestQuote(
            tokens=request.price,
            balance=wallet.balance,
            work=sum(known, timedelta(0)) if len(known) == len(expected) else None,
            refusals=refusals,
        )

    def _past(self, tx: Transaction, owner_id: OwnerId, request: _Request) -> Iterable[TimedResult]:
        """Return the latest results of the same kind: those of the same image, or of all images if it has none."""
        if request.is_creation:
            return _timed(tx.jobs.generations(owner_id, limit=JOBS_READ_MAX))
        if len(set(request.enhanced)) == 1 and request.enhanced[0] is not None:
            of_image = list(_timed(tx.jobs.newest_of_image(request.enhanced[0], limit=JOBS_READ_MAX), owner_id))
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


def _usage_of(quotes: Sequence[Quote]) -> Usage:
    return sum((Usage.of_request(quote.price, input_bytes=0) for quote in quotes), Usage())


def _check_size(size_bytes: int, *, size_bytes_max: int) -> None:
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > size_bytes_max:
        raise FileTooLarge(size_bytes_max=size_bytes_max)


def _not_owned(tx: Transaction, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> Iterator[SpikeError]:
    try:
        owned_images(tx, owner_id, image_ids)
    except (ImageNotFound, Forbidden) as error:
        yield error


def _album_full(tx: Transaction, request: _Request) -> Iterator[SpikeError]:
    album_id = request.album_id
    if album_id is not None and tx.albums.count(album_id) + request.new_images > IMAGES_PER_ALBUM_MAX:
        yield AlbumFull(images_max=IMAGES_PER_ALBUM_MAX)


def _limit_reached(tx: Transaction, key: ApiKey | None, price: Tokens, *, month: Month) -> Iterator[SpikeError]:
    if key is None or key.monthly_limit is None or not price:
        return
    try:
        key.check_limit(price, spent=tx.api_key_charges.spent(key.id, month=month))
    except ApiKeyLimitReached as error:
        yield error
