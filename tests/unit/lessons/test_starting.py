"""Every accepted job is started or refunded, also after the request has ended."""

import io
from collections.abc import Collection
from datetime import timedelta

import pytest

from services import VGA, Services
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, PendingJob, RefundedJob
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.services.batch_uploads import NamedFile
from spike_memory import MemoryQueue
from spike_memory.engine import a_picture

FILES = 3


class QueueForOne:
    """Accepts one message, and no other until it is repaired."""

    def __init__(self, inbox: MemoryQueue) -> None:
        """Start broken."""
        self.inbox = inbox
        self.broken = True

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Accept a message, if there is room; see the port."""
        if self.broken and self.inbox.messages:
            raise QueueUnavailable
        self.inbox.send(job_id, priority=priority)

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        """Return what it holds; see the port."""
        return self.inbox.held(job_ids)

    def instance_id(self) -> str:
        """Return which instance it is; see the port."""
        return self.inbox.instance_id()


def test_every_job_of_a_batch_upload_is_announced_and_done(services: Services) -> None:
    """Lesson 9: the jobs of a batch waited to be started, but no component started them."""
    owner = services.owner()
    services.inbox.refuses = True
    name = ImageName("photo.jpg")
    files = [NamedFile(filename="photo.jpg", name=name, content=io.BytesIO(a_picture(VGA))) for _ in range(FILES)]
    services.images.batch_uploads.upload(owner, files=files)
    waiting = services.inventory()
    assert {type(job) for job in waiting.jobs.values()} == {PendingJob}
    assert {message.job_id for message in waiting.messages} == {*waiting.jobs}
    services.inbox.refuses = False
    services.come_to_rest()
    assert [type(job) for job in services.inventory().jobs.values()] == [CompletedJob] * FILES


@pytest.mark.parametrize("repaired", ["repaired", "never repaired"])
def test_parallel_jobs_that_the_queue_refused_are_started_later_or_refunded(repaired: str) -> None:
    """Lesson 11: all-or-nothing applied to rows but not to starts, and failed starts were ignored."""
    inbox = MemoryQueue()
    queue = QueueForOne(inbox)
    services = Services.build(inbox=inbox, queue=queue)
    owner = services.owner()
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image
    tiers = [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K]
    jobs = services.jobs.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=tiers).jobs
    if repaired == "repaired":
        queue.broken = False
        services.come_to_rest()
        assert [type(services.job(job.id)) for job in jobs] == [CompletedJob] * 3
        assert services.balance(owner) == 83
    else:
        services.jobs.dispatch.relay()  # refused once more: from now on it counts
        services.pass_time(services.limits.refusal_max + timedelta(seconds=1))
        services.jobs.dispatch.relay()
        assert [type(services.job(job.id)) for job in jobs[1:]] == [RefundedJob] * 2
    assert services.findings() == []
