"""`POST /api/images/upload`."""

from collections.abc import Callable

import pytest
from falcon import testing

from caller import PICTURE, Caller
from faults import FullBlobStore
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_contracts.builders import an_album, an_album_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_http import create_app
from spike_memory.engine import a_picture

SIZE = Dimensions(width_px=640, height_px=480)


def test_an_upload_answers_as_the_api_says(ada: Caller) -> None:
    answer = ada.upload()
    image, enhancement = answer.json["image"], answer.json["enhancement"]
    assert answer.status_code == 200
    assert answer.json.keys() == {"success", "image", "enhancement"}
    assert answer.json["success"] is True
    assert image == {
        "id": str(ImageId.parse(image["id"])),
        "name": "photo.jpg",
        "url": image["url"],
        "thumbnailUrl": None,
        "previewUrl": None,
        "thumbhash": None,
        "width": 1920,
        "height": 1080,
        "size": len(PICTURE),
        "format": "JPEG",
        "duplicateOf": None,
    }
    assert image["url"].startswith(f"http://falconframework.org/files/images/{image['id']}.jpg?")
    assert enhancement == {
        "jobId": str(JobId.parse(enhancement["jobId"])),
        "tier": "TIER_1K",
        "tokenCost": 2,
        "newBalance": 98,
    }


def test_the_original_is_stored_byte_for_byte(ada: Caller) -> None:
    url = ada.upload().json["image"]["url"]
    assert ada.client.simulate_get(url.removeprefix("http://falconframework.org")).content == PICTURE


def test_an_albums_tier_and_place_are_used(ada: Caller, services: MemorySpike) -> None:
    album = an_album(owner_id=ada.registered.user.id, default_tier=Tier.TIER_2K)
    with services.spike.database.transactions.begin() as tx:
        tx.albums.add(album)
    form = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("albumId", str(album.id).encode()))
    answer = ada.upload_form(form)
    assert answer.json["enhancement"]["tokenCost"] == 5
    with services.spike.database.transactions.view() as tx:
        assert [str(place.image_id) for place in tx.albums.images(album.id)] == [answer.json["image"]["id"]]


def test_an_album_without_auto_enhance_takes_a_picture_for_nothing(ada: Caller, services: MemorySpike) -> None:
    album = an_album(owner_id=ada.registered.user.id, auto_enhance=False)
    with services.spike.database.transactions.begin() as tx:
        tx.albums.add(album)
    form = a_form(a_part("albumId", str(album.id).encode()), a_part("file", PICTURE, filename="a.jpg"))
    answer = ada.upload_form(form)
    assert answer.json["enhancement"] is None
    assert ada.get("/api/tokens/balance").json["balance"] == 100


def test_an_empty_album_id_means_no_album(ada: Caller) -> None:
    form = a_form(a_part("albumId", b""), a_part("file", PICTURE, filename="a.jpg"))
    assert ada.upload_form(form).json["enhancement"]["tier"] == "TIER_1K"


def test_too_few_tokens_are_told_in_the_uploads_own_words(poor: Caller, services: MemorySpike) -> None:
    album = an_album(owner_id=poor.registered.user.id, default_tier=Tier.TIER_2K)
    with services.spike.database.transactions.begin() as tx:
        tx.albums.add(album)
    before = services.holdings
    answer = poor.upload_form(
        a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("albumId", str(album.id).encode()))
    )
    sentence = "You need 5 tokens to upload and enhance this image. You have 3 tokens."
    assert answer.status_code == 402
    assert answer.json == {
        "error": sentence,
        "title": "Payment Required",
        "suggestion": sentence,
        "code": "INSUFFICIENT_TOKENS",
        "requestId": answer.headers["x-request-id"],
        "required": 5,
        "balance": 3,
    }
    assert services.holdings == before


REFUSED = {
    "junk bytes named .jpg": (lambda: an_upload(b"\x00junk" * 100), "File is not a supported image"),
    "an empty file": (lambda: an_upload(b""), "File is empty"),
    "over 10 MB": (lambda: an_upload(b"\xff" * (UPLOAD_BYTES_MAX + 1)), "File exceeds maximum size of 10MB"),
    "animated": (
        lambda: an_upload(a_picture(SIZE, PictureFormat.GIF, "animated")),
        "Animated images are not supported",
    ),
    "corrupt": (lambda: an_upload(a_picture(SIZE, flaw="corrupt")), "Image is damaged and cannot be read"),
    "over 50 megapixels": (
        lambda: an_upload(a_picture(Dimensions(width_px=8000, height_px=8000))),
        "Image exceeds maximum of 50 megapixels",
    ),
    "no part": (a_form, "No file provided"),
    "another field name": (lambda: a_form(a_part("image", PICTURE, filename="a.jpg")), "No file provided"),
    "a field that is no file": (lambda: a_form(a_part("file", PICTURE)), "No file provided"),
    "a path": (lambda: an_upload(PICTURE, filename="../etc/passwd.jpg"), "Invalid file name"),
    "a backslash": (lambda: an_upload(PICTURE, filename="a\\\\b.jpg"), "Invalid file name"),
    "a leading dot": (lambda: an_upload(PICTURE, filename=".htaccess"), "Invalid file name"),
    "a control character": (lambda: an_upload(PICTURE, filename="a\x07b.jpg"), "Invalid file name"),
    "256 characters": (lambda: an_upload(PICTURE, filename="a" * 252 + ".jpg"), "Invalid file name"),
    "two files": (
        lambda: a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("file", PICTURE, filename="b.jpg")),
        "Invalid input",
    ),
    "an end that is missing": (lambda: an_upload(PICTURE)[:-20], "Invalid input"),
    "no form at all": (lambda: b"hello", "Invalid input"),
}


@pytest.mark.parametrize(("body", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_refused_and_leaves_nothing(
    ada: Caller, services: MemorySpike, body: Callable[[], bytes], error: str
) -> None:
    before = services.holdings
    answer = ada.upload_form(body())
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert answer.json["code"] == ("FILE_TOO_LARGE" if "10MB" in error else "INVALID_INPUT")
    assert answer.json["title"] in {"Invalid File", "Bad Request"}
    assert services.holdings == before


def test_a_body_that_announces_more_than_any_upload_is_refused_unread(ada: Caller, services: MemorySpike) -> None:
    before = services.holdings
    headers = {**ada.headers, "Content-Type": CONTENT_TYPE, "Content-Length": str(11 * 1024 * 1024)}
    answer = ada.client.simulate_post("/api/images/upload", headers=headers, body=b"")
    assert (answer.status_code, answer.json["code"]) == (400, "FILE_TOO_LARGE")
    assert services.holdings == before


def test_no_body_is_told_apart_from_a_wrong_type(ada: Caller) -> None:
    nothing = ada.client.simulate_post("/api/images/upload", headers=ada.headers)
    assert (nothing.status_code, nothing.json["error"]) == (400, "No file provided")
    json = ada.client.simulate_post("/api/images/upload", headers=ada.headers, json={"file": "x"})
    assert (json.status_code, json.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_form_without_a_boundary_is_malformed(ada: Caller) -> None:
    answer = ada.upload_form(an_upload(PICTURE), content_type="multipart/form-data")
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_a_strangers_or_unknown_album_refuses_the_picture(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    theirs = an_album(owner_id=bob.registered.user.id)
    with services.spike.database.transactions.begin() as tx:
        tx.albums.add(theirs)
    before = services.holdings
    for album, status in ((str(theirs.id), 403), (str(an_album_id()), 404), ("album_123abc", 404), ("x" * 2000, 404)):
        form = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("albumId", album.encode()))
        assert ada.upload_form(form).status_code == status
    assert services.holdings == before


def test_without_credentials_nothing_is_read(client: testing.TestClient, services: MemorySpike) -> None:
    before = services.holdings
    answer = client.simulate_post("/api/images/upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(PICTURE))
    assert answer.status_code == 401
    assert answer.json["error"] == "You must be logged in to access this resource"
    assert services.holdings == before


def test_a_full_store_answers_as_the_api_says_and_charges_nothing() -> None:
    services = MemorySpike.build(blobs=FullBlobStore)
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    before = services.holdings
    answer = ada.upload()
    assert answer.status_code == 500
    assert answer.json == {
        "error": "Upload processing failed",
        "title": "Server Error",
        "suggestion": "Please try again later",
        "code": "INTERNAL_ERROR",
        "requestId": answer.headers["x-request-id"],
    }
    assert services.holdings == before
