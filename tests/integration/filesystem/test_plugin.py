import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spike_contracts.blobs import an_original, content_of
from spike_contracts.storage import StorageContract
from spike_core.domain.errors import InvalidValue
from spike_core.ports.factories import OpenStorage, Storage
from spike_filesystem import FilesystemBlobStore, open_folder
from spike_memory import ManualClock


class TestFilesystemStorage(StorageContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[], Storage]:
        return lambda: open_folder((tmp_path / "objects").as_uri(), clock=ManualClock(), secret=b"secret")

    @pytest.fixture
    def storage(self, reopen: Callable[[], Storage]) -> Storage:
        return reopen()

    @pytest.fixture
    def lost_storage(self, tmp_path: Path) -> Storage:
        """Return a store whose folder is a file."""
        (tmp_path / "file").touch()
        return open_folder((tmp_path / "file" / "objects").as_uri(), clock=ManualClock(), secret=b"secret")


def root_of(url: str) -> Path:
    store = open_folder(url, clock=ManualClock(), secret=b"secret").blobs
    assert isinstance(store, FilesystemBlobStore)
    return store.root


def test_the_factory_fits_its_port() -> None:
    factory: OpenStorage = open_folder
    storage = factory("file:///data", clock=ManualClock(), secret=b"secret")
    assert isinstance(storage.blobs, FilesystemBlobStore)
    assert storage.links == storage.blobs


def test_free_space_is_that_of_the_folders_disk_before_the_folder_is_there_too(tmp_path: Path) -> None:
    storage = open_folder((tmp_path / "a" / "objects").as_uri(), clock=ManualClock(), secret=b"secret")
    assert storage.free_bytes is not None
    assert 0 < storage.free_bytes() <= shutil.disk_usage(tmp_path).total


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///var/lib/spike", "/var/lib/spike"),
        ("file:///var/lib/spike/", "/var/lib/spike"),
        ("FILE:///Data", "/Data"),
        ("file:///with%20space/100%25/%23%3F", "/with space/100%/#?"),
        ("file:///gr%C3%BC%C3%9Fe", "/grüße"),
        ("file:///grüße", "/grüße"),
        ("file:///bytes%FF", "/bytes\udcff"),
    ],
)
def test_the_path_is_decoded(url: str, path: str) -> None:
    assert root_of(url) == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:",
        "file://",
        "file:///",
        "file:////",
        "file://host/path",
        "file://localhost/path",
        "file://[broken/path",
        "file:relative",
        "file:/one/slash",
        "file:///path?query",
        "file:///path#fragment",
        "file:///path?",
        "file:///nul%00",
        "s3://bucket",
        "/path",
    ],
)
def test_a_url_that_names_no_folder_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="storage URL"):
        root_of(url)


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(InvalidValue, match="secret"):
        open_folder("file:///data", clock=ManualClock(), secret=b"")


def test_what_is_opened_stores(tmp_path: Path) -> None:
    storage = open_folder((tmp_path / "a folder").as_uri(), clock=ManualClock(), secret=b"secret")
    key = an_original()
    storage.blobs.put(key, io.BytesIO(b"x"))
    assert content_of(storage.blobs, key) == b"x"
    assert (tmp_path / "a folder" / key.text).read_bytes() == b"x"
