import os
from datetime import timedelta

import pytest

from spike_contracts.blobs import an_original
from spike_core.domain.errors import InvalidValue
from spike_core.ports.factories import OpenStorage
from spike_memory import ManualClock
from spike_s3 import Connection, S3Address, S3BlobStore, open_bucket


def test_the_factory_fits_its_port_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    factory: OpenStorage = open_bucket
    storage = factory("s3://pictures", clock=ManualClock(), secret=b"secret")
    assert isinstance(storage.blobs, S3BlobStore)
    assert storage.links is None, "the store serves its objects itself"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://pictures", S3Address(bucket="pictures")),
        ("S3://pictures/", S3Address(bucket="pictures")),
        ("s3://Old_Name.With-All", S3Address(bucket="Old_Name.With-All")),
        ("s3://pictures/spike/1.0", S3Address(bucket="pictures", prefix="spike/1.0/")),
        ("s3://pictures/spike/", S3Address(bucket="pictures", prefix="spike/")),
        (
            "s3://p1s?endpoint_url=https://id.r2.cloudflarestorage.com&region=auto",
            S3Address(bucket="p1s", endpoint_url="https://id.r2.cloudflarestorage.com", region="auto"),
        ),
        (
            "s3://p1s?endpoint_url=http%3A%2F%2F%5B%3A%3A1%5D%3A9000%2Fstorage%2Fs3%2F",
            S3Address(bucket="p1s", endpoint_url="http://[::1]:9000/storage/s3"),
        ),
        (
            "s3://p1s?endpoint_url=http://minio:9000&public_endpoint_url=https://s3.example.org",
            S3Address(bucket="p1s", endpoint_url="http://minio:9000", public_endpoint_url="https://s3.example.org"),
        ),
        (
            "s3://p1s?connect_timeout_s=0.5&read_timeout_s=60&attempts_max=1",
            S3Address(bucket="p1s", connect_timeout_s=0.5, read_timeout_s=60, attempts_max=1),
        ),
    ],
)
def test_a_url_is_parsed(url: str, address: S3Address) -> None:
    assert S3Address.parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3:",
        "s3://",
        "s3:///prefix",
        "s3://x",
        "s3://bucket:9000",
        "s3://[broken",
        "s3://bucket#fragment",
        "s3://büro",
        "s3://bucket/a//b",
        "s3://bucket/../up",
        "s3://bucket/.hidden",
        "s3://bucket/with space",
        "s3://bucket/per%20cent",
        "s3://bucket?endpoint_url",
        "s3://bucket?endpoint_url=ftp://host",
        "s3://bucket?endpoint_url=host:9000",
        "s3://bucket?endpoint_url=http://",
        "s3://bucket?endpoint_url=http://host:99999",
        "s3://bucket?endpoint_url=http://user:password@host",
        "s3://bucket?endpoint_url=http://host%3Fquery",
        "s3://bucket?endpoint_url=http://a&endpoint_url=http://b",
        "s3://bucket?endpoint=http://host",
        "s3://bucket?region=EU%20west",
        "s3://bucket?read_timeout_s=0",
        "s3://bucket?read_timeout_s=-1",
        "s3://bucket?read_timeout_s=nan",
        "s3://bucket?attempts_max=0",
        "s3://bucket?attempts_max=11",
        "http://bucket",
        "bucket",
    ],
)
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="storage URL"):
        S3Address.parse(url)


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidValue, match="AWS_SECRET_ACCESS_KEY") as caught:
        S3Address.parse("s3://the-key:the-secret@bucket")
    assert "the-" not in f"{caught.value} {caught.value!r}"


def test_a_client_is_made_once_and_anew_in_a_forked_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    connection = Connection(S3Address(bucket="bucket", endpoint_url="http://127.0.0.1:9", region="us-east-1"))
    first = connection.get()
    assert connection.get() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert connection.get() is not first


def test_a_role_s_token_is_in_its_links(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    store = S3BlobStore(Connection(S3Address(bucket="bucket", region="eu-central-1")), clock=ManualClock())
    key = an_original()
    link = store.url(key, valid_for=timedelta(hours=1))
    assert link.startswith(f"https://s3.eu-central-1.amazonaws.com/bucket/{key}?")
    assert "X-Amz-Security-Token=aws_session_token" in link
