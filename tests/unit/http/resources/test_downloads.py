"""Zip files of several pictures: streamed, with the right contents, or visibly incomplete."""

import io
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from attrs import evolve
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from missing import do_without
from spike_contracts.builders import NOON, an_album_image_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import ObjectNotFound, SpikeError
from spike_core.domain.identifiers import AlbumId, ImageId
from spike_core.domain.limits import DownloadLimits
from spike_core.domain.objects import ObjectKey
from spike_core.services.zip_downloads import DownloadedObject
from spike_http import create_app
from spike_http.zip_streams import ZipStream, archive_bytes
from spike_memory import ManualClock, MemoryBlobStore
from spike_memory.engine import a_picture
from spike_runtime import Settings

OTHER = a_picture(Dimensions(width_px=800, height_px=600))
PATH = "/api/images/download"


def opened(answer: testing.Result) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def an_image(caller: Caller, filename: str = "photo.jpg", content: bytes = PICTURE) -> str:
    image_id: str = caller.upload(content, filename=filename).json["image"]["id"]
    return image_id


def an_album(caller: Caller, *image_ids: str, privacy: str = "PRIVATE") -> str:
    album_id: str = caller.post("/api/albums", {"name": "Sommer ☀", "privacy": privacy}).json["album"]["id"]
    caller.post(f"/api/albums/{album_id}/images", {"imageIds": list(image_ids)})
    return album_id


def test_originals_come_byte_for_byte_in_the_order_asked_under_distinct_names(ada: Caller) -> None:
    ids = [an_image(ada, name, content) for name, content in (("a.jpg", PICTURE), ("A.jpg", OTHER), ("海.jpg", OTHER))]
    archive = opened(ada.post(PATH, {"imageIds": [*reversed(ids), ids[0]]}))
    assert archive.namelist() == ["海.jpg", "A.jpg", "a (2).jpg"]
    assert [archive.read(name) for name in archive.namelist()] == [OTHER, OTHER, PICTURE]
    assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_newest_result_is_taken_or_that_of_a_tier_or_else_the_original(ada: Caller, services: MemorySpike) -> None:
    image_id = an_image(ada, "harbor.jpg")
    services.work()
    services.clock.advance(timedelta(seconds=1))
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"})
    services.work()
    names = {
        tier: opened(ada.post(PATH, {"imageIds": [image_id], "tier": tier})).namelist()
        for tier in (None, "TIER_1K", "TIER_2K", "TIER_4K")
    }
    assert names == {
        None: ["harbor-2K.jpg"],
        "TIER_1K": ["harbor-1K.jpg"],
        "TIER_2K": ["harbor-2K.jpg"],
        "TIER_4K": ["harbor.jpg"],
    }


def test_an_album_is_downloaded_by_those_who_may_see_it(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    private, public = an_image(ada, "private.jpg"), an_image(ada, "public.jpg")
    services.work()
    services.publish(public)
    path = f"/api/albums/{an_album(ada, private, public, privacy='UNLISTED')}"
    assert opened(ada.get(f"{path}/download")).namelist() == ["private-1K.jpg", "public-1K.jpg"]
    assert bob.get(f"{path}/download").status_code == 403
    assert bob.client.simulate_get(f"{path}/download").status_code == 401
    token = ada.get(path).json["album"]["shareToken"]
    shared = bob.client.simulate_get(f"{path}/download", params={"shareToken": token})
    assert opened(shared).namelist() == ["private.jpg", "public-1K.jpg"]
    assert shared.headers["Content-Disposition"].endswith("filename*=UTF-8''Sommer%20%E2%98%80.zip")
    head = ada.client.simulate_head(f"{path}/download", headers=ada.headers)
    assert (head.status_code, head.content) == (200, b"")


def test_an_album_of_several_pages_is_complete(ada: Caller, services: MemorySpike) -> None:
    """A page has a hundred images."""
    album_id = an_album(ada, an_image(ada, "first.jpg"))
    with services.spike.database.transactions.begin() as tx:
        (first,) = tx.images.of_owner(ada.registered.user.id, limit=1)
        more = [evolve(first, id=id_, original=ObjectKey.of_original(id_, first.format)) for id_ in many_ids(250)]
        tx.images.add(*more)
        tx.albums.append_images(AlbumId(album_id), [(an_album_image_id(), each.id) for each in more], now=NOON)
    plan = services.spike.downloads.of_album(AlbumId(album_id), viewer=ada.registered.user.id)
    assert [each.key for each in plan.objects] == [first.original, *(each.original for each in more)]
    assert len({each.name for each in plan.objects}) == 251


def many_ids(count: int) -> list[ImageId]:
    return [ImageId(f"img_many{number:020}") for number in range(count)]


def test_what_the_caller_may_not_read_is_refused_as_a_whole(ada: Caller, bob: Caller) -> None:
    own, foreign = an_image(bob), an_image(ada)
    assert bob.post(PATH, {"imageIds": [own, foreign]}).status_code == 403
    assert bob.post(PATH, {"imageIds": [own, "img_" + "a" * 24]}).status_code == 404
    assert bob.client.simulate_post(PATH, json={"imageIds": [own]}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"imageIds": []},
        {"imageIds": ["img_" + "a" * 24], "tier": "\0"},
        {"imageIds": ["x"]},
        {"imageIds": ["img_x"] * 1001},
    ],
)
def test_a_body_without_ids_is_refused(ada: Caller, body: object) -> None:
    assert ada.post(PATH, body).status_code == 400


@pytest.mark.parametrize(
    "limits", [DownloadLimits(images_max=1), DownloadLimits(bytes_max=2 * len(PICTURE) - 1)], ids=["images", "bytes"]
)
def test_what_exceeds_a_limit_is_refused_before_anything_is_sent(limits: DownloadLimits) -> None:
    services = MemorySpike.build()
    spike = evolve(services.spike, downloads=evolve(services.spike.downloads, limits=limits))
    caller = Caller(testing.TestClient(create_app(spike)), services.register())
    ids = [an_image(caller) for _ in range(2)]
    assert caller.post(PATH, {"imageIds": ids[:1]}).status_code == 200
    for answer in (caller.post(PATH, {"imageIds": ids}), caller.get(f"/api/albums/{an_album(caller, *ids)}/download")):
        assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_the_limits_are_settings() -> None:
    limits = MemorySpike.build(Settings(download_images_max=7, download_mb_max=3)).spike.downloads.limits
    assert limits == DownloadLimits(images_max=7, bytes_max=3_000_000)


def test_places_are_given_back_however_the_download_ends(ada: Caller, services: MemorySpike) -> None:
    image_id = an_image(ada)
    key = services.blobs.scan(limit=1)[0].key
    for _ in range(6):  # more than there are places
        assert ada.post(PATH, {"imageIds": [image_id]}).status_code == 200
        assert ada.post(PATH, {"imageIds": ["img_" + "a" * 24]}).status_code == 404
    services.blobs.delete([key])
    for _ in range(5):
        with pytest.raises(ObjectNotFound):
            ada.post(PATH, {"imageIds": [image_id]})


# ---- the stream itself ----


def objects(blobs: MemoryBlobStore, *sizes: int) -> list[DownloadedObject]:
    made = []
    for number, size_bytes in enumerate(sizes):
        key = ObjectKey.parse(f"images/img_{number:024}.jpg")
        blobs.put(key, io.BytesIO(bytes([number]) * size_bytes))
        stored_at = datetime(1970, 1, 1, tzinfo=UTC)  # before the format's first day
        made.append(DownloadedObject(name=f"höhe {number}.jpg", key=key, size_bytes=size_bytes, stored_at=stored_at))
    return made


def streamed(listed: list[DownloadedObject], blobs: MemoryBlobStore) -> Iterator[bytes]:
    return iter(ZipStream(listed, blobs, ExitStack()))


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore(ManualClock())


@pytest.mark.parametrize("limit", [zipfile.ZIP64_LIMIT, 300_000, 100_000, 1000, 10])
def test_the_size_is_known_before_the_archive_is_written(
    blobs: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Also of an archive that needs zip64, for its entries, their places or its directory."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    for sizes in ((), (1,), (99_000, 1, 285_000, 400_000), (10,) * 30):
        listed = objects(blobs, *sizes)
        content = b"".join(streamed(listed, blobs))
        assert archive_bytes(listed) == len(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert [info.file_size for info in archive.infolist()] == list(sizes)
            assert archive.testzip() is None


def test_an_archive_of_many_entries_says_how_many_they_are(
    blobs: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    listed = objects(blobs, 1, 1, 1, 1)
    content = b"".join(streamed(listed, blobs))
    assert archive_bytes(listed) == len(content)
    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 4


def test_debians_unzip_finds_no_error(blobs: MemoryBlobStore, tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(b"".join(streamed(objects(blobs, 1, 700_000, 3), blobs)))
    unzip = shutil.which("unzip") or do_without("unzip isn't installed")
    tested = subprocess.run([unzip, "-t", str(file)], capture_output=True, text=True, check=False)
    assert (tested.returncode, "No errors detected" in tested.stdout) == (0, True), tested.stdout


def test_a_picture_that_disappears_leaves_no_archive_that_looks_complete(blobs: MemoryBlobStore) -> None:
    listed = objects(blobs, 1000, 1000, 1000)
    blobs.delete([listed[1].key])
    assert_is_cut_off(listed, blobs, ObjectNotFound)


def test_a_picture_of_another_size_than_its_row_says_ends_the_archive(blobs: MemoryBlobStore) -> None:
    listed = objects(blobs, 1000, 1000, 1000)
    blobs.put(listed[2].key, io.BytesIO(b"shorter"))
    assert_is_cut_off(listed, blobs, SpikeError)


def assert_is_cut_off(listed: list[DownloadedObject], blobs: MemoryBlobStore, error: type[Exception]) -> None:
    received = bytearray()

    def receive() -> None:
        for piece in streamed(listed, blobs):
            received.extend(piece)

    with pytest.raises(error):
        receive()
    assert len(received) > 1000
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(received))


class _Endless:
    """A stream of a size, which holds no bytes."""

    def __init__(self, size_bytes: int) -> None:
        self._size, self._at = size_bytes, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset if whence == 0 else self._size + offset
        return self._at

    def read(self, size: int) -> bytes:
        taken = min(size, self._size - self._at)
        self._at += taken
        return bytes(taken)


class _LargeBlobs(MemoryBlobStore):
    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        del key
        return nullcontext(cast("BinaryIO", _Endless(5_000_000)))


def test_the_memory_doesnt_depend_on_how_much_is_sent() -> None:
    """20 pictures of 5 MB, and twice as many: neither needs two megabytes at a time."""
    blobs = _LargeBlobs(ManualClock())
    for count in (20, 40):
        listed = [evolve(each, size_bytes=5_000_000) for each in objects(blobs, *[1] * count)]
        tracemalloc.start()
        try:
            sent = sum(len(piece) for piece in streamed(listed, blobs))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert sent == archive_bytes(listed)
        assert peak < 2_000_000
