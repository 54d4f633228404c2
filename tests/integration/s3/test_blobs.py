"""The blob store on a real server."""

import io
import os
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from effort import long
from missing import do_without
from servers.s3 import S3Server
from spike_contracts.blobs import BlobStoreContract, a_result_key, an_original, content_of, everything
from spike_core.domain.errors import InvalidIdentifier, StorageRefused
from spike_core.domain.objects import ObjectKey
from spike_s3 import Connection, S3BlobStore
from spike_system import SystemClock


class TestS3BlobStore(BlobStoreContract):
    """Both fixtures are defined in this folder."""


@contextmanager
def requests_at_most(most: int, connection: Connection) -> Iterator[None]:
    """Assert that the block sends at most this many requests, including retries."""
    sent: list[str] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(f"{request.method} {request.url}")

    events = connection.get().client.meta.events
    events.register("before-send.s3", note)
    try:
        yield
    finally:
        events.unregister("before-send.s3", note)
    assert len(sent) <= most, sent


@long(kept_by="tests/integration/s3/test_listing_memory.py::test_ten_times_as_many_objects_take_no_more_memory")
def test_more_than_a_thousand_objects_are_found_and_deleted(blobs: S3BlobStore, connection: Connection) -> None:
    """Listing and deleting may take more than one request; other operations take one."""
    keys = sorted(an_original() for _ in range(1001))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: blobs.put(key, io.BytesIO(b"x")), keys))
    absent = [an_original() for _ in range(20)]
    with requests_at_most(2, connection):
        assert blobs.find(keys) == frozenset(keys)
    with requests_at_most(5, connection):
        assert blobs.find(keys[::250]) == frozenset(keys[::250])
    assert blobs.find([keys[0], keys[-1], *absent]) == {keys[0], keys[-1]}
    with requests_at_most(2, connection):
        assert [stored.key for stored in blobs.scan(limit=2000)] == keys
    spared = a_result_key()
    blobs.put(spared, io.BytesIO(b"x"))
    with requests_at_most(2, connection):
        blobs.delete(keys)
    assert everything(blobs) == [spared]


def test_what_is_not_ours_is_neither_listed_nor_touched(blobs: S3BlobStore, connection: Connection) -> None:
    client, address = connection.get().client, connection.address
    key = an_original()
    blobs.put(key, io.BytesIO(b"x"))
    strangers = [
        f"{address.prefix}{name}"
        for name in (
            "README.txt",
            "images/",
            "images/not one.jpg",
            "images/büro\u2028+%20&<>?#.png",
            f"{key}.bak",
            f"backup/{key}",
            "images/" + "x" * 900,
        )
    ]
    strangers.append(f"{address.prefix.rstrip('/')}-other/{key}")
    try:
        for name in strangers:
            client.put_object(Bucket=address.bucket, Key=name, Body=b"stranger")
        for page_size in (1, 2, 1000):
            assert everything(blobs, page_size=page_size) == [key]
        blobs.delete([key])
        for name in strangers:
            assert client.head_object(Bucket=address.bucket, Key=name)["ContentLength"] == 8
    finally:
        client.delete_objects(Bucket=address.bucket, Delete={"Objects": [{"Key": name} for name in strangers]})


@pytest.mark.parametrize("text", ["../outside.jpg", "images/../x.jpg", "/x.jpg", "images/", "", "images/a\0b.jpg"])
def test_no_key_leaves_the_prefix(blobs: S3BlobStore, text: str) -> None:
    key = ObjectKey(text)
    with pytest.raises(InvalidIdentifier):
        blobs.put(key, io.BytesIO(b"x"))
    with pytest.raises(InvalidIdentifier), blobs.open(key):
        pass
    with pytest.raises(InvalidIdentifier):
        blobs.find([key])
    with pytest.raises(InvalidIdentifier):
        blobs.delete([key])
    with pytest.raises(InvalidIdentifier):
        blobs.url(key, valid_for=timedelta(hours=1))


def test_little_of_a_large_object_is_in_memory_at_once(blobs: S3BlobStore, tmp_path: Path) -> None:
    size_bytes, key = 64 * 1024 * 1024, an_original()
    file = tmp_path / "large"
    with file.open("wb") as large:
        large.truncate(size_bytes)
    blobs.put(an_original(), io.BytesIO(b"the client's own modules are loaded"))
    tracemalloc.start()
    try:
        with file.open("rb") as content:
            blobs.put(key, content)
        with blobs.open(key) as content:
            assert content.seek(0, os.SEEK_END) == size_bytes
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * 1024 * 1024


def test_threads_share_a_store(blobs: S3BlobStore) -> None:
    def there_and_back(number: int) -> bool:
        key, content = an_original(), str(number).encode() * 1000
        blobs.put(key, io.BytesIO(content))
        return content_of(blobs, key) == content

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(there_and_back, range(32)))


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", "test:unknown", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_wrong_credentials_are_refused(
    s3_server: S3Server,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    hint: str,
) -> None:
    if not s3_server.checks_signatures:
        do_without("this S3 server takes any credentials")
    monkeypatch.setenv(variable, value)
    store = S3BlobStore(Connection(connection.address), clock=SystemClock())
    for call in (
        lambda: store.scan(limit=1),
        lambda: store.put(an_original(), io.BytesIO(b"x")),
        lambda: store.find([an_original()]),
        lambda: store.delete([an_original()]),
    ):
        with pytest.raises(StorageRefused) as caught:
            call()
        assert hint in caught.value.reason


@pytest.mark.usefixtures("credentials")
def test_a_bucket_that_is_not_there_is_told_from_an_object_that_is_not(connection: Connection) -> None:
    nowhere = evolve(connection.address, bucket="spike-tests-nowhere")
    store = S3BlobStore(Connection(nowhere), clock=SystemClock())
    for call in (
        lambda: store.scan(limit=1),
        lambda: store.put(an_original(), io.BytesIO(b"x")),
        lambda: content_of(store, an_original()),
        lambda: store.find([an_original()]),
        lambda: store.delete([an_original()]),
    ):
        with pytest.raises(StorageRefused) as caught:
            call()
        assert "no such bucket" in caught.value.reason
