"""New images: the rules that an upload of one file and a batch of files share."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, AlbumId, AlbumImageId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName, PictureIdentity
from spike_core.domain.jobs import JobSpec
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Usage
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction
from spike_core.services.billing import AcceptedJobs, Billing
from spike_core.services.ingest import Ingest, ValidatedImage


@frozen(kw_only=True)
class UploadQuote:
    """How files will be enhanced, and the balance before the charge, which covers it."""

    tier: Tier | None  # `None`: not at all, since the album has auto-enhance off
    balance: Tokens


@frozen(kw_only=True)
class NewImages:
    """Quotes uploads, builds images from validated files, and writes their rows and jobs with the charge."""

    clock: Clock
    ids: Ids
    billing: Billing
    ingest: Ingest

    def quote(
        self,
        tx: Transaction,
        owner_id: OwnerId,
        *,
        images: Sequence[Image],
        album_id: AlbumId | None,
        now: datetime,
    ) -> UploadQuote:
        """Return how new images would be enhanced: at the album's tier, or at TIER_1K without an album.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover all images.
            TooManyJobs, QuotaExceeded: a budget has no room for them.
        """
        tier: Tier | None = Tier.TIER_1K
        if album_id is not None:
            album = tx.albums.get(album_id).owned_by(owner_id)
            tier = album.default_tier if album.auto_enhance else None
        prices = [] if tier is None else [tier.price for _ in images]
        free_jobs = sum(not price for price in prices)
        adding = Usage.of(images=images) + Usage(free_jobs=free_jobs, paid_jobs=len(prices) - free_jobs)
        total = sum(prices, NO_TOKENS)
        return UploadQuote(tier=tier, balance=self.billing.check(tx, total, adding=adding, owner_id=owner_id, now=now))

    def check_room(self, tx: Transaction, owner_id: OwnerId, images: Sequence[Image], *, now: datetime) -> None:
        """Check that the owner's budget has room for these images, without any jobs.

        Raises:
            QuotaExceeded: it has none.
        """
        self.billing.check(tx, NO_TOKENS, adding=Usage.of(images=images), owner_id=owner_id, now=now)

    def build(self, owner_id: OwnerId, name: ImageName, validated: ValidatedImage, *, now: datetime) -> Image:
        """Return the image of a validated file, with an id and object keys of its own; nothing is stored."""
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

    def add(
        self,
        tx: Transaction,
        owner_id: OwnerId,
        images: Sequence[Image],
        *,
        tier: Tier | None,
        album_id: AlbumId | None,
        request_id: RequestId | None,
    ) -> AcceptedJobs:
        """Write the rows of images whose objects are stored, charge for their jobs, and return the jobs.

        Album and balance are checked again, now under their locks.

        Raises:
            UploadExpired: the objects were stored too long ago.
            AlbumNotFound, Forbidden, AlbumFull: the album can't take them.
            NotEnoughTokens: the balance doesn't cover them any more.
            TooManyJobs, QuotaExceeded: a budget has no room for them any more.
        """
        now = self.clock.now()
        self.ingest.check_in_time(images[0].created_at)
        self.billing.lock(tx, owner_id, now=now)  # lock order: wallets before albums
        tx.images.add(*images)
        if album_id is not None:
            tx.albums.lock(album_id).owned_by(owner_id)
            tx.albums.append_images(album_id, [(self.ids.new(AlbumImageId), image.id) for image in images], now=now)
        specs = [
            JobSpec.on(image, tier, id_=self.ids.new(JobId), request_id=request_id, now=now)
            for image in images
            if tier is not None
        ]
        return self.billing.accept(tx, specs, owner_id=owner_id, now=now, images=images)

    def _original_key(self, image_id: ImageId, identity: PictureIdentity) -> ObjectKey:
        if identity.has_location:
            return ObjectKey.of_hidden_original(image_id, identity.format, body=self.ids.new(ImageId).body)
        return ObjectKey.of_original(image_id, identity.format)
