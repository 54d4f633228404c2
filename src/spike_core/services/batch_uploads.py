"""Uploads of many files at once: refused one by one, kept and charged together."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, assert_never

from attrs import frozen

from spike_core.domain.errors import InvalidInput, SpikeError, StorageUnavailable, UnacceptablePicture, Unavailable
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.blobs import BlobStore
from spike_core.services.billing import AcceptedJobs
from spike_core.services.hooks import Extensible
from spike_core.services.retries import retry_on_conflict
from spike_core.services.uploads import Uploads

STORING_THREADS: Final = 4  # of one batch


@frozen(kw_only=True)
class NamedFile:
    """A file of a batch, as far as its form was readable."""

    filename: str  # as it was sent
    name: ImageName
    content: BinaryIO


@frozen(kw_only=True)
class RefusedFile:
    """A file of a batch that won't be kept, and why."""

    filename: str  # as it was sent
    error: SpikeError


@frozen(kw_only=True)
class KeptFile:
    """A file of a batch that is an image now."""

    filename: str
    image: Image
    job: PendingJob | None


@frozen(kw_only=True)
class UploadedBatch:
    """What became of each file, in the order sent; and the balance left."""

    files: Sequence[KeptFile | RefusedFile]
    balance: Tokens

    @property
    def total(self) -> Tokens:
        """What the enhancements cost together."""
        jobs = [file.job for file in self.files if isinstance(file, KeptFile) and file.job is not None]
        return sum((job.spec.charged for job in jobs), NO_TOKENS)


@frozen(kw_only=True)
class _Candidate:
    """A file that is acceptable, and the image that it may become."""

    file: NamedFile
    image: Image


@frozen(kw_only=True)
class BatchUploads(Extensible):
    """Takes in many pictures by the rules of `Uploads`."""

    uploads: Uploads
    blobs: BlobStore

    def upload(
        self,
        owner_id: OwnerId,
        *,
        files: Sequence[NamedFile | RefusedFile],
        album_id: AlbumId | None = None,
        request_id: RequestId | None = None,
    ) -> UploadedBatch:
        """Store many pictures, each with its enhancement.

        A file that isn't acceptable, or can't be stored, is refused alone. The rows of all others are written, and
        charged for, in one transaction; where the database fails, all of them are refused and none is kept.

        Raises:
            AlbumNotFound, Forbidden, AlbumFull: the album can't take them.
            NotEnoughTokens: the wallet doesn't cover all acceptable files; nothing is kept.
            DatabaseUnavailable: nothing could even be looked up.
        """
        validated = self._validated(owner_id, files)
        candidates = [each for each in validated if isinstance(each, _Candidate)]
        tier, balance = self.uploads.check_funds(
            owner_id, files=len(candidates), album_id=album_id, now=self.uploads.clock.now()
        )
        troubles = self._store(candidates)
        stored = [each.image for each in candidates if each.image.id not in troubles]
        if not stored:
            return _batch(validated, AcceptedJobs(jobs=(), due=(), balance=balance), troubles)

        @retry_on_conflict
        def record() -> tuple[AcceptedJobs, UploadedBatch]:
            with self.uploads.transactions.begin() as tx:
                accepted = self.uploads.record(
                    tx, owner_id, stored, tier=tier, album_id=album_id, request_id=request_id
                )
                batch = _batch(validated, accepted, troubles)
                self._run_hooks(tx, batch)
            return accepted, batch

        try:
            accepted, batch = record()
        except Exception as error:
            self.uploads.ingest.discard([key for image in stored for key in image.objects])
            if not isinstance(error, Unavailable):
                raise
            nothing = AcceptedJobs(jobs=(), due=(), balance=balance)
            return _batch(validated, nothing, troubles | {image.id: error for image in stored})
        self.uploads.dispatch.start(accepted.due)
        return batch

    def _validated(
        self, owner_id: OwnerId, files: Sequence[NamedFile | RefusedFile]
    ) -> Sequence[_Candidate | RefusedFile]:
        began_at = self.uploads.clock.now()
        validated: list[_Candidate | RefusedFile] = []
        for file in files:
            match file:
                case RefusedFile():
                    validated.append(file)
                case NamedFile():
                    try:
                        picture = self.uploads.ingest.validate(file.content, size_bytes_max=UPLOAD_BYTES_MAX)
                    except InvalidInput as error:
                        validated.append(RefusedFile(filename=file.filename, error=error))
                        continue
                    image = self.uploads.new_image(owner_id, file.name, picture, now=began_at)
                    validated.append(_Candidate(file=file, image=image))
                case unreachable:
                    assert_never(unreachable)
        return validated

    def _store(self, candidates: Sequence[_Candidate]) -> dict[ImageId, SpikeError]:
        """Store originals side by side and return what went wrong, by image."""
        if not candidates:
            return {}
        try:
            with ThreadPoolExecutor(max_workers=min(STORING_THREADS, len(candidates))) as pool:
                errors = list(pool.map(self._store_one, candidates))
        except Exception:
            self.uploads.ingest.discard([key for each in candidates for key in each.image.objects])
            raise
        return {each.image.id: error for each, error in zip(candidates, errors, strict=True) if error is not None}

    def _store_one(self, candidate: _Candidate) -> SpikeError | None:
        ingest = self.uploads.ingest
        try:
            with ingest.objects_of(candidate.image, candidate.file.content) as objects:
                for key, content in objects.items():
                    self.blobs.put(key, content)
        except (StorageUnavailable, UnacceptablePicture) as error:
            ingest.discard(list(candidate.image.objects))
            return error
        return None


def _batch(
    validated: Sequence[_Candidate | RefusedFile], accepted: AcceptedJobs, troubles: Mapping[ImageId, SpikeError]
) -> UploadedBatch:
    return UploadedBatch(files=[_result(each, accepted, troubles) for each in validated], balance=accepted.balance)


def _result(
    each: _Candidate | RefusedFile, accepted: AcceptedJobs, troubles: Mapping[ImageId, SpikeError]
) -> KeptFile | RefusedFile:
    match each:
        case RefusedFile():
            return each
        case _Candidate():
            filename, image = each.file.filename, each.image
            if image.id in troubles:
                return RefusedFile(filename=filename, error=troubles[image.id])
            return KeptFile(filename=filename, image=image, job=accepted.about(image.id))
        case unreachable:
            assert_never(unreachable)
