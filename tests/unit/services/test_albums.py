from datetime import timedelta

import pytest
from attrs import evolve

from services import Services
from spike_contracts.builders import NOON, an_album, an_album_id, an_image_id, an_owner
from spike_core.domain.albums import AlbumDescription, AlbumName, AlbumPatch, Privacy
from spike_core.domain.errors import AlbumNotFound, Forbidden, InvalidValue, TooManyAlbums, Unauthenticated
from spike_core.domain.limits import ALBUMS_PER_OWNER_MAX
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier
from spike_core.services.albums import NewAlbum

NAME = AlbumName("Holidays")
OTHER = Secret("x" * 43)


def test_a_new_album_is_private_empty_and_enhances_at_1k(services: Services) -> None:
    owner_id = services.owner()
    album = services.albums.create(owner_id, NewAlbum(name=NAME))
    assert (album.privacy, album.default_tier, album.auto_enhance) == (Privacy.PRIVATE, Tier.TIER_1K, True)
    assert (album.share_token, album.cover_image_id, album.description) == (None, None, None)
    shown = services.albums.show(album.id, viewer=owner_id)
    assert (shown.album, list(shown.images)) == (album, [])


def test_an_album_that_is_free_is_refused_and_not_kept(services: Services) -> None:
    owner_id = services.owner()
    with pytest.raises(InvalidValue, match="FREE"):
        services.albums.create(owner_id, NewAlbum(name=NAME, default_tier=Tier.FREE))
    assert list(services.albums.of_owner(owner_id)) == []


def test_albums_are_listed_newest_first_and_nobody_elses(services: Services) -> None:
    owner_id, stranger = services.owner(), services.owner("bob@example.org")
    services.albums.create(stranger, NewAlbum(name=NAME, privacy=Privacy.PUBLIC))
    albums = []
    for _ in range(3):
        albums.append(services.albums.create(owner_id, NewAlbum(name=NAME)))
        services.pass_time(timedelta(seconds=1))
    assert list(services.albums.of_owner(owner_id)) == albums[::-1]


def test_an_owner_has_no_more_albums_than_the_limit(services: Services) -> None:
    owner_id = services.owner()
    with services.transactions.begin() as tx:
        for _ in range(ALBUMS_PER_OWNER_MAX):
            tx.albums.add(an_album(owner_id=owner_id))
    with pytest.raises(TooManyAlbums):
        services.albums.create(owner_id, NewAlbum(name=NAME))
    assert len(services.albums.of_owner(owner_id)) == ALBUMS_PER_OWNER_MAX


@pytest.mark.parametrize("privacy", Privacy)
def test_who_may_look_is_decided_by_the_privacy(services: Services, privacy: Privacy) -> None:
    owner_id, stranger = services.owner(), services.owner("bob@example.org")
    album = services.albums.create(owner_id, NewAlbum(name=NAME, privacy=privacy))
    token = album.share_token
    assert (token is not None) == (privacy is Privacy.UNLISTED)
    assert services.albums.show(album.id, viewer=owner_id).album == album
    for viewer, refusal in ((None, Unauthenticated), (stranger, Forbidden)):
        for given in (None, OTHER, Secret(""), Secret("é\ud800")):
            if privacy is Privacy.PUBLIC:
                assert services.albums.show(album.id, viewer=viewer, share_token=given).album == album
            else:
                with pytest.raises(refusal):
                    services.albums.show(album.id, viewer=viewer, share_token=given)
        if token is not None:
            assert services.albums.show(album.id, viewer=viewer, share_token=token).album == album


@pytest.mark.parametrize("privacy", [Privacy.PRIVATE, Privacy.PUBLIC])
def test_a_share_token_dies_when_the_album_ceases_to_be_unlisted(services: Services, privacy: Privacy) -> None:
    """When it becomes unlisted again, it gets a new one."""
    owner_id = services.owner()
    album = services.albums.create(owner_id, NewAlbum(name=NAME, privacy=Privacy.UNLISTED))
    assert services.albums.change(owner_id, album.id, AlbumPatch(privacy=privacy)).share_token is None
    again = services.albums.change(owner_id, album.id, AlbumPatch(privacy=Privacy.UNLISTED))
    assert again.share_token is not None
    assert again.share_token != album.share_token
    with pytest.raises(Unauthenticated):
        services.albums.show(album.id, viewer=None, share_token=album.share_token)


def test_an_album_that_stays_unlisted_keeps_its_token(services: Services) -> None:
    owner_id = services.owner()
    album = services.albums.create(owner_id, NewAlbum(name=NAME, privacy=Privacy.UNLISTED))
    changes = AlbumPatch(privacy=Privacy.UNLISTED, auto_enhance=False)
    assert services.albums.change(owner_id, album.id, changes).share_token == album.share_token


def test_a_change_changes_what_it_names_and_nothing_else(services: Services) -> None:
    owner_id = services.owner()
    album = services.albums.create(owner_id, NewAlbum(name=NAME, description=AlbumDescription("By the sea")))
    services.pass_time(timedelta(hours=1))
    assert services.albums.change(owner_id, album.id, AlbumPatch()) == album
    assert services.albums.change(owner_id, album.id, AlbumPatch(name=NAME)) == album
    changed = services.albums.change(owner_id, album.id, AlbumPatch(default_tier=Tier.TIER_4K, description=None))
    assert changed == evolve(
        album, default_tier=Tier.TIER_4K, description=None, updated_at=album.updated_at + timedelta(hours=1)
    )
    assert list(services.albums.of_owner(owner_id)) == [changed]
    with pytest.raises(InvalidValue, match="FREE"):
        services.albums.change(owner_id, album.id, AlbumPatch(default_tier=Tier.FREE, auto_enhance=False))
    assert list(services.albums.of_owner(owner_id)) == [changed]


def test_a_cover_must_be_in_the_album(services: Services) -> None:
    owner_id = services.owner()
    album = services.album(owner_id)
    inside = services.upload(owner_id, album_id=album.id).image.id
    outside = services.upload(owner_id).image.id
    for image_id in (outside, an_image_id()):
        with pytest.raises(InvalidValue, match="coverImageId"):
            services.albums.change(owner_id, album.id, AlbumPatch(cover_image_id=image_id))
    assert services.albums.change(owner_id, album.id, AlbumPatch(cover_image_id=inside)).cover_image_id == inside
    assert services.albums.change(owner_id, album.id, AlbumPatch(cover_image_id=None)).cover_image_id is None


def test_removing_an_album_keeps_its_images_and_their_jobs(services: Services) -> None:
    owner_id = services.owner()
    album = services.album(owner_id)
    services.upload(owner_id, album_id=album.id)
    before = services.inventory()
    services.albums.remove(owner_id, album.id)
    assert services.inventory() == before
    with pytest.raises(AlbumNotFound):
        services.albums.show(album.id, viewer=owner_id)
    with pytest.raises(AlbumNotFound):
        services.albums.remove(owner_id, album.id)


def test_a_stranger_changes_nothing(services: Services) -> None:
    album = services.album(services.owner())
    stranger = services.owner("bob@example.org")
    with pytest.raises(Forbidden):
        services.albums.change(stranger, album.id, AlbumPatch(privacy=Privacy.PUBLIC))
    with pytest.raises(Forbidden):
        services.albums.remove(stranger, album.id)
    assert list(services.albums.of_owner(album.owner_id)) == [album]
    assert album.updated_at == NOON


def test_an_unknown_album_is_not_found(services: Services) -> None:
    owner_id = an_owner()
    with pytest.raises(AlbumNotFound):
        services.albums.show(an_album_id(), viewer=owner_id)
    with pytest.raises(AlbumNotFound):
        services.albums.change(owner_id, an_album_id(), AlbumPatch())
