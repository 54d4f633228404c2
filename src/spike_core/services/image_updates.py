"""Image updates: name, description and visibility."""

from attrs import evolve, frozen

from spike_core.domain.errors import ContainsLocation, Forbidden
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.patches import UNCHANGED, Unchanged, changed_fields
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.probe import ImageProbe
from spike_core.ports.transactions import Transactions
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class ImagePatch:
    """Changes to an image's attributes; `None` clears the description."""

    name: ImageName | Unchanged = UNCHANGED
    description: str | Unchanged | None = UNCHANGED
    is_public: bool | Unchanged = UNCHANGED

    def on(self, image: Image) -> Image:
        """Return the image with these changes."""
        return evolve(image, **changed_fields(self))


@frozen(kw_only=True)
class ImageUpdates:
    """Changes an image's attributes; its original never changes."""

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    clock: Clock

    @retry_on_conflict
    def change(self, owner_id: OwnerId, image_id: ImageId, patch: ImagePatch) -> Image:
        """Change the owner's image and return it. A public image must not reveal its location.

        Raises:
            ImageNotFound, Forbidden: the image doesn't exist, or belongs to another user.
            ContainsLocation: the image can't become public, since its metadata contain a location.
            StorageUnavailable: the image's metadata can't be read.
        """
        with self.transactions.view() as tx:
            image = tx.images.get(image_id)
        if image.owner_id != owner_id:
            raise Forbidden
        if patch.on(image).is_public and not image.is_public:
            self._check_publishable(image)
        with self.transactions.begin() as tx:
            stored = tx.images.get(image_id)
            changed = patch.on(stored)
            if changed == stored:
                return stored
            changed = evolve(changed, updated_at=self.clock.now())
            tx.images.change(changed)
        return changed

    def _check_publishable(self, image: Image) -> None:
        """Check an image whose original is served as it is, since it was uploaded by an older release."""
        if image.original.is_hidden:
            return
        with self.blobs.open(image.shown) as shown:
            if self.probe.identify(shown).has_location:
                raise ContainsLocation
