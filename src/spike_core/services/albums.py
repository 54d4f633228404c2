"""Albums: create, show, change and remove them. `AlbumContents` adds, moves and removes their images."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.albums import Album, AlbumDescription, AlbumImage, AlbumName, AlbumPatch, Privacy
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.errors import InvalidValue, TooManyAlbums
from spike_core.domain.identifiers import AlbumId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.limits import (
    ALBUM_PAGE_SIZE,
    ALBUMS_PER_OWNER_MAX,
    LAYOUT_PAGE_SIZE_MAX,
    check_layout_page_size,
    check_page_size,
)
from spike_core.domain.patches import UNCHANGED
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_hooks import Extensible
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class NewAlbum:
    """The properties of an album to be created."""

    name: AlbumName
    description: AlbumDescription | None = None
    privacy: Privacy = Privacy.PRIVATE
    default_tier: Tier | None = None  # `None`: the catalog's default
    auto_enhance: bool = True


@frozen(kw_only=True)
class ShownAlbum:
    """An album and a page of its images, in order."""

    album: Album
    images: Sequence[tuple[AlbumImage, Image]]
    image_count: int  # of the whole album
    next: AlbumCursor | None  # of the next page; `None` on the last one


@frozen(kw_only=True)
class ListedAlbum:
    """An album in a list, with its cover and the number of its images."""

    album: Album
    image_count: int
    cover: Image | None  # the image that the owner chose, or else the first; `None` for an empty album


@frozen(kw_only=True)
class Albums(Extensible):
    """Creates, shows, changes and removes albums. An `Album` contains its share token, which only its owner may see."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    secrets: Secrets
    catalog: Catalog = SPECIFIED

    @retry_on_conflict
    def create(self, owner_id: OwnerId, wanted: NewAlbum) -> Album:
        """Create an empty album; an unlisted one gets a share token.

        Raises:
            InvalidValue: the default tier is FREE, or isn't on offer.
            TooManyAlbums: the owner has `ALBUMS_PER_OWNER_MAX`.
            WalletNotFound: the owner has no wallet.
        """
        default_tier = wanted.default_tier or self.catalog.default.tier
        self._check_tier(default_tier)
        with self.transactions.begin() as tx:
            tx.wallets.get(owner_id)
            now = self.clock.now()
            album = Album(
                id=self.ids.new(AlbumId),
                owner_id=owner_id,
                name=wanted.name,
                description=wanted.description,
                privacy=wanted.privacy,
                default_tier=default_tier,
                auto_enhance=wanted.auto_enhance,
                share_token=self.secrets.share_token() if wanted.privacy is Privacy.UNLISTED else None,
                created_at=now,
                updated_at=now,
            )
            if len(tx.albums.of_owner(owner_id)) >= ALBUMS_PER_OWNER_MAX:
                raise TooManyAlbums(albums_max=ALBUMS_PER_OWNER_MAX)
            tx.albums.add(album)
            self._run_hooks(tx, album)
        return album

    def of_owner(self, owner_id: OwnerId) -> Sequence[Album]:
        """Return the owner's albums, newest first."""
        with self.transactions.view() as tx:
            return tx.albums.of_owner(owner_id)

    def summaries(self, owner_id: OwnerId) -> Sequence[ListedAlbum]:
        """Return the owner's albums with their covers, newest first. The number of queries doesn't depend on theirs."""
        with self.transactions.view() as tx:
            found = tx.albums.summaries(owner_id)
            covers = tx.images.find({id_ for each in found if (id_ := each.cover_image_id)})
        return [
            ListedAlbum(
                album=each.album,
                image_count=each.image_count,
                cover=covers.get(each.cover_image_id) if each.cover_image_id else None,
            )
            for each in found
        ]

    def show(
        self,
        album_id: AlbumId,
        *,
        viewer: OwnerId | None,
        share_token: Secret | None = None,
        after: AlbumCursor | None = None,
        limit: int = ALBUM_PAGE_SIZE,
    ) -> ShownAlbum:
        """Return the album with a page of its images; `viewer` is `None` for a visitor without credentials.

        A viewer who may see the album may see all of its images, public or not. `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
            AlbumNotFound: no album has this id.
            Unauthenticated, Forbidden: the viewer may not see it; see `Album.visible_to`.
        """
        check_page_size(limit)
        return self._show(album_id, viewer=viewer, share_token=share_token, after=after, limit=limit)

    def layout(
        self,
        album_id: AlbumId,
        *,
        viewer: OwnerId | None,
        share_token: Secret | None = None,
        after: AlbumCursor | None = None,
        limit: int = LAYOUT_PAGE_SIZE_MAX,
    ) -> ShownAlbum:
        """Return the album with a longer page of its images; `limit` is 1 to `LAYOUT_PAGE_SIZE_MAX`.

        Raises:
            InvalidValue, AlbumNotFound, Unauthenticated, Forbidden: as in `show`.
        """
        check_layout_page_size(limit)
        return self._show(album_id, viewer=viewer, share_token=share_token, after=after, limit=limit)

    def _show(
        self,
        album_id: AlbumId,
        *,
        viewer: OwnerId | None,
        share_token: Secret | None,
        after: AlbumCursor | None,
        limit: int,
    ) -> ShownAlbum:
        with self.transactions.view() as tx:
            album = tx.albums.get(album_id).visible_to(viewer, share_token=share_token)
            found = tx.albums.page(album_id, after=after, limit=limit + 1)
            places = found[:limit]
            images = tx.images.find([place.image_id for place in places])
            image_count = tx.albums.count(album_id)
        # an image that is being deleted may still have its place
        shown = [(place, images[place.image_id]) for place in places if place.image_id in images]
        following = places[-1].cursor if len(found) > limit else None
        return ShownAlbum(album=album, images=shown, image_count=image_count, next=following)

    @retry_on_conflict
    def change(self, owner_id: OwnerId, album_id: AlbumId, changes: AlbumPatch) -> Album:
        """Change properties of the album, all or none.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another owner.
            InvalidValue: the default tier is FREE or isn't on offer, or the cover isn't an image of the album.
        """
        if changes.default_tier is not UNCHANGED:
            self._check_tier(changes.default_tier)
        with self.transactions.begin() as tx:
            album = tx.albums.lock(album_id).owned_by(owner_id)
            _check_cover(tx, album, changes)
            changed = album.change(changes, fresh_token=self.secrets.share_token(), now=self.clock.now())
            if changed != album:
                tx.albums.replace(changed)
            self._run_hooks(tx, changed)
        return changed

    @retry_on_conflict
    def remove(self, owner_id: OwnerId, album_id: AlbumId) -> None:
        """Remove the album. Its images stay, in other albums too.

        Raises:
            AlbumNotFound, Forbidden: the album doesn't exist, or belongs to another owner.
        """
        with self.transactions.begin() as tx:
            tx.albums.lock(album_id).owned_by(owner_id)
            tx.albums.remove(album_id)
            self._run_hooks(tx, None)

    def _check_tier(self, tier: Tier) -> None:
        self.catalog[tier]
        if tier == Tier.FREE:
            raise InvalidValue(what="defaultTier", rule="can't be FREE")


def _check_cover(tx: Transaction, album: Album, changes: AlbumPatch) -> None:
    cover = changes.cover_image_id
    if cover is UNCHANGED or cover is None:
        return
    if not tx.albums.contains(album.id, cover):
        raise InvalidValue(what="coverImageId", rule="must be an image of the album")
