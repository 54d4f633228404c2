from collections.abc import Sequence

import pytest

from services import Services
from spike_contracts.builders import an_album_id, an_image, an_image_id
from spike_core.domain.albums import AlbumPatch
from spike_core.domain.errors import AlbumFull, AlbumNotFound, Forbidden, ImageNotFound, InvalidValue
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX


def images_of(services: Services, owner_id: OwnerId, count: int = 4) -> list[ImageId]:
    images = [an_image(owner_id=owner_id) for _ in range(count)]
    with services.transactions.begin() as tx:
        for image in images:
            tx.images.add(image)
    return [image.id for image in images]


def order(services: Services, album_id: AlbumId) -> list[ImageId]:
    with services.transactions.view() as tx:
        return [place.image_id for place in tx.albums.images(album_id)]


@pytest.fixture
def owner_id(services: Services) -> OwnerId:
    return services.owner()


def test_moved_images_come_last_in_the_order_given_each_once(services: Services, owner_id: OwnerId) -> None:
    album, ids = services.album(owner_id), images_of(services, owner_id)
    services.album_contents.move(owner_id, ids[:2], target=album.id)
    moved = services.album_contents.move(owner_id, [ids[3], ids[0], ids[3], ids[2]], target=album.id)
    assert [(one.place.image_id, one.was_there) for one in moved] == [(ids[3], False), (ids[0], True), (ids[2], False)]
    assert order(services, album.id) == [ids[1], ids[3], ids[0], ids[2]]


def test_moved_images_leave_the_source_and_no_other_album(services: Services, owner_id: OwnerId) -> None:
    source, target, other = (services.album(owner_id) for _ in range(3))
    ids = images_of(services, owner_id)
    for album in (source, other):
        services.album_contents.move(owner_id, ids, target=album.id)
    services.album_contents.move(owner_id, [ids[2], ids[0]], target=target.id, source=source.id)
    assert order(services, source.id) == [ids[1], ids[3]]
    assert order(services, target.id) == [ids[2], ids[0]]
    assert order(services, other.id) == ids


def test_an_image_that_is_not_in_the_source_is_moved_all_the_same(services: Services, owner_id: OwnerId) -> None:
    source, target = services.album(owner_id), services.album(owner_id)
    [image_id] = images_of(services, owner_id, 1)
    [moved] = services.album_contents.move(owner_id, [image_id], target=target.id, source=source.id)
    assert not moved.was_there
    assert order(services, target.id) == [image_id]


def test_moving_within_one_album_changes_the_order_and_removes_nothing(services: Services, owner_id: OwnerId) -> None:
    album, ids = services.album(owner_id), images_of(services, owner_id)
    first = services.album_contents.move(owner_id, ids, target=album.id)
    [moved] = services.album_contents.move(owner_id, ids[:1], target=album.id, source=album.id)
    assert moved.was_there
    assert moved.place.id == first[0].place.id
    assert order(services, album.id) == [*ids[1:], ids[0]]


def test_a_refused_move_changes_nothing(services: Services, owner_id: OwnerId) -> None:
    stranger = services.owner("bob@example.org")
    album, source, foreign = services.album(owner_id), services.album(owner_id), services.album(stranger)
    ids, [theirs] = images_of(services, owner_id), images_of(services, stranger, 1)
    services.album_contents.move(owner_id, ids, target=source.id)
    refused: Sequence[tuple[type[Exception], list[ImageId], AlbumId, AlbumId | None]] = (
        (ImageNotFound, [ids[0], an_image_id()], album.id, source.id),
        (ImageNotFound, [theirs, an_image_id()], album.id, source.id),
        (Forbidden, [ids[0], theirs], album.id, source.id),
        (AlbumNotFound, ids, an_album_id(), source.id),
        (AlbumNotFound, ids, album.id, an_album_id()),
        (AlbumNotFound, ids, foreign.id, an_album_id()),
        (Forbidden, ids, foreign.id, source.id),
        (Forbidden, ids, album.id, foreign.id),
    )
    for refusal, moving, target, removed_from in refused:
        with pytest.raises(refusal):
            services.album_contents.move(owner_id, moving, target=target, source=removed_from)
    assert (order(services, album.id), order(services, source.id), order(services, foreign.id)) == ([], ids, [])


def test_a_full_album_refuses_a_move_as_a_whole(services: Services, owner_id: OwnerId) -> None:
    album, source = services.album(owner_id), services.album(owner_id)
    ids = images_of(services, owner_id, IMAGES_PER_ALBUM_MAX + 1)
    services.album_contents.move(owner_id, ids[:-2], target=album.id)
    services.album_contents.move(owner_id, ids[-2:], target=source.id)
    with pytest.raises(AlbumFull):
        services.album_contents.move(owner_id, ids[-2:], target=album.id, source=source.id)
    assert order(services, source.id) == ids[-2:]
    services.album_contents.move(owner_id, ids[-2:-1], target=album.id, source=source.id)
    assert order(services, album.id) == ids[:-1]


def test_an_upload_into_a_full_album_is_refused_and_costs_nothing(services: Services, owner_id: OwnerId) -> None:
    album = services.album(owner_id)
    services.album_contents.move(owner_id, images_of(services, owner_id, IMAGES_PER_ALBUM_MAX), target=album.id)
    before = services.inventory()
    with pytest.raises(AlbumFull):
        services.upload(owner_id, album_id=album.id)
    assert services.inventory().objects == before.objects
    assert services.inventory().ledgers == before.ledgers


@pytest.mark.parametrize("how", ["removed", "moved away"])
def test_a_cover_goes_with_its_image(services: Services, owner_id: OwnerId, how: str) -> None:
    album, other, ids = services.album(owner_id), services.album(owner_id), images_of(services, owner_id)
    services.album_contents.move(owner_id, ids, target=album.id)
    services.albums.change(owner_id, album.id, AlbumPatch(cover_image_id=ids[0]))

    def leave(image_id: ImageId) -> None:
        if how == "removed":
            services.album_contents.remove(owner_id, [image_id], album_id=album.id)
        else:
            services.album_contents.move(owner_id, [image_id], target=other.id, source=album.id)

    leave(ids[1])
    assert services.albums.show(album.id, viewer=owner_id).album.cover_image_id == ids[0]
    leave(ids[0])
    assert services.albums.show(album.id, viewer=owner_id).album.cover_image_id is None


def test_removing_tells_how_many_were_there(services: Services, owner_id: OwnerId) -> None:
    album, ids = services.album(owner_id), images_of(services, owner_id)
    services.album_contents.move(owner_id, ids[:3], target=album.id)
    assert services.album_contents.remove(owner_id, [ids[1], ids[1], ids[3], an_image_id()], album_id=album.id) == 1
    assert order(services, album.id) == [ids[0], ids[2]]
    assert set(services.inventory().images) == set(ids)


def test_an_album_takes_the_order_it_is_given(services: Services, owner_id: OwnerId) -> None:
    album, ids = services.album(owner_id), images_of(services, owner_id)
    before = services.album_contents.move(owner_id, ids, target=album.id)
    places = services.album_contents.rearrange(owner_id, ids[::-1], album_id=album.id)
    assert [place.image_id for place in places] == order(services, album.id) == ids[::-1]
    assert [place.id for place in places] == [one.place.id for one in reversed(before)]


def test_an_order_that_is_no_permutation_is_refused_and_changes_nothing(services: Services, owner_id: OwnerId) -> None:
    album, ids = services.album(owner_id), images_of(services, owner_id)
    services.album_contents.move(owner_id, ids[:3], target=album.id)
    for wrong in ([], ids[:2], ids, [*ids[:2], ids[3]], [*ids[:3], ids[0]], [ids[0], ids[0], ids[1]]):
        with pytest.raises(InvalidValue, match="new order"):
            services.album_contents.rearrange(owner_id, wrong, album_id=album.id)
    assert order(services, album.id) == ids[:3]


def test_a_stranger_arranges_nothing(services: Services, owner_id: OwnerId) -> None:
    stranger = services.owner("bob@example.org")
    album, ids = services.album(owner_id), images_of(services, owner_id)
    services.album_contents.move(owner_id, ids, target=album.id)
    with pytest.raises(Forbidden):
        services.album_contents.remove(stranger, ids, album_id=album.id)
    with pytest.raises(Forbidden):
        services.album_contents.rearrange(stranger, ids[::-1], album_id=album.id)
    with pytest.raises(AlbumNotFound):
        services.album_contents.remove(stranger, ids, album_id=an_album_id())
    with pytest.raises(AlbumNotFound):
        services.album_contents.rearrange(stranger, [], album_id=an_album_id())
    assert order(services, album.id) == ids
