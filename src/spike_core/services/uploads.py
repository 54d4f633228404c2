"""Uploads: from bytes to images, charged and with their enhancement under way."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, AlbumId, AlbumImageId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName, PictureIdentity
from spike_core.domain.jobs import JobSpec, PendingJob
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import AcceptedJobs, Billing
from spike_core.services.dispatch import Dispatch
from spike_core.services.hooks import Extensible
from spike_core.services.ingest import Ingest, ValidatedImage
from spike_core.services.retries import retry_on_conflict


@frozen(kw_only=True)
class Uploaded:
    """A stored image, the job that enhances it where the album wants one, and the balance left."""

    image: Image
    job: PendingJob | None
    balance: Tokens


@frozen(kw_only=True)
class Uploads(Extensible):
    """Takes in pictures.

    Everything that can be refused is refused first; then the objects are stored; then one transaction charges and
    writes all rows. So a failed upload is never charged, even when the process dies between any two steps.
    """

    transactions: Transactions
    clock: Clock
    ids: Ids
    billing: Billing
    dispatch: Dispatch
    ingest: Ingest

    @retry_on_conflict
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
        validated = self.ingest.validate(content, size_bytes_max=UPLOAD_BYTES_MAX)
        tier, _ = self.check_funds(owner_id, files=1, album_id=album_id, now=began_at)
        image = self.new_image(owner_id, name, validated, now=began_at)
        with (
            self.ingest.objects_of(image, content) as objects,
            self.ingest.stored(objects),
            self.transactions.begin() as tx,
        ):
            accepted = self.record(tx, owner_id, [image], tier=tier, album_id=album_id, request_id=request_id)
            uploaded = Uploaded(image=image, job=accepted.about(image.id), balance=accepted.balance)
            self._run_hooks(tx, uploaded)
        self.dispatch.start(accepted.due)
        return uploaded

    @retry_on_conflict
    def upload_anonymously(self, *, name: ImageName, content: BinaryIO) -> Image:
        """Store one picture that belongs to nobody in particular: everybody who knows its id may see it.

        Raises:
            UnacceptablePicture: it is empty, too large, animated, corrupt or no allowed picture.
            Unavailable: a part failed; nothing is kept.
        """
        began_at = self.clock.now()
        validated = self.ingest.validate(content, size_bytes_max=UPLOAD_BYTES_MAX)
        image = self.new_image(ANONYMOUS, name, validated, now=began_at)
        with (
            self.ingest.objects_of(image, content) as objects,
            self.ingest.stored(objects),
            self.transactions.begin() as tx,
        ):
            self.ingest.check_in_time(began_at)
            tx.images.add(image)
            self._run_hooks(tx, image)
        return image

    def check_funds(
        self, owner_id: OwnerId, *, files: int, album_id: AlbumId | None, now: datetime
    ) -> tuple[Tier | None, Tokens]:
        """Return the tier to enhance so many files at, `None` for an album that doesn't want it; and the balance.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or is somebody else's.
            NotEnoughTokens: the wallet doesn't cover them all.
        """
        with self.transactions.view() as tx:
            tier: Tier | None = Tier.TIER_1K
            if album_id is not None:
                album = tx.albums.get(album_id).owned_by(owner_id)
                tier = album.default_tier if album.auto_enhance else None
            price = sum((tier.price for _ in range(files)), NO_TOKENS) if tier is not None else NO_TOKENS
            return tier, self.billing.check(tx, price, owner_id=owner_id, now=now)

    def new_image(self, owner_id: OwnerId, name: ImageName, validated: ValidatedImage, *, now: datetime) -> Image:
        """Return the image that a judged picture will be."""
        drawn = self.ids.new(ImageId)
        is_anonymous = owner_id == ANONYMOUS
        image_id = drawn.anonymous() if is_anonymous else drawn
        return Image(
            id=image_id,
            owner_id=owner_id,
            name=name,
            description=None,
            format=validated.identity.format,
            dimensions=validated.identity.dimensions,
            size_bytes=validated.size_bytes,
            original=self._original_key(image_id, validated.identity),
            is_public=is_anonymous,
            view_count=0,
            created_at=now,
            updated_at=now,
        )

    def _original_key(self, image_id: ImageId, identity: PictureIdentity) -> ObjectKey:
        if identity.has_location:
            return ObjectKey.of_hidden_original(image_id, identity.format, body=self.ids.new(ImageId).body)
        return ObjectKey.of_original(image_id, identity.format)

    def record(
        self,
        tx: Transaction,
        owner_id: OwnerId,
        images: Sequence[Image],
        *,
        tier: Tier | None,
        album_id: AlbumId | None,
        request_id: RequestId | None,
    ) -> AcceptedJobs:
        """Charge, and write the rows of images whose objects are stored; return their jobs.

        Raises:
            UploadExpired: the objects have waited for too long.
            AlbumFull, NotEnoughTokens: what there was when it was looked up is gone.
        """
        now = self.clock.now()
        self.ingest.check_in_time(images[0].created_at)
        wallet = self.billing.lock(tx, owner_id, now=now).wallet
        tx.images.add(*images)
        if album_id is not None:
            tx.albums.lock(album_id).owned_by(owner_id)
            tx.album_order.append(album_id, [(self.ids.new(AlbumImageId), image.id) for image in images], now=now)
        if tier is None:
            return AcceptedJobs(jobs=(), due=(), balance=wallet.balance)
        orders = [JobSpec.on(image, tier, id_=self.ids.new(JobId), request_id=request_id, now=now) for image in images]
        return self.billing.accept(tx, orders, owner_id=owner_id, now=now)
