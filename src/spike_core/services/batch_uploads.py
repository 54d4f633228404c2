"""Batch uploads: files are refused one by one, and the accepted ones are stored and charged together."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import BinaryIO, assert_never

from attrs import evolve, frozen

from spike_core.domain.errors import InvalidInput, SpikeError, StorageUnavailable, UnacceptablePicture, Unavailable
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import PendingJob
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.background import Urgency
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.concurrency import Concurrency
from spike_core.ports.transactions import Transactions
from spike_core.services.billing import AcceptedJobs
from spike_core.services.ingest import Ingest
from spike_core.services.new_images import NewImages
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.rendition_making import RenditionMaking
from spike_core.services.transaction_hooks import Extensible
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class NamedFile:
    """A file of a batch that could be read from the request."""

    filename: str  # as sent
    name: ImageName
    content: BinaryIO


@frozen(kw_only=True)
class RefusedFile:
    """A file of a batch that isn't stored, and why."""

    filename: str  # as sent
    error: SpikeError


@frozen(kw_only=True)
class KeptFile:
    """A file of a batch that is stored, as an image."""

    filename: str  # as sent
    image: Image
    job: PendingJob | None
    duplicate_of: ImageId | None = None  # the owner's earliest image of the same bytes, if there is one


@frozen(kw_only=True)
class UploadedBatch:
    """The outcome for each file, in the order sent, and the balance left."""

    files: Sequence[KeptFile | RefusedFile]
    balance: Tokens

    @property
    def total(self) -> Tokens:
        """The price of all enhancements together."""
        jobs = [file.job for file in self.files if isinstance(file, KeptFile) and file.job is not None]
        return sum((job.spec.charged for job in jobs), NO_TOKENS)


@frozen(kw_only=True)
class _Candidate:
    """An acceptable file, and the image that it will become."""

    file: NamedFile
    image: Image


@frozen(kw_only=True)
class BatchUploads(Extensible):
    """Stores several uploaded files by the rules of `Uploads`."""

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    dispatch: OutboxRelay
    ingest: Ingest
    new_images: NewImages
    rendition_making: RenditionMaking
    concurrency: Concurrency

    def upload(
        self,
        owner_id: OwnerId,
        *,
        files: Sequence[NamedFile | RefusedFile],
        tier: Tier | None = None,
        options: RenderOptions = DEFAULT_OPTIONS,
        album_id: AlbumId | None = None,
        request_id: RequestId | None = None,
    ) -> UploadedBatch:
        """Store the files and start the enhancement of each, at one tier, which is chosen as for a single upload.

        A file that isn't acceptable, or can't be stored, is refused by itself. The rows of all others are written and
        charged in one transaction; if the database fails, all of them are refused and none is stored.

        Raises:
            InvalidValue: the tier or the options aren't on offer, or the album's tier isn't any more.
            AlbumNotFound, Forbidden, AlbumFull: the album can't take them.
            NotEnoughTokens: the balance doesn't cover all acceptable files; nothing is stored.
            TooManyJobs, QuotaExceeded: the owner's budget has no room for all of them; nothing is stored.
            StorageFull: the store has too little free space.
            DatabaseUnavailable: the database failed before anything was stored.
        """
        self.new_images.check_order(tier, options)
        self.ingest.check_free_space()
        validated = self._validate(owner_id, files)
        candidates = [each for each in validated if isinstance(each, _Candidate)]
        images = [each.image for each in candidates]
        quote = self.new_images.quote(
            owner_id, images=images, tier=tier, options=options, album_id=album_id, now=self.clock.now()
        )
        none_accepted = AcceptedJobs(jobs=(), due=(), balance=quote.balance)
        outcomes = self._store(candidates)
        errors = {id_: outcome for id_, outcome in outcomes.items() if isinstance(outcome, SpikeError)}
        stored = [outcome for outcome in outcomes.values() if isinstance(outcome, Image)]
        validated = [_with_digests(each, stored) for each in validated]
        if not stored:
            return _batch(validated, none_accepted, errors)

        @retry_on_conflict
        def add_images() -> tuple[AcceptedJobs, UploadedBatch]:
            with self.transactions.begin() as tx:
                duplicates = self.new_images.duplicates(tx, owner_id, stored)
                accepted = self.new_images.add(
                    tx, owner_id, stored, quote=quote.enhancement, album_id=album_id, request_id=request_id
                )
                batch = _batch(validated, accepted, errors, duplicates)
                self._run_hooks(tx, batch)
            return accepted, batch

        try:
            accepted, batch = add_images()
        except Exception as error:
            self.ingest.discard([key for image in stored for key in image.objects])
            if not isinstance(error, Unavailable):
                raise
            return _batch(validated, none_accepted, errors | {image.id: error for image in stored})
        self.dispatch.start(accepted.due)
        self.rendition_making.soon([image.id for image in stored], caller=owner_id, urgency=Urgency.SOON)
        return batch

    def _validate(
        self, owner_id: OwnerId, files: Sequence[NamedFile | RefusedFile]
    ) -> Sequence[_Candidate | RefusedFile]:
        began_at = self.clock.now()
        validated: list[_Candidate | RefusedFile] = []
        for file in files:
            match file:
                case RefusedFile():
                    validated.append(file)
                case NamedFile():
                    try:
                        picture = self.ingest.validate(file.content)
                    except InvalidInput as error:
                        validated.append(RefusedFile(filename=file.filename, error=error))
                        continue
                    image = self.new_images.build(owner_id, file.name, picture, now=began_at)
                    validated.append(_Candidate(file=file, image=image))
                case unreachable:
                    assert_never(unreachable)
        return validated

    def _store(self, candidates: Sequence[_Candidate]) -> dict[ImageId, Image | SpikeError]:
        """Store originals, several at once; return the images with their digests, or why they couldn't be stored."""
        try:
            outcomes = self.concurrency.map(self._store_one, candidates)
        except Exception:
            self.ingest.discard([key for each in candidates for key in each.image.objects])
            raise
        return {each.image.id: outcome for each, outcome in zip(candidates, outcomes, strict=True)}

    def _store_one(self, candidate: _Candidate) -> Image | SpikeError:
        try:
            with self.ingest.objects_of(candidate.image, candidate.file.content) as objects:
                return candidate.image.with_digests(self.ingest.store(objects))
        except (StorageUnavailable, UnacceptablePicture) as error:
            self.ingest.discard(list(candidate.image.objects))
            return error


def _with_digests(each: _Candidate | RefusedFile, stored: Sequence[Image]) -> _Candidate | RefusedFile:
    if isinstance(each, RefusedFile):
        return each
    return evolve(each, image=next((image for image in stored if image.id == each.image.id), each.image))


def _batch(
    validated: Sequence[_Candidate | RefusedFile],
    accepted: AcceptedJobs,
    errors: Mapping[ImageId, SpikeError],
    duplicates: Mapping[ImageId, ImageId] = MappingProxyType({}),
) -> UploadedBatch:
    files = [_result(each, accepted, errors, duplicates) for each in validated]
    return UploadedBatch(files=files, balance=accepted.balance)


def _result(
    each: _Candidate | RefusedFile,
    accepted: AcceptedJobs,
    errors: Mapping[ImageId, SpikeError],
    duplicates: Mapping[ImageId, ImageId],
) -> KeptFile | RefusedFile:
    match each:
        case RefusedFile():
            return each
        case _Candidate():
            filename, image = each.file.filename, each.image
            if image.id in errors:
                return RefusedFile(filename=filename, error=errors[image.id])
            duplicate_of = duplicates.get(image.id)
            return KeptFile(filename=filename, image=image, job=accepted.about(image.id), duplicate_of=duplicate_of)
        case unreachable:
            assert_never(unreachable)
