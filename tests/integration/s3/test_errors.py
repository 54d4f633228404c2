"""Errors of an object store that is down, slow, misconfigured or sends wrong answers."""

import io
import logging
import re
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from effort import each_value_once
from servers.misbehaving import SIGNATURE_MISMATCH, Misbehaving, Reply, misbehaving
from spike_contracts.blobs import an_original, content_of
from spike_core.domain.errors import ObjectNotFound, StorageRefused, StorageUnavailable
from spike_core.ports.blobs import BlobStore
from spike_memory import ManualClock
from spike_s3 import Connection, S3Address, S3BlobStore

pytestmark = each_value_once

CALLS: Final[dict[str, Callable[[BlobStore], object]]] = {
    "put": lambda blobs: blobs.put(an_original(), io.BytesIO(b"x")),
    "open": lambda blobs: content_of(blobs, an_original()),
    "find": lambda blobs: blobs.find([an_original()]),
    "delete": lambda blobs: blobs.delete([an_original()]),
    "scan": lambda blobs: blobs.scan(limit=1),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
HANGS_S: Final = 0.2


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give boto3 credentials, and keep it from looking elsewhere."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret-key")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@every_call
def test_a_server_that_hangs_is_given_up_in_time(call: Callable[[BlobStore], object], clock: ManualClock) -> None:
    with misbehaving() as server:
        blobs = server.store(clock, read_timeout_s=HANGS_S)
        began_s = time.monotonic()
        with pytest.raises(StorageUnavailable):
            call(blobs)
        assert time.monotonic() - began_s < 10 * HANGS_S + 20  # making a client takes a while on a busy machine
        assert len(server.asked) == 1


@every_call
def test_a_server_that_is_down_is_unavailable(call: Callable[[BlobStore], object], clock: ManualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    blobs = Misbehaving(port, replies=None).store(clock)  # type: ignore[arg-type]  # sends no response
    with pytest.raises(StorageUnavailable) as caught:
        call(blobs)
    assert isinstance(caught.value.__cause__, BotoCoreError)


@every_call
def test_an_error_of_the_server_is_unavailable(call: Callable[[BlobStore], object], clock: ManualClock) -> None:
    with misbehaving(Reply(status=500, body=b"<Error><Code>InternalError</Code></Error>")) as server:
        with pytest.raises(StorageUnavailable) as caught:
            call(server.store(clock))
        assert type(caught.value) is StorageUnavailable
        assert isinstance(caught.value.__cause__, ClientError)


@every_call
def test_an_answer_that_is_no_s3_is_unavailable(call: Callable[[BlobStore], object], clock: ManualClock) -> None:
    with misbehaving(Reply(status=418, body=b"<html>I'm a teapot")) as server, pytest.raises(StorageUnavailable):
        call(server.store(clock))


@pytest.mark.parametrize("call", [CALLS["find"], CALLS["scan"], CALLS["delete"]], ids=["find", "scan", "delete"])
def test_a_listing_that_is_no_xml_is_unavailable(call: Callable[[BlobStore], object], clock: ManualClock) -> None:
    with misbehaving(Reply(body=b"<html>Welcome to nginx")) as server, pytest.raises(StorageUnavailable):
        call(server.store(clock))


def test_a_listing_of_something_else_has_nothing(clock: ManualClock) -> None:
    with misbehaving(Reply(body=b"<html><body>Welcome</body></html>"), Reply(status=404)) as server:
        blobs = server.store(clock)
        assert blobs.find([an_original()]) == frozenset()


def test_a_call_is_repeated_as_often_as_was_said_and_no_more(clock: ManualClock) -> None:
    with misbehaving(Reply(status=503)) as server:
        with pytest.raises(StorageUnavailable):
            server.store(clock, attempts_max=2).put(an_original(), io.BytesIO(b"x"))
        assert len(server.asked) == 2


def test_a_repeated_put_sends_the_same_bytes_again(clock: ManualClock) -> None:
    content = io.BytesIO(b"header and " + b"body" * 100_000)
    content.seek(11)
    with misbehaving(Reply(status=500), Reply()) as server:
        server.store(clock, attempts_max=3).put(an_original(), content)
        assert [asked.body for asked in server.asked] == [b"body" * 100_000] * 2


class Pipe(io.RawIOBase):
    """A stream that can be read once."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        size = len(self._rest) if size is None or size < 0 else size
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def test_a_stream_that_comes_once_can_be_sent_twice(clock: ManualClock) -> None:
    with misbehaving(Reply(status=500), Reply()) as server:
        server.store(clock, attempts_max=3).put(an_original(), Pipe(b"body" * 100_000))  # type: ignore[arg-type]
        assert [asked.body for asked in server.asked] == [b"body" * 100_000] * 2


def test_a_body_that_breaks_off_is_unavailable_before_anybody_reads_it(clock: ManualClock) -> None:
    for breaks_off_at in (0, 5, 3_000_000):
        body = b"x" * breaks_off_at
        with misbehaving(Reply(body=body, says_bytes=breaks_off_at + 1)) as server:
            opened = False
            with pytest.raises(StorageUnavailable), server.store(clock).open(an_original()):
                opened = True
            assert not opened


def test_an_object_beyond_all_measure_is_not_read(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_s3.blobs.OBJECT_BYTES_MAX", 1000)
    with misbehaving(Reply(body=b"x" * 1000)) as server:
        assert len(content_of(server.store(clock), an_original())) == 1000
    with misbehaving(Reply(body=b"x" * 1001)) as server, pytest.raises(StorageUnavailable):
        content_of(server.store(clock), an_original())


def test_what_could_not_be_deleted_is_told(clock: ManualClock) -> None:
    body = b"<DeleteResult><Error><Key>x</Key><Code>InternalError</Code></Error></DeleteResult>"
    with misbehaving(Reply(body=body)) as server, pytest.raises(StorageUnavailable):
        server.store(clock).delete([an_original()])
    denied = Reply(body=body.replace(b"InternalError", b"AccessDenied"))
    with misbehaving(denied) as server, pytest.raises(StorageRefused):
        server.store(clock).delete([an_original()])
    with misbehaving(Reply(body=body.replace(b"InternalError", b"NoSuchKey"))) as server:
        server.store(clock).delete([an_original()])


@every_call
@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "AccessDenied", "read, write and delete"),
        (403, "SomethingOfItsOwn", "AWS_ACCESS_KEY_ID"),
        (401, "Unauthorized", "AWS_ACCESS_KEY_ID"),
        (404, "NoSuchBucket", "no such bucket"),
        (400, "AuthorizationHeaderMalformed", "region="),
        (301, "PermanentRedirect", "region="),
        (301, "", "endpoint_url"),  # as servers do that want https
        (308, "", "endpoint_url"),
    ],
)
def test_a_refusal_says_what_to_mend(
    call: Callable[[BlobStore], object],
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: str,
    hint: str,
) -> None:
    caplog.set_level(logging.WARNING)
    reply = Reply(status=status, body=f"<Error><Code>{code}</Code></Error>".encode())
    with misbehaving(reply) as server, pytest.raises(StorageRefused) as caught:
        call(server.store(clock))
    assert len(server.asked) == 1, "no repetition would help"
    assert hint in caught.value.reason
    assert "bucket 'bucket' at http://127.0.0.1:" in caught.value.reason
    assert caught.value.reason in caplog.text
    assert "127.0.0.1" not in str(caught.value), "clients may see the sentence"


def a_link(blobs: BlobStore) -> object:
    return blobs.url(an_original(), valid_for=timedelta(hours=1))


def test_no_credentials_are_told(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with misbehaving(Reply()) as server:
        for call in (*CALLS.values(), a_link):
            with pytest.raises(StorageRefused) as caught:
                call(server.store(clock))
            assert "AWS_ACCESS_KEY_ID" in caught.value.reason
        assert server.asked == []


def test_half_of_the_credentials_are_told(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with misbehaving(Reply()) as server, pytest.raises(StorageRefused):
        server.store(clock).scan(limit=1)


def test_a_profile_that_is_not_there_is_told(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing-profile")
    with misbehaving(Reply()) as server, pytest.raises(StorageRefused) as caught:
        server.store(clock).scan(limit=1)
    assert "missing-profile" in caught.value.reason


def test_an_object_that_is_not_there_is_told_from_a_bucket_that_is_not(clock: ManualClock) -> None:
    missing = Reply(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
    with misbehaving(missing) as server, pytest.raises(ObjectNotFound):
        content_of(server.store(clock), an_original())


def test_credentials_are_in_no_representation_and_no_log(
    clock: ManualClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-session-token")
    caplog.set_level(logging.DEBUG, logger="spike_s3")
    with misbehaving(Reply(status=403, body=SIGNATURE_MISMATCH)) as server:
        blobs = server.store(clock)
        with pytest.raises(StorageRefused) as caught:
            blobs.scan(limit=1)
    said = f"{blobs!r} {blobs.connection!r} {caught.value!r} {caught.value.__cause__} {caplog.text}"
    assert re.search(r"the-(access|secret|session)", said) is None


def test_what_is_sent_suits_servers_that_are_behind_the_times(clock: ManualClock) -> None:
    """R2 and others reject the newer checksums; most require Content-MD5 with DeleteObjects; few send 100 Continue."""
    with misbehaving(Reply()) as server:
        server.store(clock).put(an_original(), io.BytesIO(b"x"))
        (put,) = server.asked
    names = {name.lower() for name in put.headers}
    assert not any(name.startswith("x-amz-checksum") or name == "x-amz-trailer" for name in names)
    assert "expect" not in names
    assert put.headers["Content-Type"] == "image/jpeg"
    with misbehaving(Reply(body=b"<DeleteResult/>")) as server:
        server.store(clock).delete([an_original()])
        (delete,) = server.asked
    assert "Content-MD5" in delete.headers


def test_building_a_store_asks_nobody(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    S3BlobStore(Connection(S3Address(bucket="bucket")), clock=clock)
