"""Two transactions on the same rows: the second one waits, reads again, and no update is lost.

Each race is arranged, not hoped for: the second begins when the first has read, and is given time to go wrong.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from services import Services
from spike_contracts.builders import an_album, an_owner
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumName
from spike_core.domain.errors import EmailTaken, ImageNotFound, JobChanged, TooManyAlbums
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import ClaimedJob
from spike_core.domain.limits import ALBUMS_PER_OWNER_MAX
from spike_core.domain.tasks import Enhancement
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.albums import NewAlbum
from spike_core.services.image_updates import ImagePatch

A_MOMENT_S: Final = 0.1  # in which the second would have gone wrong
PATIENCE_S: Final = 20


@frozen
class Pausing:
    """Transactions that pause once, before their commit."""

    inner: Transactions
    pause: Callable[[], None]

    def begin(self) -> AbstractContextManager[Transaction]:
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        return self.inner.view()

    def when_committed(self, action: Callable[[], object]) -> None:
        self.inner.when_committed(action)

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self.inner.begin() as tx:
            yield tx
            self.pause()


class Outcome:
    """The result of the second transaction."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None


def overtaken(service: Any, first: Callable[[Any], object], second: Callable[[], object]) -> Outcome:
    """Start `second` when `first` has done everything but its commit, and return its outcome."""
    outcome = Outcome()

    def run() -> None:
        try:
            outcome.result = second()
        except BaseException as error:  # noqa: BLE001  # reported by the assertions
            outcome.error = error

    rival = threading.Thread(target=run)

    def pause() -> None:
        if not rival.ident:  # only the first transaction of a use case
            rival.start()
            rival.join(A_MOMENT_S)

    first(evolve(service, transactions=Pausing(service.transactions, pause)))
    rival.join(PATIENCE_S)
    assert not rival.is_alive()
    return outcome


def _labels(**changes: Any) -> ImagePatch:
    """Return what is to change, each named."""
    arguments: dict[str, Any] = dict(changes)
    return ImagePatch(**arguments)


@pytest.fixture
def services(transactions: Transactions) -> Services:
    return Services.build(transactions=transactions)


@pytest.fixture
def owner(services: Services) -> OwnerId:
    return services.owner(tokens=100)


@pytest.fixture
def image(services: Services, owner: OwnerId) -> Image:
    return services.upload(owner).image


@pytest.fixture
def claimed(services: Services, image: Image) -> ClaimedJob:
    """The image's job, claimed by a worker."""
    [job_id] = services.inbox.messages
    claimed = services.jobs.transitions.claim(job_id)
    assert claimed.spec.task == Enhancement(image_id=image.id)
    return claimed


def test_a_job_asked_for_while_its_image_goes_is_refused(services: Services, owner: OwnerId, image: Image) -> None:
    asked = overtaken(
        services.images.deletion,
        lambda deletion: deletion.remove(owner, image.id),
        lambda: services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
    )
    assert isinstance(asked.error, ImageNotFound)
    assert services.balance(owner) == 100
    assert services.inventory().jobs == {}
    assert services.findings() == []


def test_an_image_that_goes_while_a_job_is_asked_for_takes_the_job_along(
    services: Services, owner: OwnerId, image: Image
) -> None:
    removed = overtaken(
        services.jobs.enhancements,
        lambda enhancements: enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
        lambda: services.images.deletion.remove(owner, image.id),
    )
    assert removed.error is None
    assert services.balance(owner) == 100
    assert (services.inventory().jobs, services.inventory().images) == ({}, {})
    assert services.findings() == []


def test_an_image_that_goes_while_it_is_moved_is_in_no_album(services: Services, owner: OwnerId, image: Image) -> None:
    album = services.albums.create(owner, NewAlbum(name=AlbumName("holidays")))
    moved = overtaken(
        services.images.deletion,
        lambda deletion: deletion.remove(owner, image.id),
        lambda: services.album_contents.move(owner, [image.id], target=album.id),
    )
    assert isinstance(moved.error, ImageNotFound)
    assert services.albums.show(album.id, viewer=owner).images == []


def test_of_two_changes_to_one_image_neither_is_lost(services: Services, owner: OwnerId, image: Image) -> None:
    """An image that was made private mustn't become public because it was renamed meanwhile."""
    services.images.updates.change(owner, image.id, _labels(is_public=True))
    renamed = overtaken(
        services.images.updates,
        lambda image_updates: image_updates.change(owner, image.id, _labels(is_public=False)),
        lambda: services.images.updates.change(owner, image.id, _labels(name=ImageName("b.jpg"))),
    )
    assert renamed.error is None
    stored = services.queries.image(image.id, viewer=owner).image
    assert (stored.name, stored.is_public) == (ImageName("b.jpg"), False)


def test_a_worker_that_is_faster_than_the_note_of_its_message_gets_the_job(
    services: Services, owner: OwnerId, image: Image
) -> None:
    """Its message is the only one: a worker that believed the job to be another worker's would delay it for minutes."""
    services.inbox.refuses = True
    job = services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K).job
    services.inbox.refuses = False
    claimed = overtaken(
        services.jobs.dispatch,
        lambda dispatch: dispatch.start([job]),
        lambda: services.jobs.transitions.claim(job.id),
    )
    assert claimed.error is None
    assert isinstance(services.job(job.id), ClaimedJob)
    assert job.id not in {message.job_id for message in services.inventory().messages}


def test_a_worker_that_shows_life_isnt_buried(services: Services, claimed: ClaimedJob) -> None:
    """A renewal keeps the fence, so only a second read can detect it."""
    services.clock.advance(services.limits.lease + timedelta(seconds=1))
    buried = overtaken(
        services.jobs.transitions,
        lambda job_transitions: job_transitions.renew(claimed, progress=50),
        lambda: services.jobs.transitions.expire_lease(claimed),
    )
    assert isinstance(buried.error, JobChanged)
    assert isinstance(services.job(claimed.id), ClaimedJob)


def test_a_burial_that_comes_first_is_final(services: Services, claimed: ClaimedJob) -> None:
    services.clock.advance(services.limits.lease + timedelta(seconds=1))
    renewed = overtaken(
        services.jobs.transitions,
        lambda job_transitions: job_transitions.expire_lease(claimed),
        lambda: services.jobs.transitions.renew(claimed, progress=50),
    )
    assert isinstance(renewed.error, JobChanged)


def test_a_cancellation_against_a_failure_refunds_once(services: Services, owner: OwnerId, claimed: ClaimedJob) -> None:
    failed = overtaken(
        services.jobs.cancellation,
        lambda cancellation: cancellation.cancel(owner, claimed.id),
        lambda: services.jobs.transitions.fail(claimed, "no"),
    )
    assert isinstance(failed.error, JobChanged)
    assert services.balance(owner) == 100
    assert services.findings() == []


def test_nobody_gets_an_album_too_many(services: Services) -> None:
    owner_id = an_owner()
    with services.transactions.begin() as tx:
        for _ in range(ALBUMS_PER_OWNER_MAX - 1):
            tx.albums.add(an_album(owner_id=owner_id))
    second = overtaken(
        services.albums,
        lambda albums: albums.create(owner_id, NewAlbum(name=AlbumName("the last"))),
        lambda: services.albums.create(owner_id, NewAlbum(name=AlbumName("one more"))),
    )
    assert isinstance(second.error, TooManyAlbums)
    assert len(services.albums.of_owner(owner_id)) == ALBUMS_PER_OWNER_MAX


def test_the_same_email_is_taken_once(services: Services) -> None:
    second = overtaken(
        services.accounts.registration,
        lambda registration: registration.register(Email.parse("ada@example.org")),
        lambda: services.accounts.registration.register(Email.parse("ada@example.org")),
    )
    assert isinstance(second.error, EmailTaken)
