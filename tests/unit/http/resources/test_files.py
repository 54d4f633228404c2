"""`/files`: ranges, conditions, caching and attachments, as RFC 9110 and RFC 6266 have them."""

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from falcon import testing
from werkzeug.http import parse_options_header

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_core.domain.errors import DatabaseUnavailable, StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_memory import MemoryTransactions

SIZE = len(PICTURE)


@pytest.fixture
def url(ada: Caller) -> str:
    """A signed URL of an original."""
    return path_of(ada.upload(filename="Hafen früh 100%.jpg").json["image"]["url"])


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def fetch(client: testing.TestClient, url: str, *, method: str = "GET", **headers: str) -> testing.Result:
    path, _, query = url.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_request(method, path, query_string=query, headers=sent)


def test_the_whole_file_says_that_it_has_ranges_and_which_version_it_is(client: testing.TestClient, url: str) -> None:
    answer = fetch(client, url)
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{sha256(PICTURE).hexdigest()}"'
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).tzinfo is not None
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=10-", 10, SIZE - 1),
        (f"bytes=10-{10**17}", 10, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{10**17}", 0, SIZE - 1),
        (f"BYTES= {SIZE - 1}- ", SIZE - 1, SIZE - 1),
    ],
)
def test_one_range_is_sent_alone(client: testing.TestClient, url: str, asked: str, first: int, last: int) -> None:
    answer = fetch(client, url, Range=asked)
    assert (answer.status_code, answer.content) == (206, PICTURE[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={10**17}-{10**17}", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_size(client: testing.TestClient, url: str, asked: str) -> None:
    answer = fetch(client, url, Range=asked)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert answer.json["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,3-4",
        "bytes=5-4",
        "bytes=-",
        "bytes=",
        "lines=0-1",
        "bytes=a-b",
        "bytes=0-1x",
        "bytes=" + "9" * 40 + "-",
    ],
)
def test_several_ranges_and_malformed_ones_get_the_whole(client: testing.TestClient, url: str, asked: str) -> None:
    answer = fetch(client, url, Range=asked)
    assert (answer.status_code, answer.content) == (200, PICTURE)


def test_a_range_is_continued_only_if_the_file_is_the_same(client: testing.TestClient, url: str) -> None:
    whole = fetch(client, url)
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    later = format_datetime(parsedate_to_datetime(modified) + timedelta(seconds=1), usegmt=True)
    statuses = {
        condition: fetch(client, url, Range="bytes=1-2", If_Range=condition).status_code
        for condition in (etag, modified, f"W/{etag}", '"other"', later, "yesterday")
    }
    assert [condition for condition, status in statuses.items() if status == 206] == [etag, modified]
    assert set(statuses.values()) == {200, 206}


def test_what_the_client_has_is_not_sent_again(client: testing.TestClient, url: str) -> None:
    whole = fetch(client, url)
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    earlier = format_datetime(parsedate_to_datetime(modified) - timedelta(seconds=1), usegmt=True)
    for known in ({"If_None_Match": etag}, {"If_None_Match": f'"x", W/{etag}'}, {"If_Modified_Since": modified}):
        answer = fetch(client, url, **known, Range="bytes=0-1")
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
    for unknown in (
        {"If_None_Match": '"x"', "If_Modified_Since": modified},
        {"If_Modified_Since": earlier},
        {"If_Modified_Since": "yesterday"},
        {"If_Modified_Since": f"Mon, 01 Jan {10**20} 00:00:00 GMT"},
        {"If_Modified_Since": f"Mon, 01 Jan 2126 00:00:00 +{10**20}"},
    ):
        assert fetch(client, url, **unknown).status_code == 200


def test_head_has_the_headers_of_the_whole(client: testing.TestClient, url: str) -> None:
    head = fetch(client, url, method="HEAD", Range="bytes=0-1")
    get = fetch(client, url)
    own = {"x-request-id"}
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "x-request-id": ""} == {**get.headers, "x-request-id": ""}, own


def test_a_download_is_saved_under_the_images_name(client: testing.TestClient, url: str) -> None:
    answer = fetch(client, f"{url}&download=1")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Hafen fr_h 100_.jpg\"; filename*=UTF-8''Hafen%20fr%C3%BCh%20100%25.jpg"
    )
    assert answer.headers["Content-Type"] == fetch(client, url).headers["Content-Type"] == "image/jpeg"
    assert "Content-Disposition" not in fetch(client, f"{url}&download=0").headers


@pytest.mark.parametrize(
    "name", ['a";x=".exe.jpg', "日本語.jpg", "e\u0301.jpg", "emoji 🏔.jpg", "CON.jpg", "x" * 251 + ".jpg"]
)
def test_a_name_of_any_script_is_one_parameter_and_a_usable_name(
    ada: Caller, client: testing.TestClient, name: str
) -> None:
    image_id = ada.upload().json["image"]["id"]
    ada.patch(f"/api/images/{image_id}", {"name": name})
    url = path_of(ada.get(f"/api/images/{image_id}").json["image"]["originalUrl"])
    disposition = fetch(client, f"{url}&download=1").headers["Content-Disposition"]
    kind, options = parse_options_header(disposition)
    assert (kind, list(options)) == ("attachment", ["filename"])
    saved = options["filename"]
    assert saved.endswith(".jpg")
    assert not set(saved) & set('/\\":*?<>|')
    assert len(saved.encode()) <= 255


def test_a_result_is_saved_with_its_tier(ada: Caller, services: MemorySpike, client: testing.TestClient) -> None:
    uploaded = ada.upload(filename="harbor.png").json
    services.work()
    image_id, job_id = uploaded["image"]["id"], uploaded["enhancement"]["jobId"]
    body = {"imageIds": [image_id], "jobIds": [job_id], "download": True}
    links = ada.post("/api/images/links", body).json
    urls = [links["images"][0]["originalUrl"], links["jobs"][0]["enhancedUrl"]]
    names = [fetch(client, path_of(url)).headers["Content-Disposition"].split('"')[1] for url in urls]
    assert names == ["harbor.jpg", "harbor-1K.jpg"]


def test_a_public_file_may_be_kept_by_caches_for_a_short_time(
    ada: Caller, services: MemorySpike, client: testing.TestClient
) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.publish(image_id)
    url = ada.post("/api/images/links", {"imageIds": [image_id], "download": True}).json["images"][0]["originalUrl"]
    answer = fetch(client, path_of(url))
    assert answer.headers["Cache-Control"] == "public, max-age=300, immutable"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_parameter_weakens_no_signature(client: testing.TestClient, url: str) -> None:
    plain = urlsplit(url).path
    assert fetch(client, f"{plain}?download=1").status_code == 404
    assert fetch(client, url.replace("signature=", "signature=0") + "&download=1").status_code == 403
    assert fetch(client, f"{url}&response-content-type=text/html").headers["Content-Type"] == "image/jpeg"


def test_the_link_of_a_deleted_image_opens_nothing(ada: Caller, client: testing.TestClient, url: str) -> None:
    image_id = urlsplit(url).path.rpartition("/")[2].removesuffix(".jpg")
    ada.delete(f"/api/images/{image_id}")
    assert fetch(client, url).status_code == 404


@pytest.mark.parametrize(("port", "method"), [("database", "view"), ("store", "open")])
def test_a_dependency_that_is_away_is_503_which_no_cache_keeps(
    client: testing.TestClient, services: MemorySpike, url: str, monkeypatch: pytest.MonkeyPatch, port: str, method: str
) -> None:
    def away(*_arguments: object) -> None:
        raise DatabaseUnavailable if port == "database" else StorageUnavailable

    target = MemoryTransactions if port == "database" else type(services.blobs)
    monkeypatch.setattr(target, method, away)
    answer = fetch(client, url)
    assert (answer.status_code, answer.json["code"]) == (503, "SERVER_BUSY")
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Cache-Control"] == "no-store"
    monkeypatch.undo()
    assert fetch(client, url).status_code == 200


def test_a_missing_object_is_not_found_whatever_part_is_asked_for(
    client: testing.TestClient, services: MemorySpike, url: str
) -> None:
    services.blobs.delete([ObjectKey.parse(urlsplit(url).path.removeprefix("/files/"))])
    assert fetch(client, url, Range="bytes=0-1").status_code == 404
