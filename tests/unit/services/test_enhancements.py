import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults import FaultyTransactions, database_fails, pass_by
from house import House
from spike_contracts.builders import an_image_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, Forbidden, ImageNotFound, NotEnoughTokens
from spike_core.domain.identifiers import ImageId, OwnerId, RequestId
from spike_core.domain.jobs import CompletedJob, FailedJob, JobStatus, PendingJob, RefundedJob, StartedJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_memory import MemoryTransactions
from spike_memory.engine import a_picture


def free_image(house: House, owner: OwnerId, *, content: bytes | None = None) -> ImageId:
    """Upload an image that costs nothing and has no job."""
    return house.upload(owner, content=content, album_id=house.album(owner, auto_enhance=False).id).image.id


@pytest.mark.parametrize("tier", Tier)
def test_the_life_of_a_job_from_the_order_to_the_picture(house: House, tier: Tier) -> None:
    owner = house.owner(tokens=10)
    image_id = free_image(house, owner, content=a_picture(Dimensions(width_px=400, height_px=300)))
    accepted = house.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert isinstance(accepted.job, PendingJob)
    assert accepted.balance == Tokens(10) - tier.price
    assert isinstance(house.job(accepted.job.id), StartedJob)
    assert house.work() == 1
    done = house.job(accepted.job.id)
    assert isinstance(done, CompletedJob)
    assert done.attempt == 1
    assert done.result.dimensions == tier.output_size(Dimensions(width_px=400, height_px=300))
    content = house.read(done.result.key)
    assert content == a_picture(done.result.dimensions)
    assert done.result.size_bytes == len(content)
    assert house.balance(owner) == 10 - tier.price.amount
    assert house.inventory().messages == frozenset()
    assert house.findings() == []


def test_an_image_may_have_many_jobs_each_charged_by_itself(house: House) -> None:
    owner = house.owner(tokens=20)
    image_id = free_image(house, owner)
    for tier in Tier:
        house.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert house.balance(owner) == 20 - 0 - 2 - 5 - 10
    assert house.work() == 4
    assert [job.order.tier for job in house.gallery.image(image_id, viewer=owner).jobs] == list(Tier)
    assert house.findings() == []


def test_the_job_remembers_the_request_that_asked(house: House) -> None:
    owner, request_id = house.owner(), RequestId.of("r" * 24)
    image_id = free_image(house, owner)
    house.enhancements.enhance(owner, image_id=image_id, tier=Tier.FREE, request_id=request_id)
    (job,) = house.inventory().jobs.values()
    assert job.order.request_id == request_id


def test_a_free_job_costs_nothing_and_writes_no_ledger_entry(house: House) -> None:
    owner = house.owner(tokens=0)
    house.enhancements.enhance(owner, image_id=free_image(house, owner), tier=Tier.FREE)
    house.work()
    assert house.story(owner) == []
    assert house.findings() == []


def test_a_free_job_that_fails_is_failed_and_a_paid_one_refunded(house: House) -> None:
    owner = house.owner(tokens=10)
    image_id = free_image(house, owner)
    with house.transactions.view() as tx:
        original = tx.images.get(image_id).original
    tiers = [Tier.FREE, Tier.TIER_1K, Tier.TIER_2K]
    jobs = [house.enhancements.enhance(owner, image_id=image_id, tier=tier).job for tier in tiers]
    house.blobs.delete([original])
    house.work()
    assert [type(house.job(job.id)) for job in jobs] == [FailedJob, RefundedJob, RefundedJob]
    assert house.balance(owner) == 10


def test_an_unknown_image_is_refused_and_nothing_happens(house: House) -> None:
    owner = house.owner()
    before = house.inventory()
    with pytest.raises(ImageNotFound):
        house.enhancements.enhance(owner, image_id=an_image_id(), tier=Tier.TIER_1K)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("privacy", ["private", "public"])
def test_somebody_elses_image_is_refused_and_nothing_happens(house: House, privacy: str) -> None:
    """Also a public one: seeing isn't owning."""
    owner, stranger = house.owner(), house.owner("eve@example.org")
    image = house.publish(owner) if privacy == "public" else house.upload(owner).image
    before = house.inventory()
    with pytest.raises(Forbidden):
        house.enhancements.enhance(stranger, image_id=image.id, tier=Tier.TIER_1K)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize(("tokens", "tier"), [(1, Tier.TIER_1K), (3, Tier.TIER_2K), (9, Tier.TIER_4K)])
def test_too_few_tokens_are_refused_and_nothing_happens(house: House, tokens: int, tier: Tier) -> None:
    owner = house.owner(tokens=tokens)
    image_id = free_image(house, owner)
    before = house.inventory()
    with pytest.raises(NotEnoughTokens) as refusal:
        house.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert (refusal.value.required, refusal.value.balance) == (tier.price.amount, tokens)
    house.check_nothing_but_time_passed(before)


def test_of_many_orders_at_once_as_many_are_accepted_as_the_balance_covers(house: House) -> None:
    """I6."""
    owner = house.owner(tokens=11)
    image_id = free_image(house, owner)
    begin = threading.Barrier(4)

    def order_five() -> int:
        begin.wait()
        accepted = 0
        for _ in range(5):
            with contextlib.suppress(NotEnoughTokens):
                house.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_1K)
                accepted += 1
        return accepted

    with ThreadPoolExecutor(max_workers=4) as threads:
        orders = [threads.submit(order_five) for _ in range(4)]
    assert sum(order.result() for order in orders) == len(house.inventory().jobs) == 5
    assert house.balance(owner) == 1
    assert house.findings() == []


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_database_that_fails_before_the_commit_changes_nothing(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    image_id = house.upload(owner).image.id
    before = house.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_4K)
    house.check_nothing_but_time_passed(before)


def test_a_database_that_fails_behind_the_commit_does_not_fail_the_request() -> None:
    """The job is charged and will be done: an error would make the client pay for another."""
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    image_id = house.upload(owner).image.id
    transactions.before_begin.extend([pass_by, database_fails])
    job = house.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_4K).job
    house.come_to_rest()
    assert house.job(job.id).status is JobStatus.COMPLETED
    assert house.findings() == []
