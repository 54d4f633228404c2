"""Access to stored objects: whose objects a viewer may read, and what is known of them."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.album_order import distinct
from spike_core.domain.errors import InvalidValue, NotFound
from spike_core.domain.identifiers import ANONYMOUS, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.limits import LINKS_ASKED_MAX
from spike_core.domain.objects import ObjectKey
from spike_core.domain.renditions import Renditions
from spike_core.ports.transactions import Transactions
from spike_core.services.described_objects import DescribedObject


@frozen(kw_only=True)
class LinkedObjects:
    """Images and completed jobs whose objects a viewer may read."""

    images: Sequence[Image]
    results: Sequence[tuple[CompletedJob, Image | None]]  # with the job's image; `None` for a job without one

    @property
    def pictures(self) -> Sequence[Image | CompletedJob]:
        """All of them."""
        return [*self.images, *(job for job, _image in self.results)]


@frozen(kw_only=True)
class ObjectAccess:
    """Says which objects may be read: owners read their own, everyone those of public images."""

    transactions: Transactions

    def linked(
        self, *, image_ids: Sequence[ImageId], job_ids: Sequence[JobId], viewer: OwnerId | None
    ) -> LinkedObjects:
        """Return those of the images and of the completed jobs whose objects the viewer may read, in the given order.

        These are the viewer's own, those of public images, and anonymous jobs without an image. Others are left out, so
        that one deleted image doesn't keep a page from the links of the rest. No view is counted.

        Raises:
            InvalidValue: there are more than `LINKS_ASKED_MAX` of either.
        """
        if max(len(image_ids), len(job_ids)) > LINKS_ASKED_MAX:
            raise InvalidValue(what="ids", rule=f"must be at most {LINKS_ASKED_MAX} images and {LINKS_ASKED_MAX} jobs")
        with self.transactions.view() as tx:
            jobs = tx.jobs.find(job_ids) if job_ids else {}
            completed = [job for id_ in distinct(job_ids) if isinstance(job := jobs.get(id_), CompletedJob)]
            images = tx.images.find({*image_ids, *(id_ for job in completed if (id_ := job.spec.image_id))})
        results: list[tuple[CompletedJob, Image | None]] = []
        for job in completed:
            image = images.get(job.spec.image_id) if job.spec.image_id else None
            is_own = job.spec.image_id is None and job.spec.owner_id in {viewer, ANONYMOUS}
            if is_own or (image is not None and image.is_visible_to(viewer)):
                results.append((job, image))
        shown = [images[id_] for id_ in distinct(image_ids) if id_ in images and images[id_].is_visible_to(viewer)]
        return LinkedObjects(images=shown, results=results)

    def described(self, key: ObjectKey) -> DescribedObject:
        """Return what is known of an object, for a request that may read it.

        Raises:
            NotFound: its image or job was deleted.
        """
        with self.transactions.view() as tx:
            owner = key.owner
            if isinstance(owner, ImageId):
                return DescribedObject.of_image(key, tx.images.get(owner))
            job = tx.jobs.get(owner)
            image_id = job.spec.image_id
            return DescribedObject.of_job(key, job, None if image_id is None else tx.images.get(image_id))

    def check_public(self, key: ObjectKey) -> None:
        """Check that the object may be read by anyone, without a signature.

        Raises:
            NotFound: no row names it, or its image is private; the response doesn't reveal which.
        """
        with self.transactions.view() as tx:
            owner = key.owner
            if isinstance(owner, ImageId):
                image = tx.images.get(owner)
                named = {image.shown, *_renditions(image.renditions)}
            else:
                job = tx.jobs.get(owner)
                if job.spec.image_id is None or not isinstance(job, CompletedJob):
                    raise NotFound
                image = tx.images.get(job.spec.image_id)
                named = {job.result.key, *_renditions(job.result.renditions)}
        if key not in named or not image.is_public:
            raise NotFound


def _renditions(renditions: Renditions | None) -> frozenset[ObjectKey]:
    return frozenset() if renditions is None else renditions.objects
