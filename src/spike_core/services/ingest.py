"""Ingest: pictures from outside are validated, and stored before any row refers to them."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import BinaryIO

from attrs import field, frozen, validators

from spike_core.domain.errors import EmptyFile, FileTooLarge, InvalidValue, SourceTooLarge, SpikeError, UploadExpired
from spike_core.domain.images import Image, PictureIdentity
from spike_core.domain.limits import JobLimits, UploadLimits
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.transactions import Transactions
from spike_core.services.free_space import FreeSpace
from spike_core.services.object_digests import digested
from spike_core.services.object_references import referenced


@frozen(kw_only=True)
class InlineImage:
    """A picture inside a request: a seekable stream as a whole, and the media type that the sender declares."""

    content: BinaryIO
    media_type: str | None = None  # in any spelling; `None` if none is declared


@frozen
class WebAddress:
    """The URL of a picture to download."""

    url: str


@frozen(kw_only=True)
class ValidatedImage:
    """A picture that is accepted."""

    content: BinaryIO
    identity: PictureIdentity
    size_bytes: int = field(validator=validators.ge(1))


@frozen(kw_only=True)
class Ingest:
    """Validates and stores pictures. Their bytes decide what they are; objects that no row refers to are removed."""

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    metadata: Metadata
    clock: Clock
    limits: JobLimits
    upload_limits: UploadLimits = field(factory=UploadLimits)
    free_space: FreeSpace = field(factory=FreeSpace)

    def check_free_space(self) -> None:
        """Check that the store has room for anything new: originals, inputs and results.

        Raises:
            StorageFull: it has too little; results of jobs that are accepted already are still stored.
        """
        self.free_space.check()

    def validate(self, content: BinaryIO) -> ValidatedImage:
        """Return the picture if it can be decoded completely.

        Raises:
            UnacceptablePicture: it is empty, too large, animated, corrupt or in no supported format.
        """
        return self._validated(content, size_bytes_max=self.upload_limits.file_bytes)

    def validate_inline(self, inline: InlineImage) -> ValidatedImage:
        """Return an inline picture if it can be decoded completely and is what its sender declares.

        Raises:
            UnacceptablePicture: as in `validate`; it has a limit of bytes of its own.
            InvalidValue: its sender declares another media type.
        """
        try:
            validated = self._validated(inline.content, size_bytes_max=self.upload_limits.source_bytes)
        except FileTooLarge as error:
            raise SourceTooLarge(size_bytes_max=error.size_bytes_max) from error
        declared = inline.media_type
        if declared is not None and canonical_media_type(declared) != validated.identity.format.media_type:
            raise InvalidValue(
                what="mimeType", rule=f"must agree with the image, which is {validated.identity.format.value}"
            )
        return validated

    def _validated(self, content: BinaryIO, *, size_bytes_max: int) -> ValidatedImage:
        size_bytes = content.seek(0, os.SEEK_END)
        content.seek(0)
        if size_bytes == 0:
            raise EmptyFile
        if size_bytes > size_bytes_max:
            raise FileTooLarge(size_bytes_max=size_bytes_max)
        identity = self.probe.identify(content)
        self.upload_limits.check_pixels(identity.dimensions.pixels)  # the probe's own limit may be higher
        return ValidatedImage(content=content, identity=identity, size_bytes=size_bytes)

    @contextmanager
    def objects_of(self, image: Image, content: BinaryIO) -> Iterator[Mapping[ObjectKey, BinaryIO]]:
        """Open the objects to store for an image: its original and, if it has a location, a public copy without one.

        Raises:
            UnacceptablePicture: its metadata can't be removed.
        """
        if image.original == image.shown:
            yield {image.original: content}
            return
        with self.metadata.public(content) as shown:
            yield {image.original: content, image.shown: shown}

    @contextmanager
    def stored(self, objects: Mapping[ObjectKey, BinaryIO]) -> Iterator[Mapping[ObjectKey, ContentDigest]]:
        """Store objects for the rows that the context writes, and yield their digests; remove them if it fails.

        Raises:
            StorageUnavailable: one couldn't be stored.
        """
        try:
            yield self.store(objects)
        except Exception:
            self.discard(list(objects))
            raise

    def store(self, objects: Mapping[ObjectKey, BinaryIO]) -> Mapping[ObjectKey, ContentDigest]:
        """Store objects and return their digests.

        Raises:
            StorageUnavailable: one couldn't be stored.
        """
        return {key: digested(content, partial(self.blobs.put, key)) for key, content in objects.items()}

    def discard(self, keys: list[ObjectKey]) -> None:
        """Remove objects of a failed request, except those that a row refers to: its commit may have succeeded."""
        with contextlib.suppress(SpikeError):  # the sweeper collects what is left
            orphans = set(keys) - referenced(self.transactions, keys)
            if orphans:
                self.blobs.delete(orphans)

    def check_in_time(self, began_at: datetime) -> None:
        """Check that objects stored since `began_at` can't have been collected as orphans.

        Raises:
            UploadExpired: storing them took too long.
        """
        if self.clock.now() - began_at > self.limits.upload_time_max:
            raise UploadExpired
