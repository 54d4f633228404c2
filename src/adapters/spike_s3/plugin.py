"""The entry point `storage.s3`."""

from typing import Final

from spike_core.ports.clock import Clock
from spike_core.ports.factories import Storage
from spike_s3.address import S3Address
from spike_s3.blobs import S3BlobStore
from spike_s3.connection import Connection

ADAPTER_API: Final = 1


def open_bucket(url: str, *, clock: Clock, secret: bytes) -> Storage:  # noqa: ARG001  # the port's; S3 signs with its own
    """Open the blob store at `s3://bucket/prefix?endpoint_url=…`. Makes no request and looks up no credentials.

    Raises:
        InvalidValue: the URL is invalid.
    """
    store = S3BlobStore(Connection(S3Address.parse(url)), clock=clock)
    return Storage(blobs=store, links=None, ping=store.ping)
