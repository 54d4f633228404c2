import socket
from collections.abc import Callable

import pytest

from spike_contracts.storage import StorageContract
from spike_core.domain.errors import StorageRefused
from spike_core.ports.factories import Storage
from spike_memory import ManualClock
from spike_s3 import Connection, S3BlobStore, open_bucket


def opened(url: str) -> Storage:
    return open_bucket(url, clock=ManualClock(), secret=b"secret")


class TestS3Storage(StorageContract):
    @pytest.fixture
    def storage(self, blobs: S3BlobStore) -> Storage:
        return Storage(blobs=blobs, links=None, ping=blobs.ping)

    @pytest.fixture
    def reopen(self, blobs: S3BlobStore, credentials: None) -> Callable[[], Storage]:
        del credentials
        address = blobs.connection.address

        def opened_again() -> Storage:
            again = S3BlobStore(Connection(address), clock=ManualClock())
            return Storage(blobs=again, links=None, ping=again.ping)

        return opened_again

    @pytest.fixture
    def lost_storage(self, credentials: None) -> Storage:
        """Return a store at a port without a listener."""
        del credentials
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        return opened(f"s3://pictures?endpoint_url=http://127.0.0.1:{port}&attempts_max=1")

    def test_a_bucket_that_isn_t_there_is_refused(self, blobs: S3BlobStore, credentials: None) -> None:
        del credentials
        endpoint_url = blobs.connection.address.endpoint_url
        with pytest.raises(StorageRefused):
            opened(f"s3://spike-nowhere?endpoint_url={endpoint_url}").ping()
