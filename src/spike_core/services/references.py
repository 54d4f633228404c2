"""References: which objects the rows name."""

from collections.abc import Collection

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import CompletedJob, SettledJob
from spike_core.domain.objects import ObjectKey
from spike_core.ports.transactions import Transactions


def referenced(transactions: Transactions, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
    """Return those of the keys that a row names, or may yet name because its job hasn't ended.

    Raises:
        DatabaseUnavailable: nobody can say.
    """
    owners = {key: key.owner for key in keys}
    with transactions.view() as tx:
        images = tx.images.find([owner for owner in owners.values() if isinstance(owner, ImageId)])
        jobs = tx.jobs.find([owner for owner in owners.values() if isinstance(owner, JobId)])
    named = {image.original for image in images.values()}
    named |= {job.result.key for job in jobs.values() if isinstance(job, CompletedJob)}
    unsettled = {id_ for id_, job in jobs.items() if not isinstance(job, SettledJob)}
    return frozenset(key for key, owner in owners.items() if key in named or owner in unsettled)
