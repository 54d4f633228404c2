"""Album contents: which images an album contains, and in what order."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.album_order import distinct, rearranged
from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.errors import Forbidden, ImageNotFound
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class Moved:
    """An image's position in the target album, and whether the album contained it before."""

    place: AlbumImage
    was_there: bool


@frozen(kw_only=True)
class AlbumContents:
    """Adds, removes and reorders the images of albums, each in one transaction that locks the album.

    Invariant I9: whatever happens at the same time, each image of an album is in it once, and none is lost.
    """

    transactions: Transactions
    clock: Clock
    ids: Ids

    @retry_on_conflict
    def move(
        self, owner_id: OwnerId, image_ids: Sequence[ImageId], *, target: AlbumId, source: AlbumId | None = None
    ) -> Sequence[Moved]:
        """Append images to the target in the given order, and remove them from the source, if there is one.

        An image that is in the target moves to the end, one that isn't in the source is moved all the same, and
        repetitions are ignored. Where source and target are the same, nothing is taken out. Each image is answered
        once, in order.

        Raises:
            AlbumNotFound, ImageNotFound: an album or an image doesn't exist.
            Forbidden: one of them belongs to another user.
            AlbumFull: the target has no room for all; nothing was moved.
        """
        ids = distinct(image_ids)
        with self.transactions.begin() as tx:
            now = self.clock.now()
            _check_owned(tx, owner_id, ids)  # images before albums, everywhere, so that no two wait for each other
            albums = _locked(tx, owner_id, {target, source or target})
            fresh = [(self.ids.new(AlbumImageId), image_id) for image_id in ids]
            places = tx.albums.append_images(target, fresh, now=now)
            if source is not None and source != target:
                tx.albums.remove_images(source, ids)
                uncovered = albums[source].without_cover(frozenset(ids), now=now)
                if uncovered != albums[source]:
                    tx.albums.replace(uncovered)
        return [Moved(place=place, was_there=place.id != new) for place, (new, _) in zip(places, fresh, strict=True)]

    @retry_on_conflict
    def remove(self, owner_id: OwnerId, image_ids: Sequence[ImageId], *, album_id: AlbumId) -> int:
        """Remove images from the album and return how many it contained; a removed image is no longer its cover.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another user.
        """
        ids = distinct(image_ids)
        with self.transactions.begin() as tx:
            album = tx.albums.lock(album_id).owned_by(owner_id)
            removed = tx.albums.remove_images(album_id, ids)
            uncovered = album.without_cover(frozenset(ids), now=self.clock.now())
            if uncovered != album:
                tx.albums.replace(uncovered)
        return removed

    @retry_on_conflict
    def rearrange(self, owner_id: OwnerId, order: Sequence[ImageId], *, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Reorder the album's images.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another user.
            InvalidValue: the order doesn't hold each image of the album exactly once.
        """
        with self.transactions.begin() as tx:
            tx.albums.lock(album_id).owned_by(owner_id)
            wanted = rearranged([place.image_id for place in tx.albums.images(album_id)], order)
            # all of them go to the end, one behind the other: that is the order
            fresh = [(self.ids.new(AlbumImageId), image_id) for image_id in wanted]
            return tx.albums.append_images(album_id, fresh, now=self.clock.now())


def _locked(tx: Transaction, owner_id: OwnerId, album_ids: set[AlbumId]) -> dict[AlbumId, Album]:
    """Lock the albums in the order of their ids, which prevents deadlocks."""
    albums = {album_id: tx.albums.lock(album_id) for album_id in sorted(album_ids)}
    return {album_id: album.owned_by(owner_id) for album_id, album in albums.items()}


def _check_owned(tx: Transaction, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> None:
    images = tx.images.find(image_ids)
    if len(images) < len(image_ids):
        raise ImageNotFound
    if any(image.owner_id != owner_id for image in images.values()):
        raise Forbidden
