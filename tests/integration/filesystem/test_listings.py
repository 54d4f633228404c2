"""Listing a store page by page: each folder is read rarely, and few of its names are held in memory."""

import io
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peaks import peak_bytes
from spike_contracts.blobs import a_hidden_original, a_result_key, an_input, an_original
from spike_core.domain.objects import ObjectKey
from spike_filesystem import FilesystemBlobStore
from spike_filesystem.blobs import CURSOR_KEPT_FROM
from spike_filesystem.listings import LISTING_AGE_MAX, ListingCursor
from spike_memory import ManualClock

PAGE: Final = CURSOR_KEPT_FROM
GROWTH_MAX: Final = 1.2
PAGES: Final = 5


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def blobs(tmp_path: Path, clock: ManualClock) -> FilesystemBlobStore:
    store = FilesystemBlobStore(tmp_path / "objects", clock=clock, secret=b"secret")
    (tmp_path / "objects" / "images").mkdir(parents=True)
    for _ in range(PAGE * PAGES):
        (tmp_path / "objects" / an_original().text).touch()
    return store


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each folder is listed from now on."""
    counted: Counter[str] = Counter()
    scandir = os.scandir

    def count(folder: Any) -> Any:
        counted[Path(folder).name] += 1
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", count)
    return counted


def everything(blobs: FilesystemBlobStore) -> list[ObjectKey]:
    keys: list[ObjectKey] = []
    while page := blobs.scan(after=keys[-1] if keys else None, limit=PAGE):
        keys += [stored.key for stored in page]
    return keys


def test_all_pages_together_list_a_folder_once_and_once_more_for_the_end(
    blobs: FilesystemBlobStore, listed: Counter[str]
) -> None:
    keys = everything(blobs)
    assert len(set(keys)) == PAGE * PAGES
    assert keys == sorted(keys, key=lambda key: key.text)
    assert listed["images"] == 2


def test_two_who_go_through_it_at_once_both_see_all(blobs: FilesystemBlobStore, listed: Counter[str]) -> None:
    first, second = blobs.scan(limit=PAGE), blobs.scan(limit=2 * PAGE)
    seen = {stored.key for stored in (*first, *blobs.scan(after=first[-1].key, limit=PAGE * PAGES))}
    seen_too = {stored.key for stored in (*second, *blobs.scan(after=second[-1].key, limit=PAGE * PAGES))}
    assert seen == seen_too == set(everything(blobs))
    assert listed["images"] == 4, "once for each of them, and twice for everything"


def test_what_is_deleted_between_two_pages_is_left_out(blobs: FilesystemBlobStore) -> None:
    keys = everything(blobs)
    page = blobs.scan(limit=PAGE)
    blobs.delete([keys[PAGE], keys[-1]])
    rest = blobs.scan(after=page[-1].key, limit=PAGE * PAGES)
    assert [stored.key for stored in rest] == keys[PAGE + 1 : -1]


def test_who_goes_on_late_finds_a_new_listing(blobs: FilesystemBlobStore, clock: ManualClock) -> None:
    page = blobs.scan(limit=PAGE)
    late = ObjectKey("inputs/" + an_original().text.partition("/")[2].replace("img_", "job_"))
    blobs.put(late, io.BytesIO(b"x"))
    clock.advance(LISTING_AGE_MAX + timedelta(seconds=1))
    assert late in {stored.key for stored in blobs.scan(after=page[-1].key, limit=PAGE * PAGES)}


def test_asking_whether_it_is_there_lists_nothing(blobs: FilesystemBlobStore, listed: Counter[str]) -> None:
    """Readiness is checked every few seconds, so it mustn't list a million objects."""
    blobs.ping()
    assert not listed


def test_a_look_at_one_object_keeps_no_listing(blobs: FilesystemBlobStore, listed: Counter[str]) -> None:
    [first] = blobs.scan(limit=1)
    blobs.scan(after=first.key, limit=1)
    assert listed["images"] == 2


@given(
    names=st.sets(st.text("abc", min_size=1, max_size=4)), held_max=st.integers(1, 9), after=st.sampled_from(["", "b"])
)
def test_a_listing_has_every_name_after_its_start_in_order_and_holds_few(
    names: set[str], held_max: int, after: str
) -> None:
    def batch(first: str, count: int) -> list[str]:
        assert count == held_max
        return sorted(name for name in names if name > first)[:count][::-1]

    assert list(ListingCursor(batch, after=after, held_max=held_max)) == sorted(name for name in names if name > after)


def test_a_store_with_more_names_than_are_held_is_seen_whole_and_in_order(
    blobs: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, listed: Counter[str]
) -> None:
    """With other programs' files among them, and in several folders."""
    for make in (a_result_key, an_input, a_hidden_original):
        for _ in range(PAGE):
            blobs.put(make(), io.BytesIO(b"x"))
    for number in range(PAGE):
        (blobs.root / "images" / f"img_{number}.part").touch()
    expected = everything(blobs)
    assert len(expected) == PAGE * (PAGES + 3)
    assert expected == sorted(expected)
    listed.clear()
    monkeypatch.setattr("spike_filesystem.blobs.NAMES_HELD_MAX", 2 * PAGE + 7)
    assert everything(blobs) == expected
    assert listed["images"] <= 1 + PAGE * (PAGES + 4) // (2 * PAGE) + 1


def test_going_through_eight_times_as_many_objects_takes_no_more_memory(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spike_filesystem.blobs.NAMES_HELD_MAX", 100)
    peaks_bytes: list[int] = []
    for count in (250, 2000):
        store = FilesystemBlobStore(tmp_path / str(count), clock=clock, secret=b"secret")
        (store.root / "images").mkdir(parents=True)
        for _ in range(count):
            (store.root / an_original().text).touch()

        def go_through(store: FilesystemBlobStore = store, count: int = count) -> None:
            seen, after = 0, None
            while page := store.scan(after=after, limit=PAGE):
                seen, after = seen + len(page), page[-1].key
            assert seen == count

        peaks_bytes.append(peak_bytes(go_through, enough_bytes=GROWTH_MAX * sum(peaks_bytes)))
    assert peaks_bytes[1] < GROWTH_MAX * peaks_bytes[0], peaks_bytes
