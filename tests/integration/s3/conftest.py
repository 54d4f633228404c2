"""The blob store on a real server: one client for all tests, and a folder that is empty for each."""

import os
import uuid
from collections.abc import Iterator
from typing import Final

import pytest

from servers.s3 import S3Server
from spike_s3 import Connection, S3Address, S3BlobStore
from spike_system import SystemClock

BUSY_MACHINE_S: Final = 120  # a machine that does much else at once isn't a failure


@pytest.fixture
def credentials(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3 find the server's credentials, and no others."""
    for name, value in s3_server.credentials.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def connection(s3_server: S3Server) -> Connection:
    """Return a client that is created once, since that takes longer than most tests."""
    prefix = f"t-{os.getpid()}-{uuid.uuid4().hex}"
    connection = Connection(S3Address.parse(s3_server.url(prefix, read_timeout_s=str(BUSY_MACHINE_S))))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.credentials.items():
            patch.setenv(name, value)
        connection.get()
    return connection


@pytest.fixture
def clock() -> SystemClock:
    """Return the machine's clock; the server uses its own."""
    return SystemClock()


@pytest.fixture
def blobs(connection: Connection, clock: SystemClock) -> Iterator[S3BlobStore]:
    """Return an empty store, which is emptied at the end."""
    store = S3BlobStore(connection, clock=clock)
    yield store
    while page := store.scan(limit=1000):
        store.delete([stored.key for stored in page])
