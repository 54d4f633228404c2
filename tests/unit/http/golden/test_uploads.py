"""Upload responses match the API's examples."""

from falcon import testing

from caller import PICTURE, Caller
from golden.errors import INSUFFICIENT_TOKENS, UPLOAD_TOO_LARGE, UPLOAD_UNPAID
from golden.images import ANONYMOUSLY_UPLOADED, BATCH_UPLOADED, UPLOADED
from golden.looks import CDN, assert_served
from golden.tables import FILE_ERROR_TYPES
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_http.errors import BATCH_FILE_ERRORS

TOO_LARGE = b"x" * (UPLOAD_BYTES_MAX + 1)


def an_album_at_2k(caller: Caller) -> bytes:
    album = caller.post("/api/albums", {"name": "Holidays", "defaultTier": "TIER_2K"}).json["album"]
    return a_part("albumId", album["id"].encode())


def test_an_upload(ada: Caller) -> None:
    """Into an album, whose default tier is used."""
    answer = ada.upload_form(a_form(a_part("file", PICTURE, filename="photo.jpg"), an_album_at_2k(ada)))
    assert answer.status_code == 200
    assert_served(UPLOADED, answer.json)
    assert answer.json["image"]["url"] == f"{CDN}/images/{answer.json['image']['id']}.jpg"
    assert answer.json["image"]["size"] == len(PICTURE)


def test_an_upload_that_is_too_large(ada: Caller) -> None:
    answer = ada.upload(TOO_LARGE)
    assert answer.status_code == 400
    assert_served(UPLOAD_TOO_LARGE, answer.json)


def test_an_upload_that_costs_too_much(poor: Caller) -> None:
    answer = poor.upload_form(a_form(a_part("file", PICTURE, filename="photo.jpg"), an_album_at_2k(poor)))
    assert answer.status_code == 402
    assert_served(UPLOAD_UNPAID, answer.json)


def test_a_batch_of_which_a_part_fails(ada: Caller) -> None:
    files = [a_part("files", PICTURE, filename="photo1.jpg"), a_part("files", TOO_LARGE, filename="toolarge.jpg")]
    headers = {**ada.headers, "Content-Type": CONTENT_TYPE}
    answer = ada.client.simulate_post("/api/images/batch-upload", headers=headers, body=a_form(*files))
    assert answer.status_code == 200
    assert_served(BATCH_UPLOADED, answer.json)


def test_a_batch_that_costs_too_much_is_refused_in_the_common_words(poor: Caller) -> None:
    """The upload's own message is about one image."""
    album = an_album_at_2k(poor)
    files = [a_part("files", PICTURE, filename=f"{number}.jpg") for number in range(2)]
    headers = {**poor.headers, "Content-Type": CONTENT_TYPE}
    answer = poor.client.simulate_post("/api/images/batch-upload", headers=headers, body=a_form(album, *files))
    assert answer.status_code == 402
    assert_served({**INSUFFICIENT_TOKENS, "balance": 3}, answer.json)


def test_a_file_of_a_batch_fails_in_one_of_the_four_ways() -> None:
    assert {type_ for type_, _ in BATCH_FILE_ERRORS.values()} == {*FILE_ERROR_TYPES}


def test_an_anonymous_upload(client: testing.TestClient, services: MemorySpike) -> None:
    headers = {"Content-Type": CONTENT_TYPE}
    answer = client.simulate_post("/api/images/anonymous-upload", headers=headers, body=an_upload(PICTURE))
    assert answer.status_code == 200
    assert_served(ANONYMOUSLY_UPLOADED, answer.json)
    image_id = answer.json["image"]["id"]
    assert client.simulate_get(f"/api/images/{image_id}").json["image"]["isPublic"] is True
    assert services.statuses() == []
