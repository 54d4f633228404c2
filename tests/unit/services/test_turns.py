"""Fair turns: how many of one owner's jobs are on their way, and who comes when."""

import io

import pytest

from house import VGA, House
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CompletedJob, Job, JobStatus, PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.tiers import Tier
from spike_memory.engine import a_picture

BOUND = 3


def anonymous(house: House) -> Image:
    content = io.BytesIO(a_picture(VGA))
    return house.uploads.upload_anonymously(name=ImageName("a.jpg"), content=content)


@pytest.fixture
def house() -> House:
    return House.build(limits=JobLimits(on_their_way_max=BOUND))


def accepted(house: House, owner_id: OwnerId, number: int) -> list[JobId]:
    """Upload so many pictures one by one and return their jobs."""
    return [house.accept(owner_id).id for _ in range(number)]


def statuses(house: House, ids: list[JobId]) -> list[JobStatus]:
    return [house.job(id_).status for id_ in ids]


def test_of_many_jobs_a_few_are_started_and_the_others_wait(house: House) -> None:
    ids = accepted(house, house.owner(), 5)
    assert statuses(house, ids) == [JobStatus.PROCESSING] * BOUND + [JobStatus.PENDING] * 2
    assert list(house.inbox.messages) == ids[:BOUND]
    house.dispatch.relay()
    assert list(house.inbox.messages) == ids[:BOUND]


def test_one_request_for_many_is_bound_too(house: House) -> None:
    owner = house.owner()
    album = house.album(owner, auto_enhance=False)
    images = [house.upload(owner, album_id=album.id).image.id for _ in range(5)]
    batch = house.enhancements.enhance_batch(owner, image_ids=images, tier=Tier.TIER_1K)
    assert len(house.inbox.messages) == BOUND
    assert [house.job(job.id).status for job in batch.jobs[BOUND:]] == [JobStatus.PENDING] * 2


def test_a_job_that_ends_makes_room_for_the_next_at_once(house: House) -> None:
    ids = accepted(house, house.owner(), 5)
    house.workshop.perform(house.inbox.messages.popleft())
    assert list(house.inbox.messages) == ids[1 : BOUND + 1]
    assert house.job(ids[BOUND]).status is JobStatus.PROCESSING


def test_all_of_them_are_done_in_the_end_in_their_order(house: House) -> None:
    ids = accepted(house, house.owner(), 9)
    done: list[JobId] = []
    while house.inbox.messages:
        done.append(house.inbox.messages[0])
        house.workshop.perform(house.inbox.messages.popleft())
    assert done == ids
    assert all(isinstance(house.job(id_), CompletedJob) for id_ in ids)
    assert house.findings() == []


def test_a_user_with_twenty_jobs_does_not_keep_another_waiting(house: House) -> None:
    """The other's one job is done after those that were on their way, not after all twenty."""
    accepted(house, house.owner(), 20)
    [late] = accepted(house, house.owner("bob@example.org"), 1)
    assert house.gallery.job(late, viewer=house.job(late).order.owner_id).position == BOUND + 1
    for _ in range(BOUND + 1):
        house.workshop.perform(house.inbox.messages.popleft())
    assert isinstance(house.job(late), CompletedJob)


def test_the_place_in_the_queue_is_true(house: House) -> None:
    ada, bob = house.owner(), house.owner("bob@example.org")
    hers, his = accepted(house, ada, 6), accepted(house, bob, 5)
    line = [*hers[:BOUND], *his[:BOUND], hers[3], his[3], hers[4], his[4], hers[5]]
    owners = {**dict.fromkeys(hers, ada), **dict.fromkeys(his, bob)}
    places = {id_: house.gallery.job(id_, viewer=owners[id_]).position for id_ in line}
    assert places == {id_: place for place, id_ in enumerate(line, start=1)}


def test_a_cancelled_job_makes_room_with_the_next_relay(house: House) -> None:
    owner = house.owner()
    ids = accepted(house, owner, 4)
    house.cancellation.cancel(owner, ids[0])
    house.dispatch.relay()
    assert house.job(ids[3]).status is JobStatus.PROCESSING


def test_a_waiting_job_can_be_cancelled(house: House) -> None:
    owner = house.owner(tokens=8)
    ids = accepted(house, owner, 4)
    house.cancellation.cancel(owner, ids[3])
    house.come_to_rest()
    assert house.balance(owner) == 2
    assert house.findings() == []


def test_what_waits_for_another_attempt_counts(house: House) -> None:
    ids = accepted(house, house.owner(), 4)
    claimed = house.settlement.claim(ids[0])
    house.settlement.retry(claimed, "out of memory")
    house.dispatch.relay()
    assert house.job(ids[3]) == PendingJob(order=house.job(ids[3]).order)
    assert len(house.inbox.messages) == BOUND


def test_jobs_of_nobody_in_particular_have_no_common_bound(house: House) -> None:
    def mix() -> Job:
        images = [anonymous(house).id for _ in range(2)]
        return house.enhancements.mix(images[0], source=images[1]).job

    ids = [mix().id for _ in range(BOUND + 2)]
    assert list(house.inbox.messages) == ids
