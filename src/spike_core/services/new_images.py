"""New images: the rules that an upload of one file and a batch of files share."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import ANONYMOUS, AlbumId, AlbumImageId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName, PictureIdentity
from spike_core.domain.jobs import JobSpec
from spike_core.domain.objects import ObjectKey
from spike_core.domain.orders import Quote, TaskKind
from spike_core.domain.render_options import RenderOptions
from spike_core.domain.tasks import Enhancement
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Usage
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import AcceptedJobs, Billing
from spike_core.services.ingest import Ingest, ValidatedImage
from spike_core.services.order_checks import PricedOrder
from spike_core.services.pricing import Pricing


@frozen(kw_only=True)
class UploadQuote:
    """How files will be enhanced, and the balance before the charge, which covers it."""

    enhancement: Quote | None  # of each file; `None`: not at all, since the album has auto-enhance off
    balance: Tokens


def upload_order(enhancement: Quote | None, stored_bytes: Sequence[int]) -> PricedOrder:
    """Return what files of these sizes order, if each is enhanced like this."""
    quotes = [] if enhancement is None else [enhancement] * len(stored_bytes)
    return PricedOrder(quotes=quotes, images=Usage(images=len(stored_bytes), stored_bytes=sum(stored_bytes)))


@frozen(kw_only=True)
class NewImages:
    """Quotes uploads, builds images from validated files, and writes their rows and jobs with the charge."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    billing: Billing
    ingest: Ingest
    pricing: Pricing

    def check_order(self, tier: Tier | None, options: RenderOptions) -> None:
        """Check the tier that a request names, and its options, before anything else is done.

        Raises:
            InvalidValue: they aren't on offer.
        """
        if tier is not None:
            self.pricing.catalog[tier]
        self.pricing.check_options(options, TaskKind.ENHANCEMENT)

    def quote(
        self,
        owner_id: OwnerId,
        *,
        images: Sequence[Image],
        tier: Tier | None,
        options: RenderOptions,
        album_id: AlbumId | None,
        now: datetime,
    ) -> UploadQuote:
        """Return how new images would be enhanced: at this tier, or else the album's, or else the catalog's default.

        Raises:
            InvalidValue: the album's tier isn't on offer any more.
            PricesUnavailable: the price can't be found out.
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover all images.
            TooManyJobs, QuotaExceeded: a budget has no room for them.
        """
        quote = self.enhancement(owner_id, tier=tier, options=options, album_id=album_id)
        order = upload_order(quote, [image.stored_bytes for image in images])
        with self.transactions.view() as tx:
            balance = self.billing.check(tx, order.price, adding=order.adding, owner_id=owner_id, now=now)
        return UploadQuote(enhancement=quote, balance=balance)

    def enhancement(
        self, owner_id: OwnerId, *, tier: Tier | None, options: RenderOptions, album_id: AlbumId | None
    ) -> Quote | None:
        """Return how each new image would be enhanced, or `None`: the album has auto-enhance off.

        Raises:
            InvalidValue, PricesUnavailable, AlbumNotFound, Forbidden: as in `quote`.
        """
        tier = self._tier(owner_id, tier, album_id)
        if tier is None:
            return None
        return self.pricing.quote(tier, TaskKind.ENHANCEMENT, owner_id=owner_id, options=options)

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
        quote: Quote | None,
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
            JobSpec.of(
                Enhancement(image_id=image.id),
                quote,
                id_=self.ids.new(JobId),
                owner_id=owner_id,
                request_id=request_id,
                now=now,
            )
            for image in images
            if quote is not None
        ]
        return self.billing.accept(tx, specs, owner_id=owner_id, now=now, images=images)

    def duplicates(self, tx: Transaction, owner_id: OwnerId, images: Sequence[Image]) -> Mapping[ImageId, ImageId]:
        """Return those of the new images whose bytes the owner has uploaded before, with the earliest image of each.

        Anonymous uploads aren't compared: the id would be that of a stranger's image.
        """
        if owner_id == ANONYMOUS:
            return {}
        digests = {image.sha256: image.id for image in reversed(images) if image.sha256 is not None}
        earliest = {**digests, **tx.images.duplicates(owner_id, list(digests))}
        found = {image.id: earliest[image.sha256] for image in images if image.sha256 is not None}
        return {id_: earlier for id_, earlier in found.items() if earlier != id_}

    def _tier(self, owner_id: OwnerId, tier: Tier | None, album_id: AlbumId | None) -> Tier | None:
        if album_id is None:
            return tier or self.pricing.catalog.default.tier
        with self.transactions.view() as tx:
            album = tx.albums.get(album_id).owned_by(owner_id)
        if tier is not None or not album.auto_enhance:
            return tier
        if album.default_tier not in self.pricing.catalog:
            rule = f"is {album.default_tier}, which is no longer on offer; please change the album or name a tier"
            raise InvalidValue(what="the album's default tier", rule=rule)
        return album.default_tier

    def _original_key(self, image_id: ImageId, identity: PictureIdentity) -> ObjectKey:
        if identity.has_location:
            return ObjectKey.of_hidden_original(image_id, identity.format, body=self.ids.new(ImageId).body)
        return ObjectKey.of_original(image_id, identity.format)
