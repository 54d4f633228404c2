"""Uploads: one file becomes an image, charged and with its enhancement started."""

from typing import BinaryIO

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, AlbumId, ImageId, OwnerId, RequestId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import PendingJob
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.background import Urgency
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.ingest import Ingest
from spike_core.services.new_images import NewImages
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.rendition_making import RenditionMaking
from spike_core.services.transaction_hooks import Extensible
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class Uploaded:
    """A stored image, its enhancement job unless the album has auto-enhance off, and the balance left."""

    image: Image
    job: PendingJob | None
    balance: Tokens
    duplicate_of: ImageId | None = None  # the owner's earliest image of the same bytes, if there is one


@frozen(kw_only=True)
class Uploads(Extensible):
    """Stores uploaded files.

    Everything that can be refused is refused first; then the objects are stored; then one transaction charges and
    writes all rows. So a failed upload is never charged, even when the process dies between any two steps.
    """

    transactions: Transactions
    clock: Clock
    dispatch: OutboxRelay
    ingest: Ingest
    new_images: NewImages
    rendition_making: RenditionMaking

    @retry_on_conflict
    def upload(
        self,
        owner_id: OwnerId,
        *,
        name: ImageName,
        content: BinaryIO,
        tier: Tier | None = None,
        options: RenderOptions = DEFAULT_OPTIONS,
        album_id: AlbumId | None = None,
        request_id: RequestId | None = None,
    ) -> Uploaded:
        """Store a file unchanged and start its enhancement at this tier.

        Without one the tier is the album's, unless that has auto-enhance off, or without an album the catalog's
        default. `content` is seekable and read as a whole; `UploadLimits` limits it.

        Raises:
            InvalidValue: the tier or the options aren't on offer, or the album's tier isn't any more.
            UnacceptablePicture: the file is empty, too large, animated, corrupt or in no supported format.
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another owner.
            AlbumFull: the album has no room.
            NotEnoughTokens: the balance doesn't cover the enhancement.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
            Unavailable: a dependency failed; nothing is charged and nothing stored.
        """
        self.new_images.check_order(tier, options)
        self.ingest.check_free_space()
        began_at = self.clock.now()
        validated = self.ingest.validate(content)
        image = self.new_images.build(owner_id, name, validated, now=began_at)
        quote = self.new_images.quote(
            owner_id, images=[image], tier=tier, options=options, album_id=album_id, now=began_at
        )
        with (
            self.ingest.objects_of(image, content) as objects,
            self.ingest.stored(objects) as digests,
            self.transactions.begin() as tx,
        ):
            image = image.with_digests(digests)
            duplicates = self.new_images.duplicates(tx, owner_id, [image])
            accepted = self.new_images.add(
                tx, owner_id, [image], quote=quote.enhancement, album_id=album_id, request_id=request_id
            )
            uploaded = Uploaded(
                image=image,
                job=accepted.about(image.id),
                balance=accepted.balance,
                duplicate_of=duplicates.get(image.id),
            )
            self._run_hooks(tx, uploaded)
        self.dispatch.start(accepted.due)
        self.rendition_making.soon([image.id], caller=owner_id, urgency=Urgency.SOON)
        return uploaded

    @retry_on_conflict
    def upload_anonymously(self, *, name: ImageName, content: BinaryIO) -> Image:
        """Store a file that has no owner, as a public image: anyone who knows its id can see it.

        Raises:
            UnacceptablePicture: the file is empty, too large, animated, corrupt or in no supported format.
            QuotaExceeded: the budget of all anonymous owners has no room.
            Unavailable: a dependency failed; nothing is stored.
        """
        self.ingest.check_free_space()
        began_at = self.clock.now()
        validated = self.ingest.validate(content)
        image = self.new_images.build(ANONYMOUS, name, validated, now=began_at)
        with self.transactions.view() as tx:
            self.new_images.check_room(tx, ANONYMOUS, [image], now=began_at)
        with (
            self.ingest.objects_of(image, content) as objects,
            self.ingest.stored(objects) as digests,
            self.transactions.begin() as tx,
        ):
            image = image.with_digests(digests)
            self.new_images.add(tx, ANONYMOUS, [image], quote=None, album_id=None, request_id=None)
            self._run_hooks(tx, image)
        self.rendition_making.soon([image.id], caller=None, urgency=Urgency.SOON)
        return image
