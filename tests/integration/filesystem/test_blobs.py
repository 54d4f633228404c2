import io
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from spike_contracts.blobs import BlobStoreContract, an_original, content_of, everything
from spike_contracts.builders import an_image_id
from spike_core.domain.errors import InvalidIdentifier, StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore
from spike_filesystem import FilesystemBlobStore
from spike_filesystem.blobs import COPY_BYTES, LEFTOVER_AGE
from spike_memory import ManualClock

OUTSIDE = [
    "../outside.jpg",
    "images/../../outside.jpg",
    "/outside.jpg",
    "images/./outside.jpg",
    ".incoming/outside.jpg",
    "images/",
    "images",
    "",
    "images/a\0b.jpg",
]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "below" / "objects"


@pytest.fixture
def blobs(root: Path, clock: ManualClock) -> BlobStore:
    return FilesystemBlobStore(root, clock=clock, secret=b"secret")


class TestFilesystemBlobStore(BlobStoreContract):
    """Two fixtures are defined in this module."""

    @pytest.fixture
    def wait(self, clock: ManualClock) -> Callable[[timedelta], None]:
        return clock.advance


class MeteredStream(io.BytesIO):
    """Records the size of the largest read."""

    largest_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.largest_bytes = max(self.largest_bytes, len(self.getbuffer()) if size is None or size < 0 else size)
        return super().read(size)


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_building_a_store_touches_no_disk(root: Path, clock: ManualClock) -> None:
    FilesystemBlobStore(root, clock=clock, secret=b"secret")
    assert not root.parent.exists()


def test_an_object_is_a_file_under_its_key_and_nothing_else_is_left(blobs: BlobStore, root: Path) -> None:
    key = an_original()
    blobs.put(key, io.BytesIO(b"x"))
    assert files_below(root) == [key.text]


def test_other_accounts_of_the_machine_cannot_read_an_object(blobs: BlobStore, root: Path) -> None:
    key = an_original()
    blobs.put(key, io.BytesIO(b"x"))
    assert stat.S_IMODE((root / key.text).stat().st_mode) == 0o600


def test_an_object_is_dated_by_the_clock_port(blobs: BlobStore, clock: ManualClock) -> None:
    clock.advance(timedelta(days=-400, microseconds=123_456))
    blobs.put(an_original(), io.BytesIO(b"x"))
    [stored] = blobs.scan(limit=1)
    assert stored.stored_at == clock.now()


def test_a_large_object_is_copied_in_pieces(blobs: BlobStore) -> None:
    content = MeteredStream(b"x" * (5 * COPY_BYTES))
    blobs.put(an_original(), content)
    assert 0 < content.largest_bytes <= COPY_BYTES


def test_a_store_survives_its_process(blobs: BlobStore, root: Path, clock: ManualClock) -> None:
    key = an_original()
    blobs.put(key, io.BytesIO(b"x"))
    assert content_of(FilesystemBlobStore(root, clock=clock, secret=b"another"), key) == b"x"


def test_an_object_that_is_deleted_while_it_is_read_is_read_to_the_end(blobs: BlobStore) -> None:
    key = an_original()
    blobs.put(key, io.BytesIO(b"0123456789"))
    with blobs.open(key) as content:
        blobs.delete([key])
        assert content.read() == b"0123456789"


def test_what_is_not_an_object_is_not_scanned(blobs: BlobStore, root: Path) -> None:
    key = an_original()
    blobs.put(key, io.BytesIO(b"x"))
    (root / "images" / "README.txt").write_text("not a key")
    (root / "images" / ".hidden").touch()
    (root / ObjectKey.parse(f"images/{an_image_id()}.png").text).mkdir()
    (root / ObjectKey.parse(f"images/{an_image_id()}.png").text).symlink_to(root / key.text)
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / key.text.partition("/")[2]).touch()
    assert everything(blobs, page_size=1) == [key]


def test_a_folder_under_a_key_is_no_object(blobs: BlobStore, root: Path) -> None:
    key = an_original()
    (root / key.text).mkdir(parents=True)
    assert blobs.find([key]) == frozenset()
    with pytest.raises(StorageUnavailable), blobs.open(key):
        pass
    with pytest.raises(StorageUnavailable):
        blobs.put(key, io.BytesIO(b"x"))
    assert files_below(root) == []


@pytest.mark.parametrize("text", OUTSIDE)
def test_no_key_names_a_file_outside(blobs: BlobStore, root: Path, text: str) -> None:
    root.mkdir(parents=True)
    key = ObjectKey(text)
    with pytest.raises(InvalidIdentifier):
        blobs.put(key, io.BytesIO(b"x"))
    with pytest.raises(InvalidIdentifier), blobs.open(key):
        pass
    with pytest.raises(InvalidIdentifier):
        blobs.find([key])
    with pytest.raises(InvalidIdentifier):
        blobs.delete([key])
    assert files_below(root.parent) == []


def test_a_root_that_is_a_file_makes_the_store_unavailable(blobs: BlobStore, root: Path) -> None:
    root.parent.mkdir()
    root.write_bytes(b"in the way")
    key = an_original()
    with pytest.raises(StorageUnavailable):
        blobs.put(key, io.BytesIO(b"x"))
    with pytest.raises(StorageUnavailable), blobs.open(key):
        pass
    with pytest.raises(StorageUnavailable):
        blobs.find([key])
    with pytest.raises(StorageUnavailable):
        blobs.delete([key])
    with pytest.raises(StorageUnavailable):
        blobs.scan(limit=1)
    assert root.read_bytes() == b"in the way"


def test_trouble_with_the_disk_keeps_its_cause(blobs: BlobStore, root: Path) -> None:
    root.parent.mkdir()
    root.touch()
    with pytest.raises(StorageUnavailable) as caught:
        blobs.put(an_original(), io.BytesIO(b"x"))
    assert isinstance(caught.value.__cause__, OSError)


def test_leftovers_of_a_crash_are_out_of_sight_and_go_after_a_day(
    blobs: BlobStore, root: Path, clock: ManualClock
) -> None:
    incoming = root / ".incoming"
    incoming.mkdir(parents=True)
    leftover = incoming / f"{int(clock.now().timestamp())}-abcdefgh"
    leftover.write_bytes(b"half an obj")
    strange = incoming / "not-ours"
    strange.touch()
    assert everything(blobs) == []

    clock.advance(LEFTOVER_AGE)
    blobs.put(an_original(), io.BytesIO(b"x"))
    assert leftover.exists(), "its writer may be alive"

    clock.advance(timedelta(seconds=1))
    blobs.put(an_original(), io.BytesIO(b"x"))
    assert os.listdir(incoming) == [strange.name]  # noqa: PTH208  # names are what matters
