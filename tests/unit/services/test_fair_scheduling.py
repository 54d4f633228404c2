"""Fair scheduling: the limit of one owner's jobs in flight, and the order of owners."""

import io
from collections.abc import Callable

import pytest

from services import VGA, Services
from spike_contracts.builders import a_result, image_id_of
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CompletedJob, Job, JobStatus, PendingJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.tiers import Tier
from spike_memory.engine import a_picture

BOUND = 3


def anonymous(services: Services) -> Image:
    content = io.BytesIO(a_picture(VGA))
    return services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=content)


@pytest.fixture
def services() -> Services:
    return Services.build(limits=JobLimits(active_jobs_max=BOUND))


def accepted(services: Services, owner_id: OwnerId, number: int) -> list[JobId]:
    """Upload pictures one by one and return their jobs."""
    return [services.accept(owner_id).id for _ in range(number)]


def statuses(services: Services, ids: list[JobId]) -> list[JobStatus]:
    return [services.job(id_).status for id_ in ids]


def test_of_many_jobs_a_few_are_started_and_the_others_wait(services: Services) -> None:
    ids = accepted(services, services.owner(), 5)
    assert statuses(services, ids) == [JobStatus.PROCESSING] * BOUND + [JobStatus.PENDING] * 2
    assert list(services.inbox.messages) == ids[:BOUND]
    services.jobs.dispatch.relay()
    assert list(services.inbox.messages) == ids[:BOUND]


def test_one_request_for_many_is_bound_too(services: Services) -> None:
    owner = services.owner()
    album = services.album(owner, auto_enhance=False)
    images = [services.upload(owner, album_id=album.id).image.id for _ in range(5)]
    batch = services.jobs.enhancements.enhance_batch(owner, image_ids=images, tier=Tier.TIER_1K)
    assert len(services.inbox.messages) == BOUND
    assert [services.job(job.id).status for job in batch.jobs[BOUND:]] == [JobStatus.PENDING] * 2


def test_a_job_that_ends_makes_room_for_the_next_at_once(services: Services) -> None:
    ids = accepted(services, services.owner(), 5)
    services.jobs.runner.perform(services.inbox.messages.popleft())
    assert list(services.inbox.messages) == ids[1 : BOUND + 1]
    assert services.job(ids[BOUND]).status is JobStatus.PROCESSING


def test_all_of_them_are_done_in_the_end_in_their_order(services: Services) -> None:
    ids = accepted(services, services.owner(), 9)
    done: list[JobId] = []
    while services.inbox.messages:
        done.append(services.inbox.messages[0])
        services.jobs.runner.perform(services.inbox.messages.popleft())
    assert done == ids
    assert all(isinstance(services.job(id_), CompletedJob) for id_ in ids)
    assert services.findings() == []


def test_a_user_with_twenty_jobs_does_not_keep_another_waiting(services: Services) -> None:
    """The other user's job is done after those in flight, not after all twenty."""
    accepted(services, services.owner(), 20)
    [late] = accepted(services, services.owner("bob@example.org"), 1)
    assert services.queries.job(late, viewer=services.job(late).spec.owner_id).position == BOUND + 1
    for _ in range(BOUND + 1):
        services.jobs.runner.perform(services.inbox.messages.popleft())
    assert isinstance(services.job(late), CompletedJob)


def test_the_place_in_the_queue_is_true(services: Services) -> None:
    ada, bob = services.owner(), services.owner("bob@example.org")
    hers, his = accepted(services, ada, 6), accepted(services, bob, 5)
    line = [*hers[:BOUND], *his[:BOUND], hers[3], his[3], hers[4], his[4], hers[5]]
    owners = {**dict.fromkeys(hers, ada), **dict.fromkeys(his, bob)}
    places = {id_: services.queries.job(id_, viewer=owners[id_]).position for id_ in line}
    assert places == {id_: place for place, id_ in enumerate(line, start=1)}


def cancelled(services: Services, owner: OwnerId, job_id: JobId) -> None:
    services.jobs.cancellation.cancel(owner, job_id)


def deleted(services: Services, owner: OwnerId, job_id: JobId) -> None:
    services.images.deletion.remove(owner, image_id_of(services.job(job_id)))


def failed(services: Services, _owner: OwnerId, job_id: JobId) -> None:
    services.jobs.transitions.fail(services.jobs.transitions.claim(job_id), "broken")


def completed(services: Services, _owner: OwnerId, job_id: JobId) -> None:
    job = services.jobs.transitions.claim(job_id)
    services.jobs.transitions.complete(job, a_result(job))


def crashed_too_often(services: Services, _owner: OwnerId, job_id: JobId) -> None:
    for _ in range(services.limits.crashes_max):
        services.jobs.transitions.expire_lease(services.jobs.transitions.claim(job_id))


@pytest.mark.parametrize("end", [cancelled, deleted, failed, completed, crashed_too_often])
def test_a_job_that_ends_by_itself_announces_the_next_in_the_same_transaction(
    services: Services, end: Callable[[Services, OwnerId, JobId], None]
) -> None:
    """So that the outbox alone has to be relayed."""
    owner = services.owner()
    ids = accepted(services, owner, 5)
    end(services, owner, ids[0])
    services.jobs.dispatch.send_due()
    assert statuses(services, ids[3:]) == [JobStatus.PROCESSING, JobStatus.PENDING]


@pytest.mark.parametrize("end", [completed, failed, crashed_too_often])
def test_a_free_job_that_ends_announces_the_next_too(
    services: Services, end: Callable[[Services, OwnerId, JobId], None]
) -> None:
    owner = services.owner()
    images = [services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image for _ in range(5)]
    batch = services.jobs.enhancements.enhance_batch(owner, image_ids=[image.id for image in images], tier=Tier.FREE)
    ids = [job.id for job in batch.jobs]
    end(services, owner, ids[0])
    services.jobs.dispatch.send_due()
    assert statuses(services, ids[3:]) == [JobStatus.PROCESSING, JobStatus.PENDING]


def test_what_an_earlier_release_left_held_back_is_announced_for_all_owners_page_by_page(services: Services) -> None:
    owners = [services.owner(f"user{number}@example.org") for number in range(3)]
    ids = [accepted(services, owner, BOUND + 1)[-1] for owner in owners]
    for owner in owners:
        in_flight = next(job for job in services.inventory().jobs.values() if job.spec.owner_id == owner)
        with services.transactions.begin() as tx:
            stored = tx.jobs.get(in_flight.id)
            assert isinstance(stored, StartedJob)
            tx.jobs.replace(stored, by=stored.cancel(now=services.clock.now()))
    services.jobs.dispatch.send_due()
    assert statuses(services, ids) == [JobStatus.PENDING] * 3
    assert services.jobs.dispatch.turns.advance_all() == 3
    services.jobs.dispatch.send_due()
    assert statuses(services, ids) == [JobStatus.PROCESSING] * 3


def test_a_waiting_job_can_be_cancelled(services: Services) -> None:
    owner = services.owner(tokens=8)
    ids = accepted(services, owner, 4)
    services.jobs.cancellation.cancel(owner, ids[3])
    services.come_to_rest()
    assert services.balance(owner) == 2
    assert services.findings() == []


def test_what_waits_for_another_attempt_counts(services: Services) -> None:
    ids = accepted(services, services.owner(), 4)
    claimed = services.jobs.transitions.claim(ids[0])
    services.jobs.transitions.retry(claimed, "out of memory")
    services.jobs.dispatch.relay()
    assert services.job(ids[3]) == PendingJob(spec=services.job(ids[3]).spec)
    assert len(services.inbox.messages) == BOUND


def test_jobs_of_nobody_in_particular_have_no_common_bound(services: Services) -> None:
    def mix() -> Job:
        images = [anonymous(services).id for _ in range(2)]
        return services.jobs.enhancements.blend_anonymously(images[0], source=images[1]).job

    ids = [mix().id for _ in range(BOUND + 2)]
    assert list(services.inbox.messages) == ids
