"""The laws of `Albums`."""

from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, an_album, an_album_id, an_album_image_id, an_image, an_owner
from spike_core.domain.albums import AlbumDescription, AlbumName, Privacy
from spike_core.domain.errors import AlbumNotFound, StaleWrite
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transactions

LATER: Final = NOON + timedelta(hours=1)


class AlbumsContract:
    """Laws every Albums adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @pytest.mark.parametrize("privacy", Privacy)
    def test_an_album_comes_back_as_it_was_added(self, transactions: Transactions, privacy: Privacy) -> None:
        cover = an_image()
        plain = an_album(auto_enhance=False)
        rich = evolve(
            an_album(default_tier=Tier.TIER_4K),
            description=AlbumDescription("By the sea"),
            privacy=privacy,
            share_token=Secret("s" * 43),
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

    def test_an_owners_albums_are_listed_newest_first(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        old, older, new = (
            evolve(an_album(owner_id=owner_id), created_at=NOON + timedelta(hours=hours)) for hours in (1, 0, 2)
        )
        twins = [an_album(), an_album()]
        twins = [evolve(twin, owner_id=twins[0].owner_id) for twin in twins]
        with transactions.begin() as tx:
            for album in (old, older, new, *twins):
                tx.albums.add(album)
        with transactions.view() as tx:
            assert list(tx.albums.of_owner(owner_id)) == [new, old, older]
            assert list(tx.albums.of_owner(twins[0].owner_id)) == sorted(twins, key=lambda twin: twin.id, reverse=True)
            assert list(tx.albums.of_owner(an_owner())) == []

    def test_an_albums_new_state_replaces_the_old_and_leaves_its_images_alone(self, transactions: Transactions) -> None:
        image = an_image()
        album, other = an_album(owner_id=image.owner_id), an_album(owner_id=image.owner_id)
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.albums.add(album)
            tx.albums.add(other)
            tx.albums.lock(album.id)
            places = tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
        changed = evolve(
            album,
            name=AlbumName("By the sea"),
            description=AlbumDescription("Two weeks"),
            privacy=Privacy.UNLISTED,
            default_tier=Tier.TIER_2K,
            auto_enhance=False,
            cover_image_id=image.id,
            updated_at=LATER,
            share_token=Secret("t" * 43),
        )
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            tx.albums.replace(changed)
        with transactions.view() as tx:
            assert tx.albums.get(album.id) == changed
            assert tx.albums.get(other.id) == other
            assert list(tx.albums.images(album.id)) == list(places)

    def test_the_state_of_an_album_that_is_gone_is_not_stored(self, transactions: Transactions) -> None:
        album = an_album()
        with pytest.raises(StaleWrite), transactions.begin() as tx:
            tx.albums.replace(album)
        with transactions.view() as tx, pytest.raises(AlbumNotFound):
            tx.albums.get(album.id)

    def test_a_removed_album_is_gone_with_its_places_and_its_images_stay(self, transactions: Transactions) -> None:
        image = an_image()
        album, other = an_album(owner_id=image.owner_id), an_album(owner_id=image.owner_id)
        with transactions.begin() as tx:
            tx.images.add(image)
            for one in (album, other):
                tx.albums.add(one)
                tx.albums.lock(one.id)
                places = tx.albums.append_images(one.id, [(an_album_image_id(), image.id)], now=NOON)
        with transactions.begin() as tx:
            tx.albums.lock(album.id)
            tx.albums.remove(album.id)
        with transactions.view() as tx:
            with pytest.raises(AlbumNotFound):
                tx.albums.get(album.id)
            assert list(tx.albums.images(album.id)) == []
            assert list(tx.albums.images(other.id)) == list(places)
            assert tx.images.get(image.id) == image
            assert list(tx.albums.of_owner(image.owner_id)) == [other]
