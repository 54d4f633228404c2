"""Laws that every BlobStore keeps."""

import io
import itertools
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

import pytest

from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.errors import ObjectNotFound
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock

TIME_RESOLUTION = timedelta(seconds=1)  # a store may truncate times to whole seconds
A_MOMENT = timedelta(milliseconds=50)


def an_original() -> ObjectKey:
    return ObjectKey.of_original(an_image_id(), PictureFormat.JPEG)


def a_result_key(attempt: int = 1) -> ObjectKey:
    return ObjectKey.of_result(a_job_id(), PictureFormat.PNG, attempt=attempt)


def an_input() -> ObjectKey:
    return ObjectKey.of_input(a_job_id(), PictureFormat.WEBP)


def a_hidden_original() -> ObjectKey:
    return ObjectKey.of_hidden_original(an_image_id(), PictureFormat.JPEG, body=an_image_id().body)


def content_of(blobs: BlobStore, key: ObjectKey) -> bytes:
    with blobs.open(key) as content:
        return content.read()


def everything(blobs: BlobStore, *, page_size: int = 1000) -> list[ObjectKey]:
    """Return the keys of all pages."""
    keys: list[ObjectKey] = []
    while page := blobs.scan(after=keys[-1] if keys else None, limit=page_size):
        assert len(page) <= page_size
        keys += [stored.key for stored in page]
    return keys


class BrokenStream(io.BytesIO):
    """Returns half of its bytes, then raises."""

    def __init__(self, breaks_with: BaseException) -> None:
        super().__init__()
        self._breaks_with = breaks_with
        self._pieces = iter([b"half"])

    def read(self, size: int | None = -1, /) -> bytes:
        wants_everything = size is None or size < 0
        for piece in self._pieces:
            if not wants_everything:
                return piece
        raise self._breaks_with


class BlobStoreContract:
    """Needs the fixtures `blobs`, which is empty, and `clock`, the store's clock.

    `wait` lets that clock advance by some time; by default it sleeps.
    """

    @pytest.fixture
    def wait(self) -> Callable[[timedelta], None]:
        return lambda duration: time.sleep(duration.total_seconds())

    @pytest.mark.parametrize("size_bytes", [0, 1, 1024 * 1024, 3 * 1024 * 1024 + 1])
    def test_an_object_comes_back_byte_for_byte(self, blobs: BlobStore, size_bytes: int) -> None:
        content = bytes(itertools.islice(itertools.cycle(range(251)), size_bytes))
        key = an_original()
        blobs.put(key, io.BytesIO(content))
        is_same = content_of(blobs, key) == content  # pytest would take seconds to show how megabytes differ
        assert is_same

    def test_what_lies_before_the_contents_position_is_not_stored(self, blobs: BlobStore) -> None:
        content = io.BytesIO(b"header and body")
        content.seek(11)
        key = an_original()
        blobs.put(key, content)
        assert content_of(blobs, key) == b"body"

    def test_an_open_object_is_seekable(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.put(key, io.BytesIO(b"0123456789"))
        with blobs.open(key) as content:
            assert content.read() == b"0123456789"
            content.seek(5)
            assert content.read(2) == b"56"

    def test_several_readers_do_not_disturb_each_other(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.put(key, io.BytesIO(b"0123456789"))
        with blobs.open(key) as one, blobs.open(key) as other:
            assert one.read(5) == b"01234"
            assert other.read() == b"0123456789"
            assert one.read() == b"56789"

    def test_what_was_never_stored_is_not_found(self, blobs: BlobStore) -> None:
        blobs.put(an_original(), io.BytesIO(b"another"))
        with pytest.raises(ObjectNotFound), blobs.open(an_original()):
            pass

    def test_putting_twice_keeps_the_later_content(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.put(key, io.BytesIO(b"the earlier and longer"))
        blobs.put(key, io.BytesIO(b"the later"))
        assert content_of(blobs, key) == b"the later"
        assert everything(blobs) == [key]

    @pytest.mark.parametrize("breaks_with", [ConnectionResetError(), ValueError(), KeyboardInterrupt(), SystemExit()])
    def test_a_put_that_breaks_leaves_nothing_in_sight(self, blobs: BlobStore, breaks_with: BaseException) -> None:
        key = an_original()
        with pytest.raises(BaseException):  # noqa: B017, PT011  # which one is the stream's affair
            blobs.put(key, BrokenStream(breaks_with))
        assert blobs.find([key]) == frozenset()
        assert everything(blobs) == []
        with pytest.raises(ObjectNotFound), blobs.open(key):
            pass

    def test_a_put_that_breaks_leaves_the_earlier_object_alone(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.put(key, io.BytesIO(b"the earlier"))
        with pytest.raises(KeyboardInterrupt):
            blobs.put(key, BrokenStream(KeyboardInterrupt()))
        assert content_of(blobs, key) == b"the earlier"

    def test_readers_see_a_whole_object_while_writers_fight_over_it(self, blobs: BlobStore) -> None:
        size_bytes, rounds = 200_000, 20
        key = an_original()
        blobs.put(key, io.BytesIO(b"0" * size_bytes))

        def fight(letter: bytes) -> None:
            for _ in range(rounds):
                blobs.put(key, io.BytesIO(letter * size_bytes))

        writers = [threading.Thread(target=fight, args=(letter,)) for letter in (b"a", b"b")]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            seen = content_of(blobs, key)
            assert seen in {letter * size_bytes for letter in (b"0", b"a", b"b")}
        for writer in writers:
            writer.join()
        assert content_of(blobs, key) in {b"a" * size_bytes, b"b" * size_bytes}

    def test_find_returns_those_that_are_stored(self, blobs: BlobStore) -> None:
        stored = [an_original(), a_result_key(), an_input(), a_hidden_original(), a_result_key(attempt=2)]
        for key in stored:
            blobs.put(key, io.BytesIO(b"x"))
        assert blobs.find([*stored[:3], an_original(), a_result_key()]) == frozenset(stored[:3])
        assert blobs.find([]) == frozenset()

    def test_a_deleted_object_is_gone_and_its_neighbor_stays(self, blobs: BlobStore) -> None:
        doomed, spared = an_original(), an_original()
        for key in (doomed, spared):
            blobs.put(key, io.BytesIO(b"x"))
        blobs.delete([doomed])
        assert everything(blobs) == [spared]
        with pytest.raises(ObjectNotFound), blobs.open(doomed):
            pass

    def test_deleting_what_is_not_there_is_ignored(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.delete([key])
        blobs.put(key, io.BytesIO(b"x"))
        blobs.delete([an_original(), key, key])
        blobs.delete([])
        assert everything(blobs) == []

    def test_a_deleted_object_can_be_put_again(self, blobs: BlobStore) -> None:
        key = an_original()
        blobs.put(key, io.BytesIO(b"first"))
        blobs.delete([key])
        blobs.put(key, io.BytesIO(b"second"))
        assert content_of(blobs, key) == b"second"

    def test_pages_hold_every_object_once_in_the_order_of_keys(self, blobs: BlobStore) -> None:
        keys = [make() for make in (an_original, a_result_key, an_input, a_hidden_original) for _ in range(4)]
        keys += [ObjectKey.of_result(job_id := a_job_id(), PictureFormat.PNG, attempt=1)]
        keys += [ObjectKey.of_result(job_id, PictureFormat.PNG, attempt=attempt) for attempt in (2, 10)]
        for key in reversed(keys):
            blobs.put(key, io.BytesIO(b"x"))
        for page_size in (1, 2, 3, 7, 1000):
            assert everything(blobs, page_size=page_size) == sorted(keys), page_size

    def test_a_page_begins_behind_a_key_that_has_been_deleted(self, blobs: BlobStore) -> None:
        first, second, third = keys = sorted(an_original() for _ in range(3))
        for key in keys:
            blobs.put(key, io.BytesIO(b"x"))
        blobs.delete([second])
        assert [stored.key for stored in blobs.scan(after=second, limit=10)] == [third]
        assert [stored.key for stored in blobs.scan(after=first, limit=10)] == [third]
        assert list(blobs.scan(after=third, limit=10)) == []

    def test_an_empty_store_has_an_empty_page(self, blobs: BlobStore) -> None:
        assert list(blobs.scan(limit=10)) == []

    def test_a_scan_tells_size_and_time(self, blobs: BlobStore, clock: Clock) -> None:
        key = an_original()
        earliest = clock.now() - TIME_RESOLUTION
        blobs.put(key, io.BytesIO(b"12345"))
        [stored] = blobs.scan(limit=1)
        assert (stored.key, stored.size_bytes) == (key, 5)
        assert earliest <= stored.stored_at <= clock.now() + TIME_RESOLUTION

    def test_the_time_of_an_object_is_that_of_its_last_put(
        self, blobs: BlobStore, clock: Clock, wait: Callable[[timedelta], None]
    ) -> None:
        """Whenever it is asked for: orphans are collected by their age, and one that was put again is young."""
        key = an_original()
        blobs.put(key, io.BytesIO(b"x"))
        latest = clock.now() + TIME_RESOLUTION
        wait(2 * TIME_RESOLUTION + A_MOMENT)
        [stored] = blobs.scan(limit=1)
        assert stored.stored_at <= latest
        blobs.put(key, io.BytesIO(b"y"))
        [again] = blobs.scan(limit=1)
        assert again.stored_at >= clock.now() - TIME_RESOLUTION

    def test_an_address_names_its_object(self, blobs: BlobStore) -> None:
        for key in (an_original(), a_result_key(attempt=3)):
            address = blobs.url(key, valid_for=timedelta(minutes=1))
            assert address.startswith(("/files/", "https://", "http://"))
            assert key.text in address

    def test_the_callers_stream_stays_open(self, blobs: BlobStore) -> None:
        content: BinaryIO = io.BytesIO(b"x")
        blobs.put(an_original(), content)
        assert not content.closed
