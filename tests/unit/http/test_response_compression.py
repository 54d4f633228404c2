"""JSON of more than a kilobyte is compressed for clients that accept it."""

import gzip
import json

import pytest
from falcon import testing

from caller import Caller

ACCEPTED = ("gzip", "br, gzip;q=0.1", "*", "x-gzip", "identity;q=0, GZIP;q=1.0", "deflate, *;q=0.5")
REFUSED = (None, "", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzip;q=x", "gzip;q=0.000", ",;,")
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def image_id(ada: Caller) -> str:
    for _ in range(3):
        image_id: str = ada.upload().json["image"]["id"]
    return image_id


def fetch(caller: Caller, path: str, accepted: str | None, **headers: str) -> testing.Result:
    sent = {**caller.headers, **headers} | ({} if accepted is None else {"Accept-Encoding": accepted})
    return caller.client.simulate_get(path, headers=sent)


@pytest.mark.usefixtures("image_id")
@pytest.mark.parametrize("accepted", ACCEPTED)
def test_a_list_is_compressed(ada: Caller, accepted: str) -> None:
    plain, packed = fetch(ada, "/api/images", None), fetch(ada, "/api/images", accepted)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert json.loads(gzip.decompress(packed.content)) == plain.json
    assert len(packed.content) == int(packed.headers["Content-Length"]) < len(plain.content) / 2


@pytest.mark.usefixtures("image_id")
@pytest.mark.parametrize("accepted", REFUSED)
def test_a_client_that_doesnt_accept_it_gets_the_plain_body(ada: Caller, accepted: str | None) -> None:
    answer = fetch(ada, "/api/images", accepted)
    assert "content-encoding" not in answer.headers
    assert len(answer.json["images"]) == 3


def test_a_short_body_and_a_picture_are_left_alone(ada: Caller, image_id: str) -> None:
    url = ada.get(f"/api/images/{image_id}").json["image"]["originalUrl"].partition("/files")[2]
    for path in ("/healthz", f"/files{url}"):
        answer = fetch(ada, path, "gzip")
        assert "content-encoding" not in answer.headers


def test_the_etag_of_a_compressed_body_is_weak_and_still_known(ada: Caller, image_id: str) -> None:
    plain, packed = (fetch(ada, f"/api/images/{image_id}", accepted) for accepted in (None, "gzip"))
    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    for etag in (plain.headers["ETag"], packed.headers["ETag"]):
        assert fetch(ada, f"/api/images/{image_id}", "gzip", **{"If-None-Match": etag}).status_code == 304


def test_head_has_the_headers_of_get(ada: Caller, image_id: str) -> None:
    headers = {**ada.headers, **GZIP}
    head = ada.client.simulate_head(f"/api/images/{image_id}", headers=headers)
    get = ada.client.simulate_get(f"/api/images/{image_id}", headers=headers)
    same = ("Content-Length", "Content-Encoding", "ETag", "Vary")
    assert [head.headers[name] for name in same] == [get.headers[name] for name in same]
    assert head.content == b""


def test_an_answer_that_shows_a_key_is_not_compressed(ada: Caller) -> None:
    """A secret beside what a client sent could be guessed by the length."""
    headers = {**ada.headers, **GZIP}
    answer = ada.client.simulate_post("/api/settings/api-keys", headers=headers, json={"name": "x" * 100})
    assert (answer.status_code, "content-encoding" in answer.headers) == (201, False)
