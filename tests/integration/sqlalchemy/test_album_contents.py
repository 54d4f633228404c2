"""Moving images in a database: the number of statements, concurrent moves, and arbitrary sequences."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, an_album, an_image, an_owner
from spike_contracts.wallets import PROPERTY
from spike_core.domain.album_order import moved_to_end, without
from spike_core.domain.albums import AlbumPatch
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.ports.transactions import Transactions
from spike_core.services.album_contents import AlbumContents
from spike_core.services.albums import Albums
from spike_core.services.transaction_retries import retry_on_conflict
from spike_memory import CountingIds, CountingSecrets, ManualClock
from spike_sqlalchemy import SqlAlchemyDatabase
from tracing import traced

STATEMENTS_MAX: Final = 10  # BEGIN and COMMIT among them
THREADS: Final = 4
ROUNDS: Final = 5


@pytest.fixture
def owner_id() -> OwnerId:
    return an_owner()


def _arrangement(transactions: Transactions, ids: CountingIds | None = None) -> AlbumContents:
    return AlbumContents(transactions=transactions, clock=ManualClock(), ids=ids or CountingIds())


def _album(transactions: Transactions, owner_id: OwnerId) -> AlbumId:
    album = an_album(owner_id=owner_id)
    with transactions.begin() as tx:
        tx.albums.add(album)
    return album.id


def _images(transactions: Transactions, owner_id: OwnerId, count: int) -> list[ImageId]:
    images = [an_image(owner_id=owner_id) for _ in range(count)]
    with transactions.begin() as tx:
        for image in images:
            tx.images.add(image)
    return [image.id for image in images]


def _order(transactions: Transactions, album_id: AlbumId) -> tuple[ImageId, ...]:
    with transactions.view() as tx:
        return tuple(place.image_id for place in tx.albums.images(album_id))


def _counted(transactions: Transactions, *albums: AlbumId) -> dict[AlbumId, int]:
    """Return the numbers of images that are kept with albums."""
    with transactions.view() as tx:
        return {each.album_id: each.kept for each in tx.audit.album_counts(albums)}


@pytest.mark.parametrize("there", ["none", "half", "all"])
def test_a_hundred_images_take_as_many_statements_as_one(
    database: SqlAlchemyDatabase, owner_id: OwnerId, there: str
) -> None:
    transactions = database.transactions
    ids = _images(transactions, owner_id, 101)
    place_ids = CountingIds()
    album_contents = _arrangement(transactions, place_ids)
    albums = Albums(transactions=transactions, clock=ManualClock(), ids=place_ids, secrets=CountingSecrets())
    taken: list[list[str]] = []
    for moving in (ids[:1], ids[1:]):
        source, target = _album(transactions, owner_id), _album(transactions, owner_id)
        album_contents.move(owner_id, moving, target=source)
        if share := {"none": 0, "half": len(moving) // 2, "all": len(moving)}[there]:
            album_contents.move(owner_id, moving[:share], target=target)
        albums.change(owner_id, source, AlbumPatch(cover_image_id=moving[0]))  # so that it has to be taken off
        with traced(database.engine) as statements:
            album_contents.move(owner_id, moving, target=target, source=source)
        taken.append(statements)
        assert _order(transactions, target) == tuple(moving)
        assert _order(transactions, source) == ()
    one, hundred = taken
    assert len(one) == len(hundred) <= STATEMENTS_MAX
    assert [text.split()[0] for text in one] == [text.split()[0] for text in hundred]


@pytest.mark.parametrize("engines", [1, 2])
def test_moves_into_one_album_at_the_same_time_lose_nothing(
    database: SqlAlchemyDatabase, another: Callable[[], SqlAlchemyDatabase], owner_id: OwnerId, engines: int
) -> None:
    """Invariant I9, through one engine or several: no image is lost, and each mover's images stay in order."""
    databases = [database, *(another() for _ in range(engines - 1))]
    target, place_ids = _album(database.transactions, owner_id), CountingIds()
    shared = _images(database.transactions, owner_id, 3)
    batches = [_images(database.transactions, owner_id, 5 * ROUNDS) for _ in range(THREADS)]
    start = threading.Barrier(THREADS)
    failures: list[BaseException] = []

    def move(number: int) -> None:
        album_contents = _arrangement(databases[number % engines].transactions, place_ids)
        start.wait()
        try:
            for first in range(0, 5 * ROUNDS, 5):
                album_contents.move(owner_id, [*batches[number][first : first + 5], *shared], target=target)
        except BaseException as error:  # noqa: BLE001  # reported by the assertion
            failures.append(error)

    threads = [threading.Thread(target=move, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    order = _order(database.transactions, target)
    assert _counted(database.transactions, target) == {target: len(order)}
    assert sorted(order) == sorted([*shared, *(image_id for batch in batches for image_id in batch)])
    assert order[-3:] == tuple(shared)
    for batch in batches:
        assert [image_id for image_id in order if image_id in set(batch)] == batch


def test_moves_between_two_albums_in_both_directions_end(database: SqlAlchemyDatabase, owner_id: OwnerId) -> None:
    transactions = database.transactions
    here, there = _album(transactions, owner_id), _album(transactions, owner_id)
    ids, place_ids = _images(transactions, owner_id, 6), CountingIds()
    _arrangement(transactions, place_ids).move(owner_id, ids, target=here)
    start = threading.Barrier(2)

    def move(target: AlbumId, source: AlbumId) -> None:
        start.wait()
        for _ in range(ROUNDS):
            _arrangement(transactions, place_ids).move(owner_id, ids, target=target, source=source)

    threads = [threading.Thread(target=move, args=pair) for pair in ((here, there), (there, here))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted([*_order(transactions, here), *_order(transactions, there)]) == sorted(ids)
    assert _counted(transactions, here, there) == {
        album_id: len(_order(transactions, album_id)) for album_id in (here, there)
    }


def test_while_images_are_added_and_deleted_at_once_albums_count_what_they_contain(
    database: SqlAlchemyDatabase, owner_id: OwnerId
) -> None:
    """Each deletion takes an image out of both albums, without locking them first."""
    transactions, place_ids = database.transactions, CountingIds()
    albums = [_album(transactions, owner_id) for _ in range(2)]
    old, fresh = (_images(transactions, owner_id, 2 * ROUNDS) for _ in range(2))
    for album_id in albums:
        _arrangement(transactions, place_ids).move(owner_id, old, target=album_id)
    start = threading.Barrier(3)

    @retry_on_conflict
    def delete(image_id: ImageId) -> None:
        with transactions.begin() as tx:
            tx.images.begin_deletion(image_id, now=NOON)

    def act(ids: Sequence[ImageId], do: Callable[[ImageId], object]) -> None:
        start.wait()
        for image_id in ids:
            do(image_id)

    def add(image_id: ImageId) -> None:
        for album_id in reversed(albums):
            _arrangement(transactions, place_ids).move(owner_id, [image_id], target=album_id)

    threads = [
        threading.Thread(target=act, args=pair) for pair in ((old[::2], delete), (old[1::2], delete), (fresh, add))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [set(_order(transactions, album_id)) for album_id in albums] == [set(fresh)] * 2
    assert _counted(transactions, *albums) == dict.fromkeys(albums, len(fresh))


@PROPERTY
@given(data=st.data())
def test_any_mix_of_moves_removals_and_new_orders_keeps_both_orders(
    database: SqlAlchemyDatabase, data: st.DataObject
) -> None:
    """Invariant I9, checked against a model of two tuples."""
    transactions, owner_id = database.transactions, an_owner()
    album_contents = _arrangement(transactions, _IDS)
    albums = [_album(transactions, owner_id) for _ in range(2)]
    ids = _images(transactions, owner_id, 4)
    model: dict[AlbumId, tuple[ImageId, ...]] = dict.fromkeys(albums, ())
    chosen = st.lists(st.sampled_from(ids), min_size=1, max_size=6)
    for _ in range(data.draw(st.integers(1, 8), label="steps")):
        target, source = data.draw(st.permutations(albums), label="albums")
        match data.draw(st.sampled_from(["add", "move", "within", "remove", "rearrange"]), label="step"):
            case "add":
                moving = data.draw(chosen)
                album_contents.move(owner_id, moving, target=target)
                model[target] = moved_to_end(model[target], moving)
            case "move":
                moving = data.draw(chosen)
                album_contents.move(owner_id, moving, target=target, source=source)
                model[target] = moved_to_end(model[target], moving)
                model[source] = without(model[source], moving)
            case "within":
                moving = data.draw(chosen)
                album_contents.move(owner_id, moving, target=target, source=target)
                model[target] = moved_to_end(model[target], moving)
            case "remove":
                leaving = data.draw(chosen)
                album_contents.remove(owner_id, leaving, album_id=target)
                model[target] = without(model[target], leaving)
            case _:
                wanted = data.draw(st.permutations(model[target]))
                album_contents.rearrange(owner_id, wanted, album_id=target)
                model[target] = tuple(wanted)
        assert {album_id: _order(transactions, album_id) for album_id in albums} == model


_IDS: Final = CountingIds()  # one for all examples, which share a database
