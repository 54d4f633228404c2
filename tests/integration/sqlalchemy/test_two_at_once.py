"""Two equal or opposite operations at once, on SQLite, by threads that start together.

Others of the kind: spending in `test_concurrency.py`, moving in `test_arrangement.py`, deletion against delivery in
`test_removal.py`, a key sent from many sides in `test_idempotency.py`.
"""

import io
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest

from services import Services
from spike_core.domain.api_keys import ApiKeyName, ApiKeyRules
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.errors import (
    ApiKeyLimitReached,
    Conflict,
    ImageNotFound,
    JobNotFound,
    SpikeError,
    Unauthenticated,
)
from spike_core.domain.images import Image
from spike_core.domain.jobs import CancelledJob, ClaimedJob, CompletedJob, Result
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_memory.engine import a_picture
from spike_sqlalchemy import SqlAlchemyDatabase

TRIES = 8


@pytest.fixture
def services(database: SqlAlchemyDatabase) -> Services:
    return Services.build(transactions=database.transactions)


def at_once(*actions: Callable[[], object]) -> Sequence[SpikeError | None]:
    """Run all at the same time and return their errors."""
    refusals: list[SpikeError | None] = [None] * len(actions)
    bugs: list[BaseException] = []
    start = threading.Barrier(len(actions))

    def act(number: int) -> None:
        start.wait()
        try:
            actions[number]()
        except SpikeError as error:
            refusals[number] = error
        except BaseException as error:  # noqa: BLE001  # reported by the assertion
            bugs.append(error)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bugs == []
    return refusals


def a_delivery(services: Services, job: ClaimedJob, image: Image) -> Callable[[], object]:
    """Store a worker's result and return the function that delivers it."""
    size = SPECIFIED[job.spec.tier].output_size(image.dimensions)
    picture = a_picture(size)
    key = ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=job.attempt)
    services.blobs.put(key, io.BytesIO(picture))
    result = Result(key=key, format=PictureFormat.JPEG, dimensions=size, size_bytes=len(picture))
    return lambda: services.jobs.transitions.complete(job, result)


@pytest.mark.parametrize("number", range(TRIES))
def test_a_cancellation_against_a_delivery_has_one_winner(services: Services, number: int) -> None:
    """Lesson 4: a status was overwritten unconditionally, so a cancelled job was completed, and refunded."""
    owner = services.owner(tokens=10)
    image = services.upload(owner).image
    claimed = services.jobs.transitions.claim(services.inbox.messages.popleft())
    actions = [a_delivery(services, claimed, image), lambda: services.jobs.cancellation.cancel(owner, claimed.id)]
    refusals = at_once(*(reversed(actions) if number % 2 else actions))
    assert [isinstance(refusal, Conflict) for refusal in refusals].count(True) == 1
    assert [refusal is None for refusal in refusals].count(True) == 1
    settled = services.job(claimed.id)
    assert isinstance(settled, CancelledJob | CompletedJob)
    assert services.balance(owner) == (10 if isinstance(settled, CancelledJob) else 8)
    services.pass_time(services.limits.orphan_age + timedelta(seconds=1))
    services.maintenance.recovery.collect_orphans()
    assert services.findings() == []


@pytest.mark.parametrize("threads", [2, 6])
def test_of_many_cancellations_at_once_one_pays_back(services: Services, threads: int) -> None:
    """Lesson 4, the other half: two simultaneous cancellations refunded twice."""
    owner = services.owner(tokens=10)
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image
    for _ in range(TRIES):
        job = services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_4K).job
        refusals = at_once(*[partial(services.jobs.cancellation.cancel, owner, job.id)] * threads)
        assert sum(refusal is None for refusal in refusals) == 1
        assert services.balance(owner) == 10
    assert services.story(owner).count(("REFUND", 10)) == TRIES
    assert services.findings() == []


@pytest.mark.parametrize("threads", [2, 6])
def test_of_many_charges_at_once_none_exceeds_the_keys_limit(services: Services, threads: int) -> None:
    """And a refund among them gives back what it gives back, once."""
    owner = services.owner(tokens=100)
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image
    limits = services.accounts.api_key_limits
    key = services.accounts.api_keys.create(owner, ApiKeyName("ci"), ApiKeyRules(monthly_limit=Tokens(15))).key
    paid = services.jobs.enhancements.before_commit(limits.charging(key))
    first = paid.enhance(owner, image_id=image.id, tier=Tier.TIER_2K).job
    enhance = partial(paid.enhance, owner, image_id=image.id, tier=Tier.TIER_2K)
    refusals = at_once(*[enhance] * threads)
    assert sum(refusal is None for refusal in refusals) == 2
    assert all(refusal is None or isinstance(refusal, ApiKeyLimitReached) for refusal in refusals)
    assert limits.spent([key]) == {key.id: Tokens(15)}
    refusals = at_once(partial(services.jobs.cancellation.cancel, owner, first.id), *[enhance] * threads)
    accepted = sum(refusal is None for refusal in refusals[1:])
    assert accepted <= 1
    assert limits.spent([key]) == {key.id: Tokens(10 + 5 * accepted)}
    assert services.balance(owner) == 100 - 10 - 5 * accepted
    assert services.findings() == []


@pytest.mark.parametrize("threads", [2, 6])
def test_of_many_that_redeem_one_link_at_once_one_is_signed_in(services: Services, threads: int) -> None:
    owner = services.owner()
    link = services.accounts.sessions.open_link(owner)
    refusals = at_once(*[partial(services.accounts.sessions.redeem, link.token)] * threads)
    assert sum(refusal is None for refusal in refusals) == 1
    assert all(refusal is None or isinstance(refusal, Unauthenticated) for refusal in refusals)
    assert len(services.accounts.sessions.of(owner)) == 2


@pytest.mark.parametrize("number", range(TRIES))
def test_a_sweep_against_a_late_delivery_has_one_winner(services: Services, number: int) -> None:
    """Lesson 3: a job was taken from a worker that delivered a moment too late, and counted twice."""
    owner = services.owner(tokens=10)
    image = services.upload(owner).image
    claimed = services.jobs.transitions.claim(services.inbox.messages.popleft())
    services.pass_time(services.limits.lease + timedelta(seconds=number))
    delivered, swept = at_once(a_delivery(services, claimed, image), services.maintenance.recovery.repair)
    assert swept is None
    assert delivered is None or isinstance(delivered, Conflict)
    assert isinstance(services.job(claimed.id), CompletedJob) == (delivered is None)
    services.come_to_rest()
    assert isinstance(services.job(claimed.id), CompletedJob)
    assert services.balance(owner) == 8
    services.pass_time(services.limits.orphan_age + timedelta(seconds=1))
    services.maintenance.recovery.collect_orphans()
    assert services.findings() == []


@pytest.mark.parametrize("other", ["deletion", "cancellation", "sweeper"])
def test_two_deletions_of_a_kind_pay_back_once_and_leave_nothing(services: Services, other: str) -> None:
    """Lesson 17: a job whose image was deleted while it ran lost its tokens, or was refunded twice."""
    owner = services.owner(tokens=10)
    for _ in range(TRIES):
        uploaded = services.upload(owner)
        job = uploaded.job
        assert job is not None
        others: dict[str, Callable[[], object]] = {
            "deletion": partial(services.images.deletion.remove, owner, uploaded.image.id),
            "cancellation": partial(services.jobs.cancellation.cancel, owner, job.id),
            "sweeper": services.images.deletion.finish_pending,
        }
        refusals = at_once(partial(services.images.deletion.remove, owner, uploaded.image.id), others[other])
        assert None in refusals
        assert all(isinstance(refusal, ImageNotFound | JobNotFound | Conflict | None) for refusal in refusals)
        assert services.balance(owner) == 10
    inventory = services.inventory()
    assert (inventory.images, inventory.jobs, inventory.objects) == ({}, {}, frozenset())
    assert services.story(owner).count(("REFUND", 2)) == TRIES
    assert services.findings() == []


@pytest.mark.parametrize("number", range(TRIES))
def test_a_deletion_against_a_move_leaves_no_place_without_its_image(services: Services, number: int) -> None:
    """Lessons 16 and 17: albums kept positions and covers of deleted images."""
    owner = services.owner()
    album = services.album(owner, auto_enhance=False)
    image, other = (services.upload(owner).image.id for _ in range(2))
    actions = [
        lambda: services.album_contents.move(owner, [image, other], target=album.id),
        lambda: services.images.deletion.remove(owner, image),
    ]
    moved = at_once(*actions)[0] if number % 2 else at_once(*reversed(actions))[1]
    assert moved is None or isinstance(moved, ImageNotFound)
    shown = services.albums.show(album.id, viewer=owner)
    assert [place.image_id for place, _ in shown.images] == ([other] if moved is None else [])
    assert services.findings() == []
