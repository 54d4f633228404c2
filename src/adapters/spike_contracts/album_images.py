"""The laws of `AlbumRepository`: an album's images and their order."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, an_album, an_album_id, an_album_image_id, an_image, an_image_id, an_owner
from spike_contracts.wallets import PROPERTY
from spike_core.domain.album_order import moved_to_end, without
from spike_core.domain.albums import Album, AlbumImage, AlbumSummary
from spike_core.domain.errors import AlbumFull
from spike_core.domain.identifiers import AlbumImageId, ImageId
from spike_core.domain.images import Image
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_core.ports.transactions import Transactions

LATER: Final = NOON + timedelta(hours=1)
IMAGES: Final = 4


class AlbumImagesContract:
    """Laws every AlbumRepository adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_appended_images_come_last_in_the_order_given(self, transactions: Transactions) -> None:
        album, (first, second, third, fourth) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append_images(album.id, _places(second, first), now=NOON)
            more = tx.albums.append_images(album.id, _places(fourth, third), now=LATER)
        with transactions.view() as tx:
            stored = list(tx.albums.images(album.id))
        assert stored == [*places, *more]
        assert [place.image_id for place in stored] == [image.id for image in (second, first, fourth, third)]
        assert [place.added_at for place in stored] == [NOON, NOON, LATER, LATER]
        assert {place.album_id for place in stored} == {album.id}
        _assert_ascending(stored)

    def test_an_image_that_is_there_moves_to_the_end_and_keeps_its_id(self, transactions: Transactions) -> None:
        album, (first, second, third, _) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            [place, other] = tx.albums.append_images(album.id, _places(first, second), now=NOON)
            [moved, new] = tx.albums.append_images(album.id, _places(first, third), now=LATER)
        assert moved == evolve(place, position=moved.position)
        with transactions.view() as tx:
            stored = list(tx.albums.images(album.id))
        assert stored == [other, moved, new]
        _assert_ascending(stored)

    def test_appending_nothing_changes_nothing(self, transactions: Transactions) -> None:
        album, (first, *_) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append_images(album.id, _places(first), now=NOON)
            assert list(tx.albums.append_images(album.id, [], now=LATER)) == []
            assert list(tx.albums.images(album.id)) == list(places)

    def test_an_image_may_be_in_several_albums(self, transactions: Transactions) -> None:
        album, (first, second, *_) = _an_album_and_images(transactions)
        other = an_album(owner_id=album.owner_id)
        with transactions.begin() as tx:
            tx.albums.add(other)
            tx.albums.lock(album.id)
            mine = tx.albums.append_images(album.id, _places(first, second), now=NOON)
            tx.albums.lock(other.id)
            theirs = tx.albums.append_images(other.id, _places(second, first), now=NOON)
        with transactions.view() as tx:
            assert list(tx.albums.images(album.id)) == list(mine)
            assert list(tx.albums.images(other.id)) == list(theirs)

    def test_a_failed_transaction_leaves_the_order_alone(self, transactions: Transactions) -> None:
        album, (first, second, *_) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append_images(album.id, _places(first, second), now=NOON)
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(first), now=LATER)
            raise ZeroDivisionError
        with transactions.view() as tx:
            assert list(tx.albums.images(album.id)) == list(places)

    def test_removed_images_are_out_and_the_others_keep_their_places(self, transactions: Transactions) -> None:
        album, (first, second, third, fourth) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append_images(album.id, _places(first, second, third), now=NOON)
            assert tx.albums.remove_images(album.id, [second.id, fourth.id, an_image_id()]) == 1
            assert tx.albums.remove_images(album.id, [second.id]) == 0
            assert tx.albums.remove_images(album.id, []) == 0
        with transactions.view() as tx:
            assert list(tx.albums.images(album.id)) == [places[0], places[2]]

    def test_removing_from_one_album_leaves_the_others_alone(self, transactions: Transactions) -> None:
        album, (first, *_) = _an_album_and_images(transactions)
        other = an_album(owner_id=album.owner_id)
        with transactions.begin() as tx:
            tx.albums.add(other)
            for one in (album, other):
                tx.albums.lock(one.id)
                places = tx.albums.append_images(one.id, _places(first), now=NOON)
            assert tx.albums.remove_images(album.id, [first.id]) == 1
        with transactions.view() as tx:
            assert list(tx.albums.images(other.id)) == list(places)

    def test_an_unknown_album_has_no_places(self, transactions: Transactions) -> None:
        with transactions.view() as tx:
            assert list(tx.albums.images(an_album_id())) == []
            assert list(tx.albums.page(an_album_id(), limit=1)) == []
            assert tx.albums.count(an_album_id()) == 0

    def test_an_albums_images_come_in_pages_in_order(self, transactions: Transactions) -> None:
        """Images of other albums stay out, and one that moved is at its new place."""
        album, (first, second, third, fourth) = _an_album_and_images(transactions)
        other = an_album(owner_id=album.owner_id)
        with transactions.begin() as tx:
            tx.albums.add(other)
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(first, second, third), now=NOON)
            tx.albums.append_images(album.id, _places(first), now=NOON)
            tx.albums.lock(other.id)
            tx.albums.append_images(other.id, _places(fourth, first), now=NOON)
        with transactions.view() as tx:
            stored = list(tx.albums.images(album.id))
            assert list(tx.albums.page(album.id, limit=3)) == stored
            page = tx.albums.page(album.id, limit=2)
            assert [place.image_id for place in page] == [second.id, third.id]
            assert list(tx.albums.page(album.id, after=page[-1].cursor, limit=2)) == stored[2:]
            assert list(tx.albums.page(album.id, after=stored[-1].cursor, limit=2)) == []
            assert (tx.albums.count(album.id), tx.albums.count(other.id)) == (3, 2)

    def test_the_count_follows_whatever_adds_and_removes_images(self, transactions: Transactions) -> None:
        """Also the deletion of an image, and what a failed transaction has done."""
        album, (first, second, third, _) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(first, second, third), now=NOON)
            tx.albums.append_images(album.id, _places(third, first), now=NOON)
            assert tx.albums.count(album.id) == 3
            tx.albums.remove_images(album.id, [second.id])
            assert tx.albums.count(album.id) == 2
        with suppress(ZeroDivisionError), transactions.begin() as tx:
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(second), now=NOON)
            raise ZeroDivisionError
        with transactions.begin() as tx:
            tx.albums.replace(evolve(tx.albums.lock(album.id), updated_at=LATER))
        with transactions.begin() as tx:
            tx.images.begin_deletion(first.id, now=NOON)
        with transactions.begin() as tx:
            tx.images.finish_deletion(first.id)
        with transactions.view() as tx:
            assert tx.albums.count(album.id) == 1
            [count] = tx.audit.album_counts([album.id])
        assert (count.kept, count.counted) == (1, 1)

    def test_an_album_contains_its_own_images_alone(self, transactions: Transactions) -> None:
        album, (first, second, *_) = _an_album_and_images(transactions)
        other = an_album(owner_id=album.owner_id)
        with transactions.begin() as tx:
            tx.albums.add(other)
            for one, image in ((album, first), (other, second)):
                tx.albums.lock(one.id)
                tx.albums.append_images(one.id, _places(image), now=NOON)
        with transactions.view() as tx:
            assert [tx.albums.contains(album.id, image.id) for image in (first, second)] == [True, False]
            assert not tx.albums.contains(an_album_id(), first.id)

    def test_an_owners_albums_are_summarized_newest_first(self, transactions: Transactions) -> None:
        """With the number of their images and the first of them, in the album's order."""
        album, (first, second, third, _) = _an_album_and_images(transactions)
        album_of_one = evolve(an_album(owner_id=album.owner_id), created_at=LATER, cover_image_id=second.id)
        empty = evolve(an_album(owner_id=album.owner_id), created_at=LATER + timedelta(hours=1))
        with transactions.begin() as tx:
            for other in (album_of_one, empty, an_album()):
                tx.albums.add(other)
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(first, second, third), now=NOON)
            tx.albums.append_images(album.id, _places(first), now=NOON)
            tx.albums.lock(album_of_one.id)
            tx.albums.append_images(album_of_one.id, _places(first), now=NOON)
        with transactions.view() as tx:
            found = list(tx.albums.summaries(album.owner_id))
            assert list(tx.albums.summaries(an_owner())) == []
        assert found == [
            AlbumSummary(album=empty, image_count=0, first_image_id=None),
            AlbumSummary(album=album_of_one, image_count=1, first_image_id=first.id),
            AlbumSummary(album=album, image_count=3, first_image_id=second.id),
        ]
        assert [each.cover_image_id for each in found] == [None, second.id, second.id]

    def test_a_full_album_takes_no_more_but_may_be_put_in_another_order(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        album = an_album(owner_id=owner_id)
        images = [an_image(owner_id=owner_id) for _ in range(IMAGES_PER_ALBUM_MAX + 1)]
        with transactions.begin() as tx:
            tx.albums.add(album)
            tx.images.add(*images)
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(*images[:-1]), now=NOON)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            tx.albums.append_images(album.id, _places(*reversed(images[:-1])), now=NOON)
        with pytest.raises(AlbumFull), transactions.begin() as tx:
            tx.albums.append_images(album.id, _places(images[0], images[-1]), now=LATER)
        with transactions.view() as tx:
            stored = tx.albums.images(album.id)
        assert [place.image_id for place in stored] == [image.id for image in reversed(images[:-1])]

    @PROPERTY
    @given(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["append", "remove"]),
                st.lists(st.integers(0, IMAGES - 1), unique=True, max_size=IMAGES),
            ),
            max_size=8,
        )
    )
    def test_the_order_is_a_permutation_of_what_was_appended_and_not_removed(
        self, transactions: Transactions, steps: list[tuple[str, list[int]]]
    ) -> None:
        """Invariant I9: positions are unique, each image is in the album once, after any operations."""
        album, images = _an_album_and_images(transactions)
        order: tuple[ImageId, ...] = ()
        for step, indexes in steps:
            chosen = [images[index] for index in indexes]
            ids = [image.id for image in chosen]
            with transactions.begin() as tx:
                tx.albums.lock(album.id)
                if step == "append":
                    tx.albums.append_images(album.id, _places(*chosen), now=NOON)
                    order = moved_to_end(order, ids)
                else:
                    assert tx.albums.remove_images(album.id, ids) == len(set(order) & set(ids))
                    order = without(order, ids)
        with transactions.view() as tx:
            stored = tx.albums.images(album.id)
        assert tuple(place.image_id for place in stored) == order
        _assert_ascending(stored)


def _an_album_and_images(transactions: Transactions) -> tuple[Album, list[Image]]:
    owner_id = an_owner()
    album, images = an_album(owner_id=owner_id), [an_image(owner_id=owner_id) for _ in range(IMAGES)]
    with transactions.begin() as tx:
        tx.albums.add(album)
        for image in images:
            tx.images.add(image)
    return album, images


def _places(*images: Image) -> list[tuple[AlbumImageId, ImageId]]:
    return [(an_album_image_id(), image.id) for image in images]


def _assert_ascending(places: Sequence[AlbumImage]) -> None:
    assert all(before.position < behind.position for before, behind in pairwise(places))
