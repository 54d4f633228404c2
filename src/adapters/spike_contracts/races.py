"""Laws of two transactions on the same rows: the second one waits, reads again, and no update is lost.

Each race is arranged, not hoped for: the second begins when the first has read, and is given time to go wrong.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import evolve, frozen

from spike_contracts.builders import an_album, an_opening, an_owner
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumName
from spike_core.domain.errors import EmailTaken, ImageNotFound, JobChanged, TooManyAlbums
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import ClaimedJob, Job
from spike_core.domain.limits import ALBUMS_PER_OWNER_MAX
from spike_core.domain.tasks import Enhancement
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.albums import NewAlbum
from spike_core.services.image_updates import ImagePatch
from spike_memory import InMemorySpike

EVERYTHING: Final = 10_000
THE_END: Final = datetime.max.replace(tzinfo=UTC)
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


def _spike(transactions: Transactions) -> InMemorySpike:
    return InMemorySpike.build(transactions=transactions)


def _uploaded(transactions: Transactions) -> tuple[InMemorySpike, OwnerId, Image]:
    """Return a Spike with an owner of 100 tokens, who has uploaded an image."""
    spike = _spike(transactions)
    owner = spike.owner(tokens=100)
    return spike, owner, spike.upload(owner).image


def _claimed(transactions: Transactions) -> tuple[InMemorySpike, OwnerId, ClaimedJob]:
    """Return the same, and the image's job, claimed by a worker."""
    spike, owner, image = _uploaded(transactions)
    [job_id] = spike.inbox.messages
    claimed = spike.jobs.transitions.claim(job_id)
    assert claimed.spec.task == Enhancement(image_id=image.id)
    return spike, owner, claimed


def _jobs_and_images(spike: InMemorySpike) -> tuple[list[Job], list[Image]]:
    with spike.transactions.view() as tx:
        return list(tx.audit.jobs(limit=EVERYTHING)), list(tx.audit.images(limit=EVERYTHING))


class RacesContract:
    """Laws every Transactions adapter keeps, under a whole Spike.

    Needs the fixture `transactions`, of an empty database.
    """

    def test_a_job_asked_for_while_its_image_goes_is_refused(self, transactions: Transactions) -> None:
        spike, owner, image = _uploaded(transactions)
        asked = overtaken(
            spike.images.deletion,
            lambda deletion: deletion.remove(owner, image.id),
            lambda: spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
        )
        assert isinstance(asked.error, ImageNotFound)
        assert spike.balance(owner) == 100
        assert _jobs_and_images(spike)[0] == []
        assert list(spike.maintenance.audit.findings()) == []

    def test_an_image_that_goes_while_a_job_is_asked_for_takes_the_job_along(self, transactions: Transactions) -> None:
        spike, owner, image = _uploaded(transactions)
        removed = overtaken(
            spike.jobs.enhancements,
            lambda enhancements: enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K),
            lambda: spike.images.deletion.remove(owner, image.id),
        )
        assert removed.error is None
        assert spike.balance(owner) == 100
        assert _jobs_and_images(spike) == ([], [])
        assert list(spike.maintenance.audit.findings()) == []

    def test_an_image_that_goes_while_it_is_moved_is_in_no_album(self, transactions: Transactions) -> None:
        spike, owner, image = _uploaded(transactions)
        album = spike.albums.create(owner, NewAlbum(name=AlbumName("holidays")))
        moved = overtaken(
            spike.images.deletion,
            lambda deletion: deletion.remove(owner, image.id),
            lambda: spike.album_contents.move(owner, [image.id], target=album.id),
        )
        assert isinstance(moved.error, ImageNotFound)
        assert spike.albums.show(album.id, viewer=owner).images == []

    def test_of_two_changes_to_one_image_neither_is_lost(self, transactions: Transactions) -> None:
        """An image that was made private mustn't become public because it was renamed meanwhile."""
        spike, owner, image = _uploaded(transactions)
        spike.images.updates.change(owner, image.id, _labels(is_public=True))
        renamed = overtaken(
            spike.images.updates,
            lambda image_updates: image_updates.change(owner, image.id, _labels(is_public=False)),
            lambda: spike.images.updates.change(owner, image.id, _labels(name=ImageName("b.jpg"))),
        )
        assert renamed.error is None
        stored = spike.queries.image(image.id, viewer=owner).image
        assert (stored.name, stored.is_public) == (ImageName("b.jpg"), False)

    def test_a_worker_that_is_faster_than_the_note_of_its_message_gets_the_job(
        self, transactions: Transactions
    ) -> None:
        """Its message is the only one: a worker that took the job for another worker's would delay it for minutes."""
        spike, owner, image = _uploaded(transactions)
        spike.inbox.refuses = True
        job = spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K).job
        spike.inbox.refuses = False
        claimed = overtaken(
            spike.jobs.dispatch,
            lambda dispatch: dispatch.start([job]),
            lambda: spike.jobs.transitions.claim(job.id),
        )
        assert claimed.error is None
        assert isinstance(spike.job(job.id), ClaimedJob)
        with transactions.view() as tx:
            assert job.id not in {message.job_id for message in tx.outbox.due(now=THE_END, limit=EVERYTHING)}

    def test_a_worker_that_shows_life_isnt_buried(self, transactions: Transactions) -> None:
        """A renewal keeps the fence, so only a second read can detect it."""
        spike, _, claimed = _claimed(transactions)
        spike.clock.advance(spike.limits.lease + timedelta(seconds=1))
        buried = overtaken(
            spike.jobs.transitions,
            lambda job_transitions: job_transitions.renew(claimed, progress=50),
            lambda: spike.jobs.transitions.expire_lease(claimed),
        )
        assert isinstance(buried.error, JobChanged)
        assert isinstance(spike.job(claimed.id), ClaimedJob)

    def test_a_burial_that_comes_first_is_final(self, transactions: Transactions) -> None:
        spike, _, claimed = _claimed(transactions)
        spike.clock.advance(spike.limits.lease + timedelta(seconds=1))
        renewed = overtaken(
            spike.jobs.transitions,
            lambda job_transitions: job_transitions.expire_lease(claimed),
            lambda: spike.jobs.transitions.renew(claimed, progress=50),
        )
        assert isinstance(renewed.error, JobChanged)

    def test_a_cancellation_against_a_failure_refunds_once(self, transactions: Transactions) -> None:
        spike, owner, claimed = _claimed(transactions)
        failed = overtaken(
            spike.jobs.cancellation,
            lambda cancellation: cancellation.cancel(owner, claimed.id),
            lambda: spike.jobs.transitions.fail(claimed, "no"),
        )
        assert isinstance(failed.error, JobChanged)
        assert spike.balance(owner) == 100
        assert list(spike.maintenance.audit.findings()) == []

    def test_nobody_gets_an_album_too_many(self, transactions: Transactions) -> None:
        spike = _spike(transactions)
        owner_id = an_owner()
        with spike.transactions.begin() as tx:
            tx.wallets.open(an_opening(owner_id=owner_id))
            for _ in range(ALBUMS_PER_OWNER_MAX - 1):
                tx.albums.add(an_album(owner_id=owner_id))
        second = overtaken(
            spike.albums,
            lambda albums: albums.create(owner_id, NewAlbum(name=AlbumName("the last"))),
            lambda: spike.albums.create(owner_id, NewAlbum(name=AlbumName("one more"))),
        )
        assert isinstance(second.error, TooManyAlbums)
        assert len(spike.albums.of_owner(owner_id)) == ALBUMS_PER_OWNER_MAX

    def test_the_same_email_is_taken_once(self, transactions: Transactions) -> None:
        spike = _spike(transactions)
        second = overtaken(
            spike.accounts.registration,
            lambda registration: registration.register(Email.parse("ada@example.org")),
            lambda: spike.accounts.registration.register(Email.parse("ada@example.org")),
        )
        assert isinstance(second.error, EmailTaken)
