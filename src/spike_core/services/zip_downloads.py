"""Downloads of several pictures in one file: which object of each image belongs in it, and under which name."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from spike_core.domain.album_order import distinct
from spike_core.domain.albums import Album
from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.errors import DownloadTooLarge, Forbidden, ImageNotFound
from spike_core.domain.file_names import DistinctNames, picture_file_name, tier_label
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.limits import ALBUM_PAGE_SIZE, DownloadLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions

_PAGE_SIZE: Final = ALBUM_PAGE_SIZE


@frozen(kw_only=True)
class DownloadedObject:
    """One object of a download."""

    name: str  # distinct within the download, and no path
    key: ObjectKey
    size_bytes: int | None  # `None` if an older release stored it
    stored_at: datetime


@frozen(kw_only=True)
class Download:
    """What belongs in a download, in order."""

    title: str
    objects: Sequence[DownloadedObject]


@frozen(kw_only=True)
class Downloads:
    """Plans downloads: the newest completed result of each image, at one tier if one is asked for, else the original.

    A plan reads the images in pages, each in a transaction of its own and with the same number of queries, and no
    object. Others than an image's owner get what they may read by a link: of a private image in an album that they may
    see, the original without private metadata.
    """

    transactions: Transactions
    limits: DownloadLimits

    def of_album(
        self,
        album_id: AlbumId,
        *,
        viewer: OwnerId | None,
        share_token: Secret | None = None,
        tier: Tier | None = None,
    ) -> Download:
        """Plan the download of an album's images, in the album's order.

        Raises:
            AlbumNotFound: no album has this id.
            Unauthenticated, Forbidden: the viewer may not see it; see `Album.visible_to`.
            DownloadTooLarge: it has too many images, or they have too many bytes.
        """
        plan = _Plan(self.limits)
        after: AlbumCursor | None = None
        while True:
            with self.transactions.view() as tx:
                album: Album = tx.albums.get(album_id).visible_to(viewer, share_token=share_token)
                if after is None:
                    plan.check_count(tx.albums.count(album_id))
                places = tx.albums.page(album_id, after=after, limit=_PAGE_SIZE)
                found = tx.images.find([place.image_id for place in places])
                images = [found[place.image_id] for place in places if place.image_id in found]
                chosen = _chosen(tx, images, viewer=viewer, tier=tier)
            plan.add(chosen)
            if len(places) < _PAGE_SIZE:
                return Download(title=album.name.text, objects=plan.objects)
            after = places[-1].cursor

    def of_images(self, owner_id: OwnerId, image_ids: Sequence[ImageId], *, tier: Tier | None = None) -> Download:
        """Plan the download of images, in the given order.

        Raises:
            ImageNotFound: one of them doesn't exist.
            Forbidden: one of them is private and belongs to another user.
            DownloadTooLarge: there are too many, or they have too many bytes.
        """
        ids = distinct(image_ids)
        plan = _Plan(self.limits)
        plan.check_count(len(ids))
        for page in _pages(ids):
            with self.transactions.view() as tx:
                images = tx.images.find(page)
                if len(images) < len(page):
                    raise ImageNotFound
                if any(image.owner_id != owner_id and not image.is_public for image in images.values()):
                    raise Forbidden
                chosen = _chosen(tx, [images[id_] for id_ in page], viewer=owner_id, tier=tier)
            plan.add(chosen)
        return Download(title="images", objects=plan.objects)


class _Plan:
    """The objects of a download that is being planned."""

    def __init__(self, limits: DownloadLimits) -> None:
        self.objects: list[DownloadedObject] = []
        self._limits = limits
        self._names = DistinctNames()
        self._size_bytes = 0

    def check_count(self, images: int) -> None:
        if images > self._limits.images_max:
            raise DownloadTooLarge(what="images", wanted=images, limit=self._limits.images_max)

    def add(self, objects: Sequence[DownloadedObject]) -> None:
        self._size_bytes += sum(each.size_bytes or 0 for each in objects)
        if self._size_bytes > self._limits.bytes_max:
            raise DownloadTooLarge(what="bytes", wanted=self._size_bytes, limit=self._limits.bytes_max)
        self.check_count(len(self.objects) + len(objects))
        for each in objects:
            self.objects.append(
                DownloadedObject(
                    name=self._names.take(each.name),
                    key=each.key,
                    size_bytes=each.size_bytes,
                    stored_at=each.stored_at,
                )
            )


def _chosen(
    tx: Transaction, images: Sequence[Image], *, viewer: OwnerId | None, tier: Tier | None
) -> Sequence[DownloadedObject]:
    """Return the object of each image that belongs in the download."""
    with_results = [image.id for image in images if image.owner_id == viewer or image.is_public]
    results = {job.spec.image_id: job for job in tx.jobs.newest_results(with_results, tier=tier)}
    return [
        _original(image, viewer=viewer) if (job := results.get(image.id)) is None else _result(image, job)
        for image in images
    ]


def _result(image: Image, job: CompletedJob) -> DownloadedObject:
    result = job.result
    return DownloadedObject(
        name=picture_file_name(image.name.text, result.key.format, label=tier_label(job.spec.tier)),
        key=result.key,
        size_bytes=result.size_bytes,
        stored_at=job.ended_at,
    )


def _original(image: Image, *, viewer: OwnerId | None) -> DownloadedObject:
    key = image.original if image.owner_id == viewer else image.shown
    digest = image.digests.get(key)
    return DownloadedObject(
        name=picture_file_name(image.name.text, key.format),
        key=key,
        size_bytes=None if digest is None else digest.size_bytes,
        stored_at=image.created_at,
    )


def _pages(ids: Sequence[ImageId]) -> Iterator[Sequence[ImageId]]:
    for first in range(0, len(ids), _PAGE_SIZE):
        yield ids[first : first + _PAGE_SIZE]
