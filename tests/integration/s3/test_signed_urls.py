"""Presigned links: their holder can read one object, for a limited time, and nothing else."""

import io
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve

from missing import do_without
from running import PATIENCE_S, Answer
from servers.s3 import S3Server
from spike_contracts.blobs import an_original
from spike_core.domain.errors import InvalidValue
from spike_core.domain.objects import ObjectKey
from spike_core.ports.clock import Clock
from spike_http.responses.disposition import attachment
from spike_memory import ManualClock
from spike_s3 import Connection, S3Address, S3BlobStore
from spike_s3.signed_urls import VALIDITY_MAX

HOUR: Final = timedelta(hours=1)
ADDRESS: Final = S3Address(bucket="bucket", prefix="p/", endpoint_url="http://127.0.0.1:9/s3", region="us-east-1")


def fetch(url: str) -> Answer:
    """Send a request without credentials."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:  # noqa: S310  # our own server
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {}, error.read())


@pytest.fixture
def key(blobs: S3BlobStore) -> ObjectKey:
    key = an_original()
    blobs.put(key, io.BytesIO(b"the picture"))
    return key


@pytest.fixture
def checking(s3_server: S3Server) -> None:
    """Run only tests that the server can fail."""
    if not s3_server.checks_signatures:
        do_without("this S3 server takes any signature")


def test_who_holds_a_link_reads_the_object(blobs: S3BlobStore, key: ObjectKey) -> None:
    answer = fetch(blobs.url(key, valid_for=HOUR))
    assert (answer.status, answer.content) == (200, b"the picture")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=3600, immutable"


def test_a_link_to_an_attachment_names_the_file_in_any_script(blobs: S3BlobStore, key: ObjectKey) -> None:
    """The header is signed, so that the link's holder can't change it."""
    disposition = attachment("Hafen früh.jpg")
    link = blobs.attachment_url(key, content_disposition=disposition, valid_for=HOUR)
    answer = fetch(link)
    assert (answer.status, answer.headers["content-disposition"]) == (200, disposition)
    assert answer.headers["content-type"] == "image/jpeg"


@pytest.mark.usefixtures("checking")
def test_no_header_can_be_added_to_a_link(blobs: S3BlobStore, key: ObjectKey) -> None:
    link = blobs.url(key, valid_for=HOUR)
    assert fetch(f"{link}&response-content-type=text/html").status == 403


@pytest.mark.usefixtures("checking")
def test_without_its_signature_a_link_opens_nothing(blobs: S3BlobStore, key: ObjectKey) -> None:
    bare, _, _ = blobs.url(key, valid_for=HOUR).partition("?")
    assert 400 <= fetch(bare).status < 404


@pytest.mark.usefixtures("checking")
def test_a_link_that_was_changed_opens_nothing(blobs: S3BlobStore, key: ObjectKey) -> None:
    other = an_original()
    blobs.put(other, io.BytesIO(b"another"))
    link = blobs.url(key, valid_for=HOUR)
    last = link[-1]
    for changed in (
        link.replace(str(key), str(other)),
        link.replace("X-Amz-Expires=", "X-Amz-Expires=1"),
        link[:-1] + ("0" if last != "0" else "1"),
    ):
        assert changed != link
        answer = fetch(changed)
        assert (answer.status, b"SignatureDoesNotMatch" in answer.content) == (403, True)


@pytest.mark.usefixtures("checking")
def test_a_link_expires(connection: Connection, key: ObjectKey, clock: Clock) -> None:
    def link(age: timedelta) -> str:
        then = ManualClock(clock.now() - age)
        return S3BlobStore(connection, clock=then).url(key, valid_for=HOUR)

    assert fetch(link(HOUR - timedelta(minutes=1))).status == 200
    assert fetch(link(1.5 * HOUR + timedelta(minutes=1))).status == 403


def test_a_link_of_the_longest_kind_works(blobs: S3BlobStore, key: ObjectKey) -> None:
    assert fetch(blobs.url(key, valid_for=VALIDITY_MAX)).status == 200
    assert fetch(blobs.url(key, valid_for=VALIDITY_MAX - HOUR)).status == 200
    with pytest.raises(InvalidValue, match="at most 7 days"):
        blobs.url(key, valid_for=VALIDITY_MAX + timedelta(seconds=1))


def test_a_link_to_a_deleted_object_is_not_found(blobs: S3BlobStore, key: ObjectKey) -> None:
    link = blobs.url(key, valid_for=HOUR)
    blobs.delete([key])
    assert fetch(link).status == 404


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret")
    return Connection(ADDRESS)


def test_a_link_stays_the_same_for_a_while(signing: Connection) -> None:
    clock = ManualClock()
    store, key = S3BlobStore(signing, clock=clock), an_original()
    links = set()
    for _ in range(30):
        links.add(store.url(key, valid_for=HOUR))
        clock.advance(timedelta(minutes=1))
    assert len(links) <= 2


def test_no_time_of_day_makes_a_link_expire_early_or_late(signing: Connection) -> None:
    clock = ManualClock()
    store, key = S3BlobStore(signing, clock=clock), an_original()
    for valid_for in (timedelta(seconds=1), HOUR, VALIDITY_MAX - HOUR, VALIDITY_MAX):
        for _ in range(40):
            query = parse_qs(urlsplit(store.url(key, valid_for=valid_for)).query)
            signed_at = clock.now().strptime(query["X-Amz-Date"][0] + "+0000", "%Y%m%dT%H%M%SZ%z")
            expires = signed_at + timedelta(seconds=int(query["X-Amz-Expires"][0]))
            assert signed_at <= clock.now()
            longer_by = expires - clock.now() - valid_for
            assert timedelta(seconds=-1) < longer_by <= max(valid_for / 2, timedelta(seconds=1))
            clock.advance(timedelta(seconds=11.3))


def test_a_link_names_the_server_that_clients_reach(signing: Connection) -> None:
    key = an_original()
    inside = S3BlobStore(signing, clock=ManualClock()).url(key, valid_for=HOUR)
    assert inside.startswith(f"http://127.0.0.1:9/s3/bucket/p/{key}?")
    outside = S3BlobStore(
        Connection(evolve(ADDRESS, public_endpoint_url="https://pictures.example.org")), clock=ManualClock()
    ).url(key, valid_for=HOUR)
    assert outside.startswith(f"https://pictures.example.org/bucket/p/{key}?")
    assert outside[-64:] != inside[-64:], "the host is signed too"
    assert "the-secret" not in outside
