"""Images in memory."""

import operator
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from attrs import evolve, frozen

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.errors import ImageNotFound, InvariantViolated
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.image_lists import ImageOrder, ImageState, ListCursor, ListedImage, NameCursor
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob, FailedJob, RefundedJob, SettledJob
from spike_core.domain.tiers import Tier
from spike_memory.state import Rows


@frozen
class MemoryImages:
    """See the port."""

    _rows: Rows

    def add(self, *images: Image) -> None:
        """Store new images."""
        state = self._rows.check_writable()
        for image in images:
            if image.id in state.images:
                raise InvariantViolated("a new image's id is new")
            state.images[image.id] = image

    def get(self, image_id: ImageId) -> Image:
        """Return the image."""
        try:
            return self._rows.state.images[image_id]
        except KeyError as error:
            raise ImageNotFound from error

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those that exist."""
        images = self._rows.state.images
        return {image_id: images[image_id] for image_id in image_ids if image_id in images}

    def of_owner(self, owner_id: OwnerId, *, before: ImageCursor | None = None, limit: int) -> Sequence[Image]:
        """Return a page of the owner's images, newest first."""
        images = [image for image in self._rows.state.images.values() if image.owner_id == owner_id]
        page = [image for image in images if before is None or image.cursor < before]
        return sorted(page, key=lambda image: image.cursor, reverse=True)[:limit]

    def examine(
        self,
        owner_id: OwnerId,
        *,
        order: ImageOrder,
        state: ImageState | None = None,
        tier: Tier | None = None,
        after: ListCursor | None = None,
        limit: int,
    ) -> Sequence[ListedImage]:
        """Return the next of the owner's images, and whether their jobs match."""
        is_reversed = order is ImageOrder.NEWEST
        listed = [
            ListedImage(id=image.id, name=image.name, dimensions=image.dimensions, created_at=image.created_at)
            for image in self._rows.state.images.values()
            if image.owner_id == owner_id
        ]
        ordered = sorted(listed, key=lambda image: _key(image.cursor(order)), reverse=is_reversed)
        if after is not None:
            is_after = operator.lt if is_reversed else operator.gt
            ordered = [image for image in ordered if is_after(_key(image.cursor(order)), _key(after))]
        return [evolve(image, is_match=self._has(image.id, state, tier)) for image in ordered[:limit]]

    def _has(self, image_id: ImageId, state: ImageState | None, tier: Tier | None) -> bool:
        jobs = [job for job in self._rows.state.jobs.values() if job.spec.image_id == image_id]
        completed = [job for job in jobs if isinstance(job, CompletedJob)]
        if tier is not None and all(job.spec.tier != tier for job in completed):
            return False
        match state:
            case None:
                return True
            case ImageState.ORIGINAL:
                return not completed
            case ImageState.ENHANCED:
                return bool(completed)
            case ImageState.PROCESSING:
                return any(not isinstance(job, SettledJob) for job in jobs)
            case ImageState.FAILED:
                newest = max(jobs, key=lambda job: job.spec.cursor, default=None)
                return isinstance(newest, FailedJob | RefundedJob)
            case _:
                assert_never(state)

    def duplicates(self, owner_id: OwnerId, digests: Collection[bytes]) -> Mapping[bytes, ImageId]:
        """Return the owner's earliest image of each digest."""
        images = [image for image in self._rows.state.images.values() if image.owner_id == owner_id]
        newest_first = sorted(images, key=lambda image: image.cursor, reverse=True)
        return {image.sha256: image.id for image in newest_first if image.sha256 in digests and image.sha256}

    def change(self, image: Image) -> None:
        """Store what people may change."""
        state = self._rows.check_writable()
        state.images[image.id] = evolve(
            self.get(image.id),
            name=image.name,
            description=image.description,
            is_public=image.is_public,
            updated_at=image.updated_at,
        )

    def count_view(self, image_id: ImageId) -> None:
        """Add one view."""
        state = self._rows.check_writable()
        if image_id in state.images:
            image = state.images[image_id]
            state.images[image_id] = evolve(image, view_count=image.view_count + 1)

    def begin_deletion(self, image_id: ImageId, *, now: datetime) -> None:
        """Hide an image."""
        state = self._rows.check_writable()
        if image_id not in state.images:
            return
        state.removed[image_id] = (now, DueDeletion(image=state.images.pop(image_id)))
        for album in list(state.albums.values()):
            if album.cover_image_id == image_id:
                state.albums[album.id] = evolve(album, cover_image_id=None)
            places = state.places[album.id]
            state.places[album.id] = tuple(place for place in places if place.image_id != image_id)

    def get_deleting(self, image_id: ImageId) -> Image:
        """Return the image, hidden or not."""
        state = self._rows.state
        if image_id in state.removed:
            return state.removed[image_id][1].image
        try:
            return state.images[image_id]
        except KeyError as error:
            raise ImageNotFound from error

    def pending_deletions(self, *, limit: int) -> Sequence[Image]:
        """Return hidden images."""
        return [deletion.image for _, deletion in self._in_order()][:limit]

    def due_deletions(self, *, now: datetime, limit: int) -> Sequence[DueDeletion]:
        """Return hidden images that are due."""
        due = [deletion for due_at, deletion in self._in_order() if due_at <= now]
        return sorted(due, key=lambda deletion: deletion.failures > 0)[:limit]

    def postpone_deletion(self, image_id: ImageId, *, failures: int, until: datetime) -> None:
        """Store when a hidden image is due again."""
        state = self._rows.check_writable()
        if image_id in state.removed:
            state.removed[image_id] = (until, evolve(state.removed[image_id][1], failures=failures))

    def _in_order(self) -> Sequence[tuple[datetime, DueDeletion]]:
        return sorted(self._rows.state.removed.values(), key=lambda entry: (entry[0], entry[1].image.id))

    def expired(self, owner_id: OwnerId, *, created_before: datetime, limit: int) -> Sequence[Image]:
        """Return the owner's oldest images."""
        images = [image for image in self._rows.state.images.values() if image.owner_id == owner_id]
        old = [image for image in images if image.created_at < created_before]
        return sorted(old, key=lambda image: image.cursor)[:limit]

    def finish_deletion(self, image_id: ImageId) -> None:
        """Forget the image and its jobs."""
        state = self._rows.check_writable()
        state.removed.pop(image_id, None)
        for job in [job for job in state.jobs.values() if job.spec.image_id == image_id]:
            del state.jobs[job.id]
            state.outbox.pop(job.id, None)


def _key(at: ListCursor) -> Any:
    return at.key if isinstance(at, NameCursor) else at.created_at, at.id
