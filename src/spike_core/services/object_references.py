"""Object references: which objects the rows name."""

from collections.abc import Collection, Iterator

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import CompletedJob, Job, SettledJob
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.ports.transactions import Transactions


def named_by(job: Job) -> Iterator[ObjectKey]:
    """Yield the objects that the job's row names: its input, its result, and the result's renditions."""
    if job.spec.input is not None:
        yield job.spec.input.key
    if isinstance(job, CompletedJob):
        yield job.result.key
        if job.result.renditions is not None:
            yield from job.result.renditions.objects


def digests_of(job: Job) -> Iterator[tuple[ObjectKey, ContentDigest]]:
    """Yield what is known of the contents of the job's objects."""
    if (source := job.spec.input) is not None and source.digest is not None:
        yield source.key, source.digest
    if isinstance(job, CompletedJob):
        yield job.result.key, ContentDigest(size_bytes=job.result.size_bytes, sha256=job.result.sha256)
        if job.result.renditions is not None:
            yield from job.result.renditions.digests.items()


def referenced(transactions: Transactions, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
    """Return those of the keys that a row names, or may yet name because its job is unsettled.

    Raises:
        DatabaseUnavailable: the rows can't be read.
    """
    owners = {key: key.owner for key in keys}
    with transactions.view() as tx:
        images = tx.images.find([owner for owner in owners.values() if isinstance(owner, ImageId)])
        found = tx.jobs.find([owner for owner in owners.values() if isinstance(owner, JobId)])
        shown = tx.images.find({id_ for job in found.values() if (id_ := job.spec.image_id)})
    # jobs of an image that is being deleted don't count
    jobs = {id_: job for id_, job in found.items() if (about := job.spec.image_id) is None or about in shown}
    named = {key for image in images.values() for key in image.objects}
    for job in jobs.values():
        named.update(named_by(job))
    unsettled = {id_ for id_, job in jobs.items() if not isinstance(job, SettledJob)}
    return frozenset(key for key, owner in owners.items() if key in named or owner in unsettled)
