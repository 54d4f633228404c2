"""Mutants of the blob store, its links, and the opened storage and database."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from attrs import evolve

from memory_fixtures import LostBlobStore, LostDatabase, MemoryFixtures
from mutants.mutant import Mutant, nothing, raising, returning
from spike_contracts.blobs import BlobStoreContract as Blobs
from spike_contracts.blobs import an_original
from spike_contracts.database import DatabaseContract as Databases
from spike_contracts.signed_urls import SignedUrlsContract as Links
from spike_contracts.storage import StorageContract as Storages
from spike_core.domain.errors import InvalidLink, ObjectNotFound
from spike_core.ports.blobs import StoredObject
from spike_memory import MemoryBlobStore, MemoryDatabase, MemoryTransactions
from spike_memory.blobs import _Entry, _signature


def _keep(blobs: MemoryBlobStore, key: Any, data: bytes, at: datetime | None = None) -> None:
    stored = StoredObject(key=key, size_bytes=len(data), stored_at=at or blobs._clock.now())
    blobs._entries[key] = _Entry(content=data, stored=stored)


def _truncated(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    put(blobs, key, io.BytesIO(content.read(1024 * 1024)))


def _from_the_start(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    content.seek(0)
    put(blobs, key, content)


def _closed(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    put(blobs, key, content)
    content.close()


def _piece_by_piece(_put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    """Store what has been read so far under the key itself."""
    data = b""
    while piece := content.read(50_000):
        data += piece
        time.sleep(0.0001)  # so that others read meanwhile
        _keep(blobs, key, data)
    _keep(blobs, key, data)


def _deleted_first(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    blobs._entries.pop(key, None)
    put(blobs, key, content)


def _in_this_process(change: Any, blobs: MemoryBlobStore, *arguments: Any) -> None:
    """Change a copy of the objects, which a store that is opened later doesn't have."""
    blobs._entries = dict(blobs._entries)
    change(blobs, *arguments)


def _once(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    if key not in blobs._entries:
        put(blobs, key, content)


def _as_old_as_the_first(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    entry = blobs._entries.get(key)
    put(blobs, key, content)
    if entry:
        _keep(blobs, key, blobs._entries[key].content, entry.stored.stored_at)


def _never_again(put: Any, blobs: MemoryBlobStore, key: Any, content: Any) -> None:
    deleted = vars(blobs).setdefault("deleted", set())
    if key not in deleted:
        put(blobs, key, content)


def _remembering(delete: Any, blobs: MemoryBlobStore, keys: Any) -> None:
    vars(blobs).setdefault("deleted", set()).update(keys)
    delete(blobs, keys)


@contextmanager
def _stream(data: bytes) -> Iterator[Any]:
    class Stream(io.BytesIO):
        def seek(self, *_where: Any) -> int:
            return 0

    yield Stream(data)


def _unseekable(_open: Any, blobs: MemoryBlobStore, key: Any) -> Any:
    return _stream(blobs._entries[key].content)


def _shared(_open: Any, blobs: MemoryBlobStore, key: Any) -> Any:
    streams = vars(blobs).setdefault("streams", {})
    stream = streams.setdefault(key, io.BytesIO(blobs._entries[key].content))

    @contextmanager
    def opened() -> Iterator[Any]:
        yield stream

    return opened()


def _empty_if_missing(open_: Any, blobs: MemoryBlobStore, key: Any) -> Any:
    return open_(blobs, key) if key in blobs._entries else _stream(b"")


def _always_now(scan: Any, blobs: MemoryBlobStore, **asked: Any) -> Any:
    return [evolve(stored, stored_at=blobs._clock.now()) for stored in scan(blobs, **asked)]


def _from_the_key(scan: Any, blobs: MemoryBlobStore, *, after: Any = None, limit: int) -> Any:
    everything = scan(blobs, limit=10_000)
    keys = [stored.key for stored in everything]
    return everything[keys.index(after) + 1 if after in keys else 0 :][:limit]


def _by_time(scan: Any, blobs: MemoryBlobStore, *, after: Any = None, limit: int) -> Any:
    return [entry.stored for key, entry in blobs._entries.items() if after is None or key > after][:limit]


def _none_if_empty(scan: Any, blobs: MemoryBlobStore, **asked: Any) -> Any:
    return scan(blobs, **asked) if blobs._entries else None


def _with_neighbors(delete: Any, blobs: MemoryBlobStore, keys: Any) -> None:
    if keys:
        blobs._entries.clear()


def _strict(delete: Any, blobs: MemoryBlobStore, keys: Any) -> None:
    for key in keys:
        del blobs._entries[key]


def _checked_by(wrong: Any) -> Any:
    """Return a `check` that also accepts what this function accepts."""

    def check(right: Any, links: MemoryBlobStore, key: Any, *, expires: str, signature: str) -> None:
        if not wrong(links, key, expires, signature):
            right(links, key, expires=expires, signature=signature)

    return check


def _is_signed(links: MemoryBlobStore, key: Any, expires: str, signature: str) -> bool:
    return signature == _signature(key, expires)


def _remembered_url(url: Any, blobs: MemoryBlobStore, key: Any, *, valid_for: timedelta) -> str:
    made = str(url(blobs, key, valid_for=valid_for))
    vars(blobs)["last"] = made.rpartition("=")[2]
    return made


def _url_of_now(_: Any, blobs: MemoryBlobStore, key: Any, *, valid_for: timedelta) -> str:
    expires = (blobs._clock.now() + valid_for).isoformat()
    return f"/files/{key}?{urlencode({'expires': expires, 'signature': _signature(key, expires)})}"


def _last_signature_of(links: MemoryBlobStore) -> str:
    return str(vars(links).get("last", ""))


def _emptied(migrate: Any, database: MemoryDatabase) -> None:
    vars(database.transactions)["_state"] = MemoryTransactions()._state


def _one_by_one(migrate: Any, database: MemoryDatabase) -> None:
    """Fail if another one migrates at the same time."""
    state = vars(database.transactions)
    barrier = state.setdefault("barrier", threading.Barrier(3))
    try:
        barrier.wait(0.2)
    except threading.BrokenBarrierError:
        return
    raise OSError("table users already exists")


def _closed_once(close: Any, database: MemoryDatabase) -> None:
    if vars(database.transactions).setdefault("closed", False):
        raise ValueError("it is closed")
    vars(database.transactions)["closed"] = True


OS_ERROR: Final = OSError("the mount is gone")

MUTANTS: Final = [
    Mutant("stores the first megabyte alone", MemoryBlobStore, "put", _truncated,
           Blobs.test_an_object_comes_back_byte_for_byte),
    Mutant("stores what lies before the position", MemoryBlobStore, "put", _from_the_start,
           Blobs.test_what_lies_before_the_contents_position_is_not_stored),
    Mutant("opens objects that can't be sought in", MemoryBlobStore, "open", _unseekable,
           Blobs.test_an_open_object_is_seekable),
    Mutant("gives all readers one stream", MemoryBlobStore, "open", _shared,
           Blobs.test_several_readers_do_not_disturb_each_other),
    Mutant("opens a missing object as an empty one", MemoryBlobStore, "open", _empty_if_missing,
           Blobs.test_what_was_never_stored_is_not_found),
    Mutant("keeps the first content of a key", MemoryBlobStore, "put", _once,
           Blobs.test_putting_twice_keeps_the_later_content),
    Mutant("shows an object while it is written", MemoryBlobStore, "put", _piece_by_piece,
           Blobs.test_a_put_that_breaks_leaves_nothing_in_sight,
           Blobs.test_readers_see_a_whole_object_while_writers_fight_over_it),
    Mutant("deletes the earlier object before it stores the later one", MemoryBlobStore, "put", _deleted_first,
           Blobs.test_a_put_that_breaks_leaves_the_earlier_object_alone, fails_with=ObjectNotFound),
    Mutant("finds every key", MemoryBlobStore, "find", lambda find, blobs, keys: frozenset(keys),
           Blobs.test_find_returns_those_that_are_stored),
    Mutant("deletes everything", MemoryBlobStore, "delete", _with_neighbors,
           Blobs.test_a_deleted_object_is_gone_and_its_neighbor_stays),
    Mutant("can't delete what is missing", MemoryBlobStore, "delete", _strict,
           Blobs.test_deleting_what_is_not_there_is_ignored, fails_with=KeyError),
    Mutant("stores nothing under a key that was deleted", MemoryBlobStore, "put", _never_again,
           Blobs.test_a_deleted_object_can_be_put_again, fails_with=ObjectNotFound,
           also=(MemoryBlobStore, "delete", _remembering)),
    Mutant("lists objects in the order of their time", MemoryBlobStore, "scan", _by_time,
           Blobs.test_pages_hold_every_object_once_in_the_order_of_keys),
    Mutant("starts anew after a key that was deleted", MemoryBlobStore, "scan", _from_the_key,
           Blobs.test_a_page_begins_behind_a_key_that_has_been_deleted),
    Mutant("returns None where there are no objects", MemoryBlobStore, "scan", _none_if_empty,
           Blobs.test_an_empty_store_has_an_empty_page, fails_with=TypeError),
    Mutant("tells no sizes", MemoryBlobStore, "scan",
           lambda scan, blobs, **asked: [evolve(stored, size_bytes=0) for stored in scan(blobs, **asked)],
           Blobs.test_a_scan_tells_size_and_time),
    Mutant("gives the time of the listing as that of each object", MemoryBlobStore, "scan", _always_now,
           Blobs.test_the_time_of_an_object_is_that_of_its_last_put),
    Mutant("keeps the time of the first put", MemoryBlobStore, "put", _as_old_as_the_first,
           Blobs.test_the_time_of_an_object_is_that_of_its_last_put),
    Mutant("gives all objects one address", MemoryBlobStore, "url", returning("/files/x"),
           Blobs.test_an_address_names_its_object),
    Mutant("closes the caller's stream", MemoryBlobStore, "put", _closed, Blobs.test_the_callers_stream_stays_open),
    Mutant("leaves an object at each ping", MemoryFixtures, "storage",
           lambda storage, fixtures: evolve(
               storage(fixtures), ping=lambda: _keep(fixtures.blobs, an_original(), b"x")),
           Storages.test_a_store_that_is_there_answers_and_keeps_nothing_of_it),
    Mutant("deletes an object at each ping", MemoryFixtures, "storage",
           lambda storage, fixtures: evolve(storage(fixtures), ping=fixtures.blobs._entries.clear),
           Storages.test_a_store_that_holds_something_answers),
    Mutant("keeps what is stored in its process", MemoryBlobStore, "put", _in_this_process,
           Storages.test_what_is_stored_or_deleted_is_so_when_the_store_is_opened_again, fails_with=ObjectNotFound),
    Mutant("deletes in its process alone", MemoryBlobStore, "delete", _in_this_process,
           Storages.test_what_is_stored_or_deleted_is_so_when_the_store_is_opened_again),
    Mutant("answers a ping without its store", MemoryFixtures, "lost_storage",
           lambda lost, fixtures: evolve(lost(fixtures), ping=lambda: None),
           Storages.test_a_store_that_is_away_is_told_so),
    *(Mutant(f"leaks the error of the operating system from {method}", LostBlobStore, method, raising(OS_ERROR),
             Storages.test_every_call_of_a_store_that_is_away_raises_its_error, fails_with=OSError)
      for method in ("put", "open", "find", "delete", "scan")),
    Mutant("gives its free space as text", MemoryFixtures, "storage",
           lambda storage, fixtures: evolve(storage(fixtures), free_bytes=lambda: "12 GB"),
           Storages.test_free_space_is_a_number_of_bytes_or_unknown),
    Mutant("signs no link that it accepts", MemoryBlobStore, "check", raising(InvalidLink()),
           Links.test_a_link_of_our_own_is_accepted, Links.test_a_link_is_valid_as_long_as_was_asked_for,
           fails_with=InvalidLink),
    Mutant("signs each link as of its moment", MemoryBlobStore, "url", _url_of_now,
           Links.test_a_link_stays_the_same_for_a_while),
    Mutant("has the same link for attachments", MemoryBlobStore, "attachment_url",
           lambda _, blobs, key, *, content_disposition, valid_for: blobs.url(key, valid_for=valid_for),
           Links.test_a_link_to_an_attachment_is_a_link_that_asks_for_one),
    Mutant("accepts links that have expired", MemoryBlobStore, "check", _checked_by(_is_signed),
           Links.test_a_link_expires, Links.test_no_time_of_day_makes_a_link_expire_early_or_late),
    Mutant("accepts a link for every object", MemoryBlobStore, "check",
           _checked_by(lambda links, key, expires, signature: signature == _last_signature_of(links)),
           Links.test_a_link_opens_no_other_object, Links.test_another_expiry_is_refused,
           Links.test_another_spelling_of_the_expiry_is_refused,
           also=(MemoryBlobStore, "url", _remembered_url)),
    Mutant("accepts every signature", MemoryBlobStore, "check", nothing,
           Links.test_a_guessed_signature_is_refused, Links.test_a_signature_in_other_alphabets_is_refused),
    Mutant("compares the first half of signatures", MemoryBlobStore, "check",
           _checked_by(lambda links, key, expires, signature: signature[:32] == _signature(key, expires)[:32]),
           Links.test_one_character_of_the_signature_matters),
    Mutant("compares signatures without regard to case", MemoryBlobStore, "check",
           _checked_by(lambda links, key, expires, signature: signature.lower() == _signature(key, expires)),
           Links.test_a_signature_in_capitals_or_cut_short_is_refused),
    Mutant("has an outdated schema after its migration", MemoryDatabase, "ping", raising(OS_ERROR),
           Databases.test_a_migrated_database_answers, fails_with=OSError),
    Mutant("empties the database at each migration", MemoryDatabase, "migrate", _emptied,
           Databases.test_migrating_again_changes_nothing, fails_with=Exception),
    Mutant("can't migrate twice at once", MemoryDatabase, "migrate", _one_by_one,
           Databases.test_several_may_migrate_at_once),
    Mutant("is always exhausted", MemoryDatabase, "is_exhausted", lambda _exhausted, _database: True,
           Databases.test_an_idle_database_has_connections_left),
    Mutant("can't be closed twice", MemoryDatabase, "close", _closed_once,
           Databases.test_closing_twice_is_no_error, fails_with=ValueError),
    *(Mutant(f"leaks the error of the operating system from {method}", LostDatabase, method, raising(OS_ERROR),
             Databases.test_every_call_of_a_database_that_is_away_raises_its_error, fails_with=OSError)
      for method in ("migrate", "ping")),
]  # fmt: skip
