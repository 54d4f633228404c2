"""Queries: reading images and jobs, with access control."""

import contextlib
from collections.abc import Mapping, Sequence

from attrs import Factory, field, frozen

from spike_core.domain.cursors import JobCursor
from spike_core.domain.errors import (
    BatchNotFound,
    Forbidden,
    InvalidValue,
    JobNotFound,
    Unauthenticated,
    Unavailable,
)
from spike_core.domain.identifiers import ANONYMOUS, BatchId, ImageId, JobId, OwnerId
from spike_core.domain.image_lists import EVERYTHING, ImageFilter, ImageOrder, ListCursor, NameCursor
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job, SettledJob
from spike_core.domain.limits import (
    IMAGE_JOBS_SHOWN_MAX,
    JOBS_ASKED_MAX,
    LAYOUT_PAGE_SIZE_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    check_layout_page_size,
    check_page_size,
)
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.image_lists import ListedPage, list_images
from spike_core.services.queue_positions import QueuePositions


@frozen(kw_only=True)
class ShownImage:
    """An image with its newest jobs, oldest first, and the queue positions of those that wait."""

    image: Image
    jobs: Sequence[Job]  # at most `IMAGE_JOBS_SHOWN_MAX`
    jobs_total: int  # of all its jobs
    positions: Mapping[JobId, int]

    @property
    def is_at_rest(self) -> bool:
        """Whether all these jobs are settled."""
        return _are_settled(self.jobs)


@frozen(kw_only=True)
class ImagesPage:
    """A page of an owner's images. With a filter it may be short, or empty, and still be followed by others."""

    images: Sequence[Image]
    next: ListCursor | None  # of the next page; `None` on the last one


@frozen(kw_only=True)
class ImageJobsPage:
    """A page of an image's jobs, newest first, and the queue positions of those that wait."""

    image: Image
    jobs: Sequence[Job]
    positions: Mapping[JobId, int]
    next: JobCursor | None  # of the next page; `None` on the last one


@frozen(kw_only=True)
class ShownJob:
    """A job, its image, and its queue position if it waits."""

    job: Job
    image: Image | None  # `None` for a job without one
    position: int | None

    @property
    def is_at_rest(self) -> bool:
        """Whether the job is settled."""
        return isinstance(self.job, SettledJob)


@frozen(kw_only=True)
class Queries:
    """Reads images and jobs: owners see their own, everyone sees public ones."""

    transactions: Transactions
    clock: Clock
    positions: QueuePositions = field(
        init=False, repr=False, default=Factory(lambda self: QueuePositions(self.clock), takes_self=True)
    )

    def image(self, image_id: ImageId, *, viewer: OwnerId | None) -> ShownImage:
        """Return the image with its newest jobs; `viewer` is `None` for a request without credentials.

        Views by others than the owner are counted.

        Raises:
            ImageNotFound: no image has this id.
            Unauthenticated, Forbidden: the image is private, and the viewer has no credentials, or isn't its owner.
        """
        shown = self.glance(image_id, viewer=viewer)
        if viewer != shown.image.owner_id:
            with contextlib.suppress(Unavailable), self.transactions.begin() as tx:  # an uncounted view isn't an error
                tx.images.count_view(image_id)
        return shown

    def glance(self, image_id: ImageId, *, viewer: OwnerId | None) -> ShownImage:
        """Return the image as `image` does, without counting a view.

        Raises:
            ImageNotFound, Unauthenticated, Forbidden: as in `image`.
        """
        with self.transactions.view() as tx:
            image = tx.images.get(image_id)
            _check_visible(image, viewer)
            found = tx.jobs.newest_of_image(image_id, limit=IMAGE_JOBS_SHOWN_MAX + 1)
            jobs = found[:IMAGE_JOBS_SHOWN_MAX][::-1]
            total = len(found) if len(found) == len(jobs) else tx.jobs.count_of_image(image_id)
            positions = self.positions.of(tx, jobs)
        return ShownImage(image=image, jobs=jobs, jobs_total=total, positions=positions)

    def jobs_of_image(
        self, image_id: ImageId, *, viewer: OwnerId | None, before: JobCursor | None = None, limit: int = PAGE_SIZE
    ) -> ImageJobsPage:
        """Return a page of the image's jobs, newest first; `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
            ImageNotFound, Unauthenticated, Forbidden: as in `image`.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            image = tx.images.get(image_id)
            _check_visible(image, viewer)
            found = tx.jobs.newest_of_image(image_id, before=before, limit=limit + 1)
            jobs = found[:limit]
            positions = self.positions.of(tx, jobs)
        following = jobs[-1].spec.cursor if len(found) > limit else None
        return ImageJobsPage(image=image, jobs=jobs, positions=positions, next=following)

    def images(
        self,
        owner_id: OwnerId,
        *,
        before: ListCursor | None = None,
        limit: int = PAGE_SIZE,
        order: ImageOrder = ImageOrder.NEWEST,
        matching: ImageFilter = EVERYTHING,
    ) -> ImagesPage:
        """Return a page of the owner's images that match, after the position `before`.

        `limit` is 1 to `PAGE_SIZE_MAX`; `before` is a cursor of the same order.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            if order is ImageOrder.NEWEST and matching.is_empty and not isinstance(before, NameCursor):
                images = tx.images.of_owner(owner_id, before=before, limit=limit + 1)
                page = images[:limit]
                return ImagesPage(images=page, next=page[-1].cursor if len(images) > limit else None)
            listed = list_images(tx, owner_id, order=order, matching=matching, after=before, limit=limit)
            found = tx.images.find([each.id for each in listed.images])
        return ImagesPage(images=[found[each.id] for each in listed.images if each.id in found], next=listed.next)

    def images_among(self, image_ids: Sequence[ImageId], *, viewer: OwnerId) -> Sequence[Image]:
        """Return those of the images that belong to the viewer, in the given order; at most `PAGE_SIZE_MAX` ids.

        Raises:
            InvalidValue: there are more.
        """
        if len(image_ids) > PAGE_SIZE_MAX:
            raise InvalidValue(what="ids", rule=f"must be at most {PAGE_SIZE_MAX}")
        with self.transactions.view() as tx:
            found = tx.images.find(image_ids)
        return [found[id_] for id_ in dict.fromkeys(image_ids) if id_ in found and found[id_].owner_id == viewer]

    def layout(
        self,
        owner_id: OwnerId,
        *,
        after: ListCursor | None = None,
        limit: int = LAYOUT_PAGE_SIZE_MAX,
        order: ImageOrder = ImageOrder.NEWEST,
        matching: ImageFilter = EVERYTHING,
    ) -> ListedPage:
        """Return what a page needs to lay out the owner's images; `limit` is 1 to `LAYOUT_PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_layout_page_size(limit)
        with self.transactions.view() as tx:
            return list_images(tx, owner_id, order=order, matching=matching, after=after, limit=limit)

    def job(self, job_id: JobId, *, viewer: OwnerId | None) -> ShownJob:
        """Return the viewer's job, or an anonymous job, which everyone may see.

        Raises:
            JobNotFound: no job has this id, or it belongs to another user.
            Unauthenticated: the job isn't anonymous, and `viewer` is `None`.
        """
        if viewer is None and not job_id.is_anonymous:
            raise Unauthenticated
        with self.transactions.view() as tx:
            job = tx.jobs.get(job_id)
            if job.spec.owner_id not in {viewer, ANONYMOUS}:
                raise JobNotFound
            image_id = job.spec.image_id
            image = None if image_id is None else tx.images.get(image_id)
            position = self.positions.of(tx, [job]).get(job_id)
        return ShownJob(job=job, image=image, position=position)

    def jobs(self, job_ids: Sequence[JobId], *, viewer: OwnerId) -> Sequence[ShownJob]:
        """Return those of the jobs that belong to the viewer, in the given order.

        `job_ids` are distinct, and at most `JOBS_ASKED_MAX`. The number of queries doesn't depend on their number.

        Raises:
            InvalidValue: there are more, or duplicates.
        """
        if not len(set(job_ids)) == len(job_ids) <= JOBS_ASKED_MAX:
            raise InvalidValue(what="job_ids", rule=f"must be distinct, and at most {JOBS_ASKED_MAX}")
        with self.transactions.view() as tx:
            found = tx.jobs.find(job_ids)
            own = [found[id_] for id_ in job_ids if id_ in found and found[id_].spec.owner_id == viewer]
            return self._shown(tx, own)

    def batch(self, batch_id: BatchId, *, viewer: OwnerId) -> Sequence[ShownJob]:
        """Return the jobs of the viewer's batch, without those of images deleted since.

        Raises:
            BatchNotFound: no batch has this id, or it belongs to another user.
        """
        with self.transactions.view() as tx:
            own = [job for job in tx.jobs.of_batch(batch_id) if job.spec.owner_id == viewer]
            if not own:
                raise BatchNotFound
            return self._shown(tx, own)

    def is_image_at_rest(self, image_id: ImageId) -> bool:
        """Return whether the jobs shown with the image are settled, for polling by a viewer who has been shown it."""
        with self.transactions.view() as tx:
            return _are_settled(tx.jobs.newest_of_image(image_id, limit=IMAGE_JOBS_SHOWN_MAX))

    def is_job_at_rest(self, job_id: JobId) -> bool:
        """Return whether the job is settled, for polling by a viewer who has been shown it.

        Raises:
            JobNotFound: it was deleted since.
        """
        with self.transactions.view() as tx:
            return _are_settled([tx.jobs.get(job_id)])

    def is_batch_at_rest(self, batch_id: BatchId) -> bool:
        """Return whether all the batch's jobs are settled, for polling by a viewer who has been shown it."""
        with self.transactions.view() as tx:
            return _are_settled(tx.jobs.of_batch(batch_id))

    def _shown(self, tx: Transaction, jobs: Sequence[Job]) -> Sequence[ShownJob]:
        """Return jobs with their images and positions, without those of an image that is being deleted."""
        images = tx.images.find({id_ for job in jobs if (id_ := job.spec.image_id)})
        positions = self.positions.of(tx, jobs)
        return [
            ShownJob(job=job, image=images.get(id_) if id_ else None, position=positions.get(job.id))
            for job in jobs
            if (id_ := job.spec.image_id) is None or id_ in images
        ]


def _are_settled(jobs: Sequence[Job]) -> bool:
    return all(isinstance(job, SettledJob) for job in jobs)


def _check_visible(image: Image, viewer: OwnerId | None) -> None:
    if image.is_visible_to(viewer):
        return
    if viewer is None:
        raise Unauthenticated
    raise Forbidden
