"""The laws of `Albums`."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, an_album, an_album_id, an_album_image_id, an_image, an_owner
from contracts.wallets import PROPERTY
from spike_core.domain.albums import Album, AlbumImage, Privacy
from spike_core.domain.errors import AlbumNotFound
from spike_core.domain.identifiers import AlbumImageId, ImageId
from spike_core.domain.images import Image
from spike_core.domain.ordering import moved_to_end
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transactions

LATER: Final = NOON + timedelta(hours=1)
IMAGES: Final = 4


class AlbumsContract:
    """Laws every Albums adapter keeps."""

    @pytest.mark.parametrize("privacy", Privacy)
    def test_an_album_comes_back_as_it_was_added(self, transactions: Transactions, privacy: Privacy) -> None:
        cover = an_image()
        plain = an_album(auto_enhance=False)
        rich = evolve(
            an_album(default_tier=Tier.TIER_4K),
            description="By the sea",
            privacy=privacy,
            cover_image_id=cover.id,
            updated_at=LATER,
        )
        with transactions.begin() as tx:
            tx.images.add(cover)
            tx.albums.add(plain)
            tx.albums.add(rich)
        with transactions.begin() as tx:
            for album in (plain, rich):
                assert tx.albums.get(album.id) == album
                assert tx.albums.lock(album.id) == album
                assert list(tx.albums.images(album.id)) == []

    def test_an_unknown_id_is_no_album(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            with pytest.raises(AlbumNotFound):
                tx.albums.get(an_album_id())
            with pytest.raises(AlbumNotFound):
                tx.albums.lock(an_album_id())
            assert list(tx.albums.images(an_album_id())) == []

    def test_appended_images_come_last_in_the_order_given(self, transactions: Transactions) -> None:
        album, (first, second, third, fourth) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append(album.id, _places(second, first), now=NOON)
            more = tx.albums.append(album.id, _places(fourth, third), now=LATER)
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
            [place, other] = tx.albums.append(album.id, _places(first, second), now=NOON)
            [moved, new] = tx.albums.append(album.id, _places(first, third), now=LATER)
        assert moved == evolve(place, position=moved.position)
        with transactions.view() as tx:
            stored = list(tx.albums.images(album.id))
        assert stored == [other, moved, new]
        _assert_ascending(stored)

    def test_appending_nothing_changes_nothing(self, transactions: Transactions) -> None:
        album, (first, *_) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append(album.id, _places(first), now=NOON)
            assert list(tx.albums.append(album.id, [], now=LATER)) == []
            assert list(tx.albums.images(album.id)) == list(places)

    def test_an_image_may_be_in_several_albums(self, transactions: Transactions) -> None:
        album, (first, second, *_) = _an_album_and_images(transactions)
        other = an_album(owner_id=album.owner_id)
        with transactions.begin() as tx:
            tx.albums.add(other)
            tx.albums.lock(album.id)
            mine = tx.albums.append(album.id, _places(first, second), now=NOON)
            tx.albums.lock(other.id)
            theirs = tx.albums.append(other.id, _places(second, first), now=NOON)
        with transactions.view() as tx:
            assert list(tx.albums.images(album.id)) == list(mine)
            assert list(tx.albums.images(other.id)) == list(theirs)

    def test_a_failed_transaction_leaves_the_order_alone(self, transactions: Transactions) -> None:
        album, (first, second, *_) = _an_album_and_images(transactions)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            places = tx.albums.append(album.id, _places(first, second), now=NOON)
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.albums.lock(album.id)
            tx.albums.append(album.id, _places(first), now=LATER)
            raise ZeroDivisionError
        with transactions.view() as tx:
            assert list(tx.albums.images(album.id)) == list(places)

    @PROPERTY
    @given(appended=st.lists(st.lists(st.integers(0, IMAGES - 1), unique=True, max_size=IMAGES), max_size=6))
    def test_the_order_is_a_permutation_of_what_was_appended(
        self, transactions: Transactions, appended: list[list[int]]
    ) -> None:
        """Invariant I9: positions are unique, and each image is in the album once, whatever is appended when."""
        album, images = _an_album_and_images(transactions)
        order: tuple[ImageId, ...] = ()
        for indexes in appended:
            chosen = [images[index] for index in indexes]
            with transactions.begin() as tx:
                tx.albums.lock(album.id)
                tx.albums.append(album.id, _places(*chosen), now=NOON)
            order = moved_to_end(order, [image.id for image in chosen])
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
