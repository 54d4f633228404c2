"""`POST /api/images/batch-upload`."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part
from spike_contracts.builders import an_album
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, StorageUnavailable
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import JobStatus
from spike_core.domain.limits import BATCH_FILES_MAX, UPLOAD_BYTES_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_http import create_app
from spike_memory import MemoryBlobStore
from spike_memory.engine import a_picture
from spike_memory.images import MemoryImages

PATH = "/api/images/batch-upload"
HOST = "http://falconframework.org"
TOO_LARGE = b"x" * (UPLOAD_BYTES_MAX + 1)


def send(caller: Caller, *parts: bytes) -> testing.Result:
    headers = {**caller.headers, "Content-Type": CONTENT_TYPE}
    return caller.client.simulate_post(PATH, headers=headers, body=a_form(*parts))


def a_file(filename: str, content: bytes = PICTURE) -> bytes:
    return a_part("files", content, filename=filename)


def in_album(caller: Caller, services: MemorySpike, tier: Tier = Tier.TIER_2K, *, auto_enhance: bool = True) -> bytes:
    album = an_album(owner_id=caller.registered.user.id, default_tier=tier, auto_enhance=auto_enhance)
    with services.spike.database.transactions.begin() as tx:
        tx.albums.add(album)
    return a_part("albumId", album.id.text.encode())


def test_each_file_has_its_result_in_order(ada: Caller, services: MemorySpike) -> None:
    answer = send(ada, a_file("photo1.jpg"), a_file("toolarge.jpg", TOO_LARGE), a_file("notes.txt", b"hello"))
    assert answer.status_code == 200
    first, second, third = answer.json["results"]
    assert first == {
        "success": True,
        "filename": "photo1.jpg",
        "imageId": str(ImageId.parse(first["imageId"])),
        "url": first["url"],
        "thumbnailUrl": None,
        "previewUrl": None,
        "thumbhash": None,
        "width": 1920,
        "height": 1080,
        "size": len(PICTURE),
        "format": "JPEG",
        "jobId": str(JobId.parse(first["jobId"])),
        "tier": "TIER_1K",
        "tokenCost": 2,
        "duplicateOf": None,
    }
    assert second == {
        "success": False,
        "filename": "toolarge.jpg",
        "error": "File exceeds maximum size of 10MB",
        "errorType": "validation",
    }
    assert third == {
        "success": False,
        "filename": "notes.txt",
        "error": "File is not a supported image",
        "errorType": "validation",
    }
    assert answer.json["success"] is True
    assert answer.json["summary"] == {"total": 3, "successful": 1, "failed": 2, "totalCost": 2, "newBalance": 98}
    assert ada.client.simulate_get(first["url"].removeprefix(HOST)).content == PICTURE
    services.work()
    assert services.statuses() == [JobStatus.COMPLETED]


def test_all_go_to_the_album_in_order_at_its_tier(ada: Caller, services: MemorySpike) -> None:
    answer = send(ada, in_album(ada, services), *(a_file(f"{number}.jpg") for number in range(3)))
    assert answer.json["summary"]["totalCost"] == 15
    [album] = ada.get("/api/albums").json["albums"]
    shown = ada.get(f"/api/albums/{album['id']}").json["album"]["images"]
    assert [image["name"] for image in shown] == ["0.jpg", "1.jpg", "2.jpg"]
    assert ada.get("/api/tokens/balance").json["balance"] == 85


def test_an_album_that_doesnt_enhance_takes_them_for_nothing(ada: Caller, services: MemorySpike) -> None:
    answer = send(ada, in_album(ada, services, auto_enhance=False), a_file("a.jpg"))
    [result] = answer.json["results"]
    assert (result["jobId"], result["tier"], result["tokenCost"]) == (None, None, 0)
    assert answer.json["summary"]["newBalance"] == 100


def test_a_name_that_is_a_path_is_refused_alone(ada: Caller) -> None:
    answer = send(ada, a_file("../a.jpg"), a_file("b.jpg"), a_part("files", PICTURE))
    assert [result["success"] for result in answer.json["results"]] == [False, True, False]
    assert {result["errorType"] for result in answer.json["results"] if not result["success"]} == {"validation"}


def test_when_no_file_is_acceptable_nothing_is_charged(ada: Caller, services: MemorySpike) -> None:
    before = services.holdings
    answer = send(ada, a_file("a.jpg", b"junk"), a_file("b.jpg", b""))
    assert (answer.status_code, answer.json["success"]) == (200, False)
    assert answer.json["summary"] == {"total": 2, "successful": 0, "failed": 2, "totalCost": 0, "newBalance": 100}
    assert services.holdings == before


def test_a_balance_that_covers_some_keeps_none(poor: Caller, services: MemorySpike) -> None:
    """Files that are refused for other reasons don't count."""
    before = services.holdings
    answer = send(poor, a_file("a.jpg"), a_file("b.jpg"))
    assert answer.status_code == 402
    assert (answer.json["required"], answer.json["balance"]) == (4, 3)
    assert services.holdings == before
    assert send(poor, a_file("a.jpg"), a_file("b.jpg", b"junk")).status_code == 200


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (list, "No file provided"),
        (lambda: [a_part("file", PICTURE, filename="a.jpg")], "No file provided"),
        (lambda: [a_file(f"{number}.jpg") for number in range(BATCH_FILES_MAX + 1)], "Maximum 20 files per batch"),
        (
            lambda: [a_file(f"{number}.jpg", TOO_LARGE[:-1]) for number in range(6)],
            "Batch exceeds maximum size of 50MB",
        ),
        (lambda: [a_file(f"{number}.jpg", TOO_LARGE) for number in range(5)], "Batch exceeds maximum size of 50MB"),
        (lambda: [a_part("albumId", b"")] * 2 + [a_file("a.jpg")], "Invalid input"),
    ],
    ids=["empty", "another field", "too many", "too large", "too large, each", "two albums"],
)
def test_a_form_that_isnt_a_batch_is_refused_whole(
    ada: Caller, services: MemorySpike, make: Callable[[], list[bytes]], error: str
) -> None:
    before = services.holdings
    answer = send(ada, *make())
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert services.holdings == before


def test_somebody_elses_album_takes_nothing(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    album = in_album(bob, services)
    before = services.holdings
    assert send(ada, album, a_file("a.jpg")).status_code == 403
    assert services.holdings == before


class ChoosyBlobStore(MemoryBlobStore):
    """Stores only every second object."""

    turns = 0

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        self.turns += 1
        if self.turns % 2 == 0:
            raise StorageUnavailable
        super().put(key, content)


def test_a_file_that_cant_be_stored_fails_alone() -> None:
    services = MemorySpike.build(blobs=ChoosyBlobStore)
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    answer = send(ada, *(a_file(f"{number}.jpg") for number in range(4)))
    failed = [result for result in answer.json["results"] if not result["success"]]
    assert [(result["errorType"], result["error"]) for result in failed] == [
        ("upload", "The file could not be stored")
    ] * 2
    assert answer.json["summary"] == {"total": 4, "successful": 2, "failed": 2, "totalCost": 4, "newBalance": 96}


@pytest.fixture
def unlucky(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that stores no images."""

    def fail(*_: object) -> None:
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(MemoryImages, "add", fail)
        yield


@pytest.mark.usefixtures("unlucky")
def test_a_database_that_fails_keeps_and_charges_nothing(ada: Caller, services: MemorySpike) -> None:
    before = services.holdings
    answer = send(ada, a_file("a.jpg"), a_file("b.jpg"), a_file("c.jpg", b"junk"))
    assert answer.status_code == 200
    assert [result.get("errorType") for result in answer.json["results"]] == ["database", "database", "validation"]
    assert answer.json["success"] is False
    assert answer.json["summary"]["newBalance"] == 100
    assert services.holdings == before


def test_a_batch_needs_credentials(client: testing.TestClient) -> None:
    headers = {"Content-Type": CONTENT_TYPE}
    assert client.simulate_post(PATH, headers=headers, body=a_form(a_file("a.jpg"))).status_code == 401


def test_another_format_is_told_as_it_is(ada: Caller) -> None:
    content = a_picture(Dimensions(width_px=30, height_px=20), PictureFormat.PNG)
    [result] = send(ada, a_file("photo2.jpg", content)).json["results"]
    assert (result["format"], result["width"], result["height"]) == ("PNG", 30, 20)
