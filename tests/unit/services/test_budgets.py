"""Budgets: what would exceed one is refused, charged nothing and stored nothing; and the running sums stay right."""

import io
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from services import VGA, Services
from spike_contracts.builders import NOON
from spike_core.application import Policies
from spike_core.domain.accounts import Email
from spike_core.domain.errors import QuotaExceeded, StorageFull, TooManyJobs, Unauthenticated
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import PendingJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import WORK_HALF_LIFE, Budget, BudgetOverrides, Budgets, RecentWork, Usage
from spike_core.services.batch_uploads import NamedFile
from spike_core.services.free_space import FreeSpace
from spike_core.services.ingest import InlineImage
from spike_memory.engine import a_picture

ADA = Email("ada@example.org")
NAME = ImageName("a.jpg")
MINUTE = timedelta(minutes=1)
PICTURE = a_picture(VGA)


def with_budgets(**budgets: Any) -> Services:
    return Services.build(policies=Policies(budgets=evolve(Budgets(), **budgets)))


def enhancing(services: Services, owner: OwnerId, tier: Tier = Tier.TIER_1K) -> Callable[[], object]:
    """Return an order for an image of its own."""
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image
    return lambda: services.jobs.enhancements.enhance(owner, image_id=image.id, tier=tier)


def refused(services: Services, error: type[Exception], act: Callable[[], object]) -> Exception:
    """Check that this is refused without any effect, and return the error."""
    before = services.inventory()
    with pytest.raises(error) as caught:
        act()
    services.check_nothing_but_time_passed(before)
    return caught.value


def used(services: Services, owner: OwnerId) -> Usage:
    return services.budgets.of(owner).usage


@pytest.mark.parametrize(("tier", "budget"), [(Tier.FREE, Budget(free_jobs=2)), (Tier.TIER_1K, Budget(paid_jobs=2))])
def test_open_jobs_are_bounded_and_each_that_ends_makes_room(tier: Tier, budget: Budget) -> None:
    services = with_budgets(owner=budget)
    owner = services.owner()
    orders = [enhancing(services, owner, tier) for _ in range(4)]
    for order in orders[:2]:
        order()
    error = refused(services, TooManyJobs, orders[2])
    assert isinstance(error, TooManyJobs)
    assert (error.limit, error.retry_after_s) == (2, 30)
    services.work()
    orders[2]()
    job = next(job for job in services.inventory().jobs.values() if isinstance(job, PendingJob | StartedJob))
    services.jobs.cancellation.cancel(owner, job.id)
    orders[3]()
    assert used(services, owner).open_jobs == 1
    assert services.findings() == []


def test_free_jobs_take_no_room_from_paid_ones() -> None:
    services = with_budgets(owner=Budget(free_jobs=1, paid_jobs=1))
    owner = services.owner()
    free, paid, more = (enhancing(services, owner, tier) for tier in (Tier.FREE, Tier.TIER_4K, Tier.FREE))
    free()
    paid()
    refused(services, TooManyJobs, more)


def test_open_jobs_of_one_image_are_bounded() -> None:
    services = with_budgets(owner=Budget(image_jobs=3))
    owner = services.owner(tokens=1000)
    image = services.upload(owner).image
    services.upload(owner)

    def in_parallel() -> object:
        tiers = [Tier.TIER_1K, Tier.TIER_2K]
        return services.jobs.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=tiers)

    in_parallel()
    refused(services, TooManyJobs, in_parallel)
    services.work()
    in_parallel()


def test_a_batch_is_refused_whole() -> None:
    services = with_budgets(owner=Budget(paid_jobs=2, images=5))
    owner = services.owner()
    images = [services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image for _ in range(3)]
    ids = [image.id for image in images]
    batch = services.jobs.enhancements
    refused(services, TooManyJobs, lambda: batch.enhance_batch(owner, image_ids=ids, tier=Tier.TIER_1K))
    files = [NamedFile(filename="a.jpg", name=NAME, content=io.BytesIO(PICTURE)) for _ in range(3)]
    unenhanced = services.album(owner, auto_enhance=False).id
    for error, album in ((TooManyJobs, None), (QuotaExceeded, unenhanced)):
        upload = partial(services.images.batch_uploads.upload, owner, files=files, album_id=album)
        refused(services, error, upload)


def test_images_and_bytes_are_bounded_and_deleting_makes_room() -> None:
    size = len(PICTURE)
    for budget, resource in ((Budget(images=2), "images"), (Budget(stored_bytes=3 * size - 1), "stored bytes")):
        services = with_budgets(owner=budget)
        owner = services.owner()
        album = services.album(owner, auto_enhance=False).id
        image, _ = (services.upload(owner, content=PICTURE, album_id=album).image for _ in range(2))
        error = refused(services, QuotaExceeded, lambda: services.upload(owner, content=PICTURE, album_id=album))  # noqa: B023  # called at once
        assert isinstance(error, QuotaExceeded)
        assert error.resource == resource
        services.images.deletion.remove(owner, image.id)
        services.upload(owner, content=PICTURE, album_id=album)
        assert used(services, owner) == Usage(images=2, stored_bytes=2 * size)


def test_results_and_inputs_count_and_results_are_never_refused() -> None:
    services = with_budgets(owner=Budget(stored_bytes=2 * len(PICTURE)))
    owner = services.owner()
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image

    def blend() -> object:
        source = InlineImage(content=io.BytesIO(a_picture(VGA)))
        return services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE, source=source)

    blend()
    services.work()
    assert used(services, owner).stored_bytes > 2 * len(PICTURE)
    refused(services, QuotaExceeded, blend)
    services.images.deletion.remove(owner, image.id)
    assert used(services, owner) == Usage()
    assert services.findings() == []


def test_all_anonymous_owners_share_one_budget() -> None:
    services = with_budgets(anonymous=Budget(images=2, free_jobs=1))

    def upload() -> object:
        return services.images.uploads.upload_anonymously(name=NAME, content=io.BytesIO(PICTURE))

    first, second = upload(), upload()
    refused(services, QuotaExceeded, upload)

    def blend() -> object:
        return services.jobs.enhancements.blend_anonymously(first.id, source=second.id)  # type: ignore[attr-defined]

    blend()
    refused(services, TooManyJobs, blend)
    services.work()
    blend()
    services.work()
    services.images.deletion.expire_anonymous(retention=timedelta(0))
    services.pass_time(MINUTE)
    services.images.deletion.expire_anonymous(retention=timedelta(0))
    upload()
    assert services.findings() == []


def test_generations_count_as_paid_jobs() -> None:
    services = with_budgets(owner=Budget(paid_jobs=1))
    owner = services.owner()

    def generate() -> object:
        return services.jobs.generations.generate(
            owner, prompt=Prompt("a lake"), tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE
        )

    generate()
    refused(services, TooManyJobs, generate)


def test_an_owner_may_have_limits_of_their_own() -> None:
    services = with_budgets(owner=Budget(paid_jobs=1))
    owner, other = services.owner(), services.owner("eve@example.org")
    services.budgets.limit(ADA, BudgetOverrides(paid_jobs=2))
    for _ in range(2):
        services.upload(owner)
    services.upload(other)
    refused(services, TooManyJobs, enhancing(services, other))
    services.budgets.limit(owner, BudgetOverrides(paid_jobs=9, images=0))  # by id
    assert services.budgets.of(owner).budget == Budget(paid_jobs=9, images=0)
    refused(services, QuotaExceeded, lambda: services.upload(owner))


def test_nothing_new_is_accepted_while_the_store_has_too_little_space() -> None:
    left = [10]
    built = Services.build()
    owner = built.owner()
    image = built.upload(owner).image
    ingest = evolve(built.jobs.enhancements.ingest, free_space=FreeSpace(free_bytes=lambda: left[0], min_bytes=10))
    enhancements = evolve(built.jobs.enhancements, ingest=ingest)
    uploads = evolve(built.images.uploads, ingest=ingest)
    enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_1K)
    left[0] = 9
    for act in (
        lambda: enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_1K),
        lambda: enhancements.enhance_batch(owner, image_ids=[image.id], tier=Tier.TIER_1K),
        lambda: enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=[Tier.TIER_1K]),
        lambda: uploads.upload(owner, name=NAME, content=io.BytesIO(PICTURE)),
        lambda: uploads.upload_anonymously(name=NAME, content=io.BytesIO(PICTURE)),
    ):
        refused(built, StorageFull, act)
    built.work()
    assert built.findings() == []


def test_the_oldest_session_ends_when_there_are_too_many() -> None:
    services = with_budgets(sessions=2)
    registered = services.register()
    tokens: list[Secret] = [registered.session_token]
    for _ in range(2):
        services.pass_time(MINUTE)
        tokens.append(services.accounts.sessions.open(registered.user.id).token)
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(tokens[0])
    for token in tokens[1:]:
        assert services.accounts.authentication.authenticate(token) == registered.user.id


def test_sums_that_are_wrong_are_found_and_recounted() -> None:
    """As after an earlier release has served beside this one."""
    services = Services.build()
    owner = services.owner()
    services.upload(owner)
    right = services.inventory().wallets[owner]
    with services.transactions.begin() as tx:
        wrong = evolve(right, usage=Usage(free_jobs=7), parked=Tokens(9))
        tx.wallets.post(evolve(services.budgets.billing.lock(tx, owner, now=services.clock.now()), wallet=wrong))
    assert {finding.invariant for finding in services.findings()} == {"usage"}
    assert len(services.findings()) == 5
    assert services.budgets.recount() == 1
    assert services.inventory().wallets[owner] == right
    assert services.budgets.recount() == 0
    assert services.findings() == []


def test_work_that_was_thrown_away_takes_turns_from_its_owner_while_others_wait() -> None:
    services = Services.build(limits=JobLimits(active_jobs_max=3, work_per_turn=MINUTE))
    owner, other = services.owner(), services.owner("eve@example.org")
    job = services.claim(owner)
    services.pass_time(2 * MINUTE)
    services.jobs.cancellation.cancel(owner, job.id)
    services.inbox.messages.clear()

    for _ in range(2):
        services.upload(owner)
    assert len(services.inbox.messages) == 2, "no other owner waits"
    services.upload(other)
    for _ in range(3):
        services.upload(owner)
    assert len(services.inbox.messages) == 3, "two minutes are two turns of three"
    services.work()
    assert not any(isinstance(job, PendingJob | StartedJob) for job in services.inventory().jobs.values())
    assert services.findings() == []


def test_jobs_in_flight_are_bounded_by_the_processor_time_of_their_tiers() -> None:
    """One is always allowed, however long it may take."""
    services = Services.build(limits=JobLimits(active_time_max=12 * MINUTE, processor_time=10 * MINUTE))
    owner = services.owner()
    for tier in (Tier.TIER_4K, Tier.TIER_4K, Tier.TIER_1K, Tier.TIER_1K):
        enhancing(services, owner, tier)()
    tiers = [services.job(job_id).spec.tier for job_id in services.inbox.messages]
    assert tiers == [Tier.TIER_4K, Tier.TIER_1K, Tier.TIER_1K]
    assert services.budgets.of(owner).processor_time == 12 * MINUTE
    services.come_to_rest()
    assert used(services, owner).open_jobs == 0


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 7200)), max_size=6))
def test_recent_work_never_grows_by_waiting(attempts: list[tuple[int, int]]) -> None:
    work, now = RecentWork(), NOON
    for spent_s, pause_s in attempts:
        before = work.at(now)
        work = work.plus(timedelta(seconds=spent_s), now=now)
        assert abs(work.at(now) - before - timedelta(seconds=spent_s)) <= timedelta(milliseconds=1)
        now += timedelta(seconds=pause_s)
        assert work.at(now) <= work.at(now - timedelta(seconds=pause_s))
    assert abs(work.at(now + WORK_HALF_LIFE) * 2 - work.at(now)) <= timedelta(milliseconds=2)
