"""Mutants of albums and of the order of their images."""

from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, instead_of, with_arguments
from spike_contracts.album_images import AlbumImagesContract as Places
from spike_contracts.albums import AlbumsContract as Albums
from spike_core.domain.albums import AlbumSummary
from spike_core.domain.errors import AlbumFull, AlbumNotFound, StaleWrite
from spike_memory import MemoryTransactions
from spike_memory.albums import MemoryAlbums


def _summaries_by_the_last(summaries: Any, albums: MemoryAlbums, owner_id: Any) -> list[AlbumSummary]:
    return [
        evolve(each, first_image_id=places[-1].image_id if (places := albums.images(each.album.id)) else None)
        for each in summaries(albums, owner_id)
    ]


def _images_first(append: Any, albums: MemoryAlbums, album_id: Any, images: Any, *, now: Any) -> Any:
    """Append, then list what was appended first."""
    appended = append(albums, album_id, images, now=now)
    state, ids = albums._rows.state, {place.image_id for place in appended}
    state.places[album_id] = tuple(sorted(state.places[album_id], key=lambda place: place.image_id not in ids))
    return appended


def _with_a_new_id(append: Any, albums: MemoryAlbums, album_id: Any, images: Any, *, now: Any) -> Any:
    """Remove what is there before it is appended."""
    albums.remove_images(album_id, [image_id for _, image_id in images])
    return append(albums, album_id, images, now=now)


def _from_all_albums(append: Any, albums: MemoryAlbums, album_id: Any, images: Any, *, now: Any) -> Any:
    for other in albums._rows.state.albums:
        if other != album_id:
            albums.remove_images(other, [image_id for _, image_id in images])
    return append(albums, album_id, images, now=now)


def _removed_from_all(remove: Any, albums: MemoryAlbums, album_id: Any, image_ids: Any) -> int:
    removed: list[int] = [remove(albums, each, image_ids) for each in albums._rows.state.albums]
    return removed[0]


def _emptied_by_nothing(append: Any, albums: MemoryAlbums, album_id: Any, images: Any, *, now: Any) -> Any:
    if not images:
        albums._rows.state.places[album_id] = ()
    return append(albums, album_id, images, now=now)


def _replaced_without_images(replace: Any, albums: MemoryAlbums, album: Any) -> None:
    replace(albums, album)
    albums._rows.state.places[album.id] = ()


def _removed_with_its_images(remove: Any, albums: MemoryAlbums, album_id: Any) -> None:
    for place in albums.images(album_id):
        albums._rows.state.images.pop(place.image_id)
    remove(albums, album_id)


def _no_rollback(_begin: Any, transactions: MemoryTransactions) -> Any:
    """Begin a transaction that writes at once."""
    from mutants.transactions import writing_at_once  # noqa: PLC0415  # of that subject

    return writing_at_once(transactions)


MUTANTS: Final = [
    Mutant(
        "forgets an album's cover",
        MemoryAlbums,
        "add",
        lambda add, albums, album: add(albums, evolve(album, cover_image_id=None)),
        Albums.test_an_album_comes_back_as_it_was_added,
    ),
    Mutant(
        "returns None for an unknown album",
        MemoryAlbums,
        "get",
        instead_of(AlbumNotFound),
        Albums.test_an_unknown_id_is_no_album,
    ),
    Mutant(
        "lists albums oldest first",
        MemoryAlbums,
        "of_owner",
        backwards,
        Albums.test_an_owners_albums_are_listed_newest_first,
    ),
    Mutant(
        "empties an album that is replaced",
        MemoryAlbums,
        "replace",
        _replaced_without_images,
        Albums.test_an_albums_new_state_replaces_the_old_and_leaves_its_images_alone,
    ),
    Mutant(
        "ignores that there is no album to replace",
        MemoryAlbums,
        "replace",
        instead_of(StaleWrite),
        Albums.test_the_state_of_an_album_that_is_gone_is_not_stored,
    ),
    Mutant(
        "removes an album's images with it",
        MemoryAlbums,
        "remove",
        _removed_with_its_images,
        Albums.test_a_removed_album_is_gone_with_its_places_and_its_images_stay,
        fails_with=Exception,
    ),
    Mutant(
        "lists new images first",
        MemoryAlbums,
        "append_images",
        _images_first,
        Places.test_appended_images_come_last_in_the_order_given,
        Places.test_the_order_is_a_permutation_of_what_was_appended_and_not_removed,
    ),
    Mutant(
        "gives an image that moves another id",
        MemoryAlbums,
        "append_images",
        _with_a_new_id,
        Places.test_an_image_that_is_there_moves_to_the_end_and_keeps_its_id,
    ),
    Mutant(
        "empties an album to which nothing is appended",
        MemoryAlbums,
        "append_images",
        _emptied_by_nothing,
        Places.test_appending_nothing_changes_nothing,
    ),
    Mutant(
        "lets an image be in one album only",
        MemoryAlbums,
        "append_images",
        _from_all_albums,
        Places.test_an_image_may_be_in_several_albums,
    ),
    Mutant(
        "appends before the commit",
        MemoryTransactions,
        "begin",
        _no_rollback,
        Places.test_a_failed_transaction_leaves_the_order_alone,
        Places.test_the_count_follows_whatever_adds_and_removes_images,
    ),
    Mutant(
        "counts images that it didn't contain",
        MemoryAlbums,
        "remove_images",
        lambda remove, albums, album_id, image_ids: [remove(albums, album_id, image_ids), len(image_ids)][1],
        Places.test_removed_images_are_out_and_the_others_keep_their_places,
    ),
    Mutant(
        "removes an image from all albums",
        MemoryAlbums,
        "remove_images",
        _removed_from_all,
        Places.test_removing_from_one_album_leaves_the_others_alone,
    ),
    Mutant(
        "counts an image in an album that doesn't exist",
        MemoryAlbums,
        "count",
        lambda count, albums, album_id: max(1, count(albums, album_id)),
        Places.test_an_unknown_album_has_no_places,
    ),
    Mutant(
        "returns an album's first page again",
        MemoryAlbums,
        "page",
        with_arguments(after=None),
        Places.test_an_albums_images_come_in_pages_in_order,
    ),
    Mutant(
        "returns an album whole",
        MemoryAlbums,
        "page",
        with_arguments(limit=99),
        Places.test_an_albums_images_come_in_pages_in_order,
    ),
    Mutant(
        "counts the images of all albums",
        MemoryAlbums,
        "count",
        lambda count, albums, album_id: sum(len(places) for places in albums._rows.state.places.values()),
        Places.test_an_albums_images_come_in_pages_in_order,
    ),
    Mutant(
        "keeps counting images that were removed",
        MemoryAlbums,
        "count",
        lambda count, albums, album_id: max(3, count(albums, album_id)),
        Places.test_the_count_follows_whatever_adds_and_removes_images,
    ),
    Mutant(
        "finds an image in any album",
        MemoryAlbums,
        "contains",
        lambda contains, albums, album_id, image_id: image_id in albums._rows.state.images,
        Places.test_an_album_contains_its_own_images_alone,
    ),
    Mutant(
        "summarizes an album by its last image",
        MemoryAlbums,
        "summaries",
        _summaries_by_the_last,
        Places.test_an_owners_albums_are_summarized_newest_first,
    ),
    Mutant(
        "lets an album grow without end",
        MemoryAlbums,
        "append_images",
        instead_of(AlbumFull, ()),
        Places.test_a_full_album_takes_no_more_but_may_be_put_in_another_order,
    ),
]
