"""Ingest: what comes from outside, judged and stored before any row names it."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from attrs import field, frozen, validators

from spike_core.domain.errors import EmptyFile, FileTooLarge, InvalidValue, SourceTooLarge, SpikeError, UploadExpired
from spike_core.domain.images import Image, PictureIdentity
from spike_core.domain.limits import SOURCE_BYTES_MAX, JobLimits
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.transactions import Transactions
from spike_core.services.object_references import referenced


@frozen(kw_only=True)
class InlineImage:
    """A picture inside a request: all of a seekable stream, and what its sender says it is."""

    content: BinaryIO
    media_type: str | None = None  # in any spelling; `None` where nothing was said


@frozen(kw_only=True)
class ValidatedImage:
    """A picture that may come in."""

    content: BinaryIO
    identity: PictureIdentity
    size_bytes: int = field(validator=validators.ge(1))


@frozen(kw_only=True)
class Ingest:
    """Takes in pictures: the bytes decide what they are, and nothing stays that no row names."""

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    metadata: Metadata
    clock: Clock
    limits: JobLimits

    def validate(self, content: BinaryIO, *, size_bytes_max: int) -> ValidatedImage:
        """Return what the picture is: one that can be decoded to its end.

        Raises:
            UnacceptablePicture: it is empty, too large, animated, corrupt or no allowed picture.
        """
        size_bytes = content.seek(0, os.SEEK_END)
        content.seek(0)
        if size_bytes == 0:
            raise EmptyFile
        if size_bytes > size_bytes_max:
            raise FileTooLarge(size_bytes_max=size_bytes_max)
        return ValidatedImage(content=content, identity=self.probe.identify(content), size_bytes=size_bytes)

    def validate_inline(self, inline: InlineImage) -> ValidatedImage:
        """Return what an offered picture is.

        Raises:
            UnacceptablePicture: as in `judge`; it may have `SOURCE_BYTES_MAX` bytes.
            InvalidValue: its sender says that it is something else.
        """
        try:
            validated = self.validate(inline.content, size_bytes_max=SOURCE_BYTES_MAX)
        except FileTooLarge as error:
            raise SourceTooLarge from error
        said = inline.media_type
        if said is not None and canonical_media_type(said) != validated.identity.format.media_type:
            raise InvalidValue(
                what="mimeType", rule=f"must agree with the image, which is {validated.identity.format.value}"
            )
        return validated

    @contextmanager
    def objects_of(self, image: Image, content: BinaryIO) -> Iterator[Mapping[ObjectKey, BinaryIO]]:
        """Open what is to be stored of an image: its original and, where others mustn't have that, what they may have.

        Raises:
            UnacceptablePicture: its metadata can't be taken out.
        """
        if image.original == image.shown:
            yield {image.original: content}
            return
        with self.metadata.public(content) as shown:
            yield {image.original: content, image.shown: shown}

    @contextmanager
    def stored(self, objects: Mapping[ObjectKey, BinaryIO]) -> Iterator[None]:
        """Store objects for the rows that the context writes; remove them at once if it fails.

        Raises:
            StorageUnavailable: one couldn't be stored.
        """
        try:
            for key, content in objects.items():
                self.blobs.put(key, content)
            yield
        except Exception:
            self.discard(list(objects))
            raise

    def discard(self, keys: list[ObjectKey]) -> None:
        """Remove objects of a request that failed, but for those that a row names after all."""
        with contextlib.suppress(SpikeError):  # the sweeper collects what is left
            orphans = set(keys) - referenced(self.transactions, keys)
            if orphans:
                self.blobs.delete(orphans)

    def check_in_time(self, began_at: datetime) -> None:
        """Check that objects stored since then can't have been collected as orphans.

        Raises:
            UploadExpired: it took too long.
        """
        if self.clock.now() - began_at > self.limits.upload_time_max:
            raise UploadExpired
