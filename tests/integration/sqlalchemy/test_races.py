"""Two at the same rows: whoever comes second waits, looks again, and nothing is lost.

Each race is arranged, not hoped for: the second begins when the first has read, and is given time to go wrong.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from house import House
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
from spike_core.services.labelling import Labels

A_MOMENT_S: Final = 0.1  # in which the second would have gone wrong
PATIENCE_S: Final = 20


@frozen
class Pausing:
    """Transactions that pause before their commit, once."""

    inner: Transactions
    pause: Callable[[], None]

    def begin(self) -> AbstractContextManager[Transaction]:
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        return self.inner.view()

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self.inner.begin() as tx:
            yield tx
            self.pause()


class Outcome:
    """What became of whoever came second."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None


def overtaken(service: Any, first: Callable[[Any], object], second: Callable[[], object]) -> Outcome:
    """Let `second` begin when `first` has done everything but its commit, and return what became of it."""
    outcome = Outcome()

    def run() -> None:
        try:
            outcome.result = second()
        except BaseException as error:  # noqa: BLE001  # told by the assertions
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


def _labels(**changes: Any) -> Labels:
    """Return what is to change, each named."""
    arguments: dict[str, Any] = dict(changes)
    return Labels(**arguments)


@pytest.fixture
def house(transactions: Transactions) -> House:
    return House.build(transactions=transactions)


@pytest.fixture
def owner(house: House) -> OwnerId:
    return house.owner(tokens=100)


@pytest.fixture
def image(house: House, owner: OwnerId) -> Image:
    return house.upload(owner).image


@pytest.fixture
def claimed(house: House, image: Image) -> ClaimedJob:
    """The job of the image, at a worker."""
    [job_id] = house.inbox.messages
    claimed = house.settlement.claim(job_id)
    assert claimed.order.task == Enhancement(image_id=image.id)
    return claimed


def test_a_job_asked_for_while_its_image_goes_is_refused(house: House, owner: OwnerId, image: Image) -> None:
    asked = overtaken(
        house.removal,
        lambda removal: removal.remove(owner, image.id),
        lambda: house.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
    )
    assert isinstance(asked.error, ImageNotFound)
    assert house.balance(owner) == 100
    assert house.inventory().jobs == {}
    assert house.findings() == []


def test_an_image_that_goes_while_a_job_is_asked_for_takes_the_job_along(
    house: House, owner: OwnerId, image: Image
) -> None:
    removed = overtaken(
        house.enhancements,
        lambda enhancements: enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
        lambda: house.removal.remove(owner, image.id),
    )
    assert removed.error is None
    assert house.balance(owner) == 100
    assert (house.inventory().jobs, house.inventory().images) == ({}, {})
    assert house.findings() == []


def test_an_image_that_goes_while_it_is_moved_is_in_no_album(house: House, owner: OwnerId, image: Image) -> None:
    album = house.albums.create(owner, NewAlbum(name=AlbumName("holidays")))
    moved = overtaken(
        house.removal,
        lambda removal: removal.remove(owner, image.id),
        lambda: house.arrangement.move(owner, [image.id], target=album.id),
    )
    assert isinstance(moved.error, ImageNotFound)
    assert house.albums.show(album.id, viewer=owner).images == []


def test_of_two_changes_to_one_image_neither_is_lost(house: House, owner: OwnerId, image: Image) -> None:
    """An image that was made private mustn't become public because somebody renamed it meanwhile."""
    house.labelling.change(owner, image.id, _labels(is_public=True))
    renamed = overtaken(
        house.labelling,
        lambda labelling: labelling.change(owner, image.id, _labels(is_public=False)),
        lambda: house.labelling.change(owner, image.id, _labels(name=ImageName("b.jpg"))),
    )
    assert renamed.error is None
    stored = house.gallery.image(image.id, viewer=owner).image
    assert (stored.name, stored.is_public) == (ImageName("b.jpg"), False)


def test_a_worker_that_is_faster_than_the_note_of_its_message_gets_the_job(
    house: House, owner: OwnerId, image: Image
) -> None:
    """Its message is the only one: a worker that took the job for somebody else's would leave it lying for minutes."""
    house.inbox.refuses = True
    job = house.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K).job
    house.inbox.refuses = False
    claimed = overtaken(
        house.dispatch,
        lambda dispatch: dispatch.start([job]),
        lambda: house.settlement.claim(job.id),
    )
    assert claimed.error is None
    assert isinstance(house.job(job.id), ClaimedJob)
    assert job.id not in {message.job_id for message in house.inventory().messages}


def test_a_worker_that_shows_life_isnt_buried(house: House, claimed: ClaimedJob) -> None:
    """Its renewal keeps the fence, so only a second look can tell."""
    house.clock.advance(house.limits.lease + timedelta(seconds=1))
    buried = overtaken(
        house.settlement,
        lambda settlement: settlement.renew(claimed, progress=50),
        lambda: house.settlement.bury(claimed),
    )
    assert isinstance(buried.error, JobChanged)
    assert isinstance(house.job(claimed.id), ClaimedJob)


def test_a_burial_that_comes_first_is_final(house: House, claimed: ClaimedJob) -> None:
    house.clock.advance(house.limits.lease + timedelta(seconds=1))
    renewed = overtaken(
        house.settlement,
        lambda settlement: settlement.bury(claimed),
        lambda: house.settlement.renew(claimed, progress=50),
    )
    assert isinstance(renewed.error, JobChanged)


def test_a_cancellation_against_a_failure_refunds_once(house: House, owner: OwnerId, claimed: ClaimedJob) -> None:
    failed = overtaken(
        house.cancellation,
        lambda cancellation: cancellation.cancel(owner, claimed.id),
        lambda: house.settlement.fail(claimed, "no"),
    )
    assert isinstance(failed.error, JobChanged)
    assert house.balance(owner) == 100
    assert house.findings() == []


def test_nobody_gets_an_album_too_many(house: House) -> None:
    owner_id = an_owner()
    with house.transactions.begin() as tx:
        for _ in range(ALBUMS_PER_OWNER_MAX - 1):
            tx.albums.add(an_album(owner_id=owner_id))
    second = overtaken(
        house.albums,
        lambda albums: albums.create(owner_id, NewAlbum(name=AlbumName("the last"))),
        lambda: house.albums.create(owner_id, NewAlbum(name=AlbumName("one more"))),
    )
    assert isinstance(second.error, TooManyAlbums)
    assert len(house.albums.of_owner(owner_id)) == ALBUMS_PER_OWNER_MAX


def test_the_same_email_is_taken_once(house: House) -> None:
    second = overtaken(
        house.registration,
        lambda registration: registration.register(Email.parse("ada@example.org")),
        lambda: house.registration.register(Email.parse("ada@example.org")),
    )
    assert isinstance(second.error, EmailTaken)
