"""Uploads: from bytes to an image, charged and with its enhancement under way."""

import contextlib
import os
from datetime import datetime
from typing import BinaryIO

from attrs import frozen

from spike_core.domain.errors import EmptyFile, FileTooLarge, NotEnoughTokens, SpikeError, UploadOverdue
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName, PictureFacts
from spike_core.domain.jobs import JobOrder, PendingJob
from spike_core.domain.limits import UPLOAD_BYTES_MAX, JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.probe import ImageProbe
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.charging import Charging
from spike_core.services.dispatch import Dispatch


@frozen(kw_only=True)
class Uploaded:
    """A stored image, the job that enhances it where the album wants one, and the balance left."""

    image: Image
    job: PendingJob | None
    balance: Tokens


@frozen(kw_only=True)
class Uploads:
    """Takes in pictures.

    Everything that can be refused is refused first; then the object is stored; then one transaction charges and
    writes all rows. So a failed upload is never charged, even when the process dies between any two steps.
    """

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    clock: Clock
    ids: Ids
    charging: Charging
    dispatch: Dispatch
    limits: JobLimits

    def upload(
        self,
        owner_id: OwnerId,
        *,
        name: ImageName,
        content: BinaryIO,
        album_id: AlbumId | None = None,
        request_id: RequestId | None = None,
    ) -> Uploaded:
        """Store one picture, byte for byte, and begin its enhancement at the album's tier; TIER_1K without an album.

        `content` is seekable; all of it is the picture, `UPLOAD_BYTES_MAX` bytes at most.

        Raises:
            UnacceptablePicture: it is empty, too large, animated, corrupt or no allowed picture.
            AlbumNotFound, Forbidden: the album doesn't exist, or is somebody else's.
            AlbumFull: it has no room.
            NotEnoughTokens: the wallet doesn't cover the enhancement.
            Unavailable: a part failed; nothing is charged and nothing kept.
        """
        began_at = self.clock.now()
        size_bytes = _size_bytes(content)
        facts = self.probe.inspect(content)
        tier = self._check_funds(owner_id, album_id=album_id, now=began_at)
        image = self._new_image(owner_id, name, facts, size_bytes=size_bytes, now=began_at)
        self.blobs.put(image.original, content)
        try:
            with self.transactions.begin() as tx:
                uploaded = self._record(tx, image, tier=tier, album_id=album_id, request_id=request_id)
        except Exception:
            self._discard(image)
            raise
        if uploaded.job is not None:
            self.dispatch.start([uploaded.job])
        return uploaded

    def _check_funds(self, owner_id: OwnerId, *, album_id: AlbumId | None, now: datetime) -> Tier | None:
        """Return the tier to enhance at, or `None` for an album that doesn't want it."""
        with self.transactions.view() as tx:
            tier: Tier | None = Tier.TIER_1K
            if album_id is not None:
                album = tx.albums.get(album_id).owned_by(owner_id)
                tier = album.default_tier if album.auto_enhance else None
            balance = self.charging.balance(tx, owner_id, now=now).balance
        if tier is not None and tier.price > balance:
            raise NotEnoughTokens(required=tier.price.amount, balance=balance.amount)
        return tier

    def _new_image(
        self, owner_id: OwnerId, name: ImageName, facts: PictureFacts, *, size_bytes: int, now: datetime
    ) -> Image:
        image_id = self.ids.new(ImageId)
        return Image(
            id=image_id,
            owner_id=owner_id,
            name=name,
            description=None,
            format=facts.format,
            dimensions=facts.dimensions,
            size_bytes=size_bytes,
            original=ObjectKey.of_original(image_id, facts.format),
            is_public=False,
            view_count=0,
            created_at=now,
            updated_at=now,
        )

    def _record(
        self,
        tx: Transaction,
        image: Image,
        *,
        tier: Tier | None,
        album_id: AlbumId | None,
        request_id: RequestId | None,
    ) -> Uploaded:
        now = self.clock.now()
        if now - image.created_at > self.limits.upload_time_max:
            raise UploadOverdue
        orders = (
            [] if tier is None else [JobOrder.on(image, tier, id_=self.ids.new(JobId), request_id=request_id, now=now)]
        )
        wallet = self.charging.lock(tx, image.owner_id, now=now).wallet
        tx.images.add(image)
        if album_id is not None:
            tx.albums.lock(album_id).owned_by(image.owner_id)
            tx.album_order.append(album_id, [(self.ids.new(AlbumImageId), image.id)], now=now)
        if not orders:
            return Uploaded(image=image, job=None, balance=wallet.balance)
        wallet, jobs = self.charging.accept(tx, orders, owner_id=image.owner_id, now=now)
        return Uploaded(image=image, job=jobs[0], balance=wallet.balance)

    def _discard(self, image: Image) -> None:
        """Remove the object of an upload that failed, unless its row is there after all."""
        with contextlib.suppress(SpikeError):  # the sweeper collects what is left
            with self.transactions.view() as tx:
                if tx.images.find([image.id]):
                    return
            self.blobs.delete([image.original])


def _size_bytes(content: BinaryIO) -> int:
    size_bytes = content.seek(0, os.SEEK_END)
    content.seek(0)
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > UPLOAD_BYTES_MAX:
        raise FileTooLarge(size_bytes_max=UPLOAD_BYTES_MAX)
    return size_bytes
