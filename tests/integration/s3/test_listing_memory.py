"""Listing a bucket takes the same memory for any number of objects."""

from collections.abc import Iterator
from typing import Final

import pytest

from peaks import peak_bytes
from servers.listed import CREDENTIALS, listed
from spike_contracts.blobs import an_original
from spike_core.domain.objects import ObjectKey
from spike_memory import ManualClock
from spike_s3 import Connection, S3Address, S3BlobStore

PAGE: Final = 100  # as many as a request asks for at least
FEW: Final = 100
GROWTH_MAX: Final = 1.3


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def pages(blobs: S3BlobStore) -> Iterator[list[ObjectKey]]:
    after = None
    while page := blobs.scan(after=after, limit=PAGE):
        after = page[-1].key
        yield [stored.key for stored in page]


def test_ten_times_as_many_objects_take_no_more_memory() -> None:
    """Neither for a complete listing nor for a search."""
    names = sorted(an_original().text for _ in range(10 * FEW))
    with listed([]) as server:
        blobs = S3BlobStore(Connection(S3Address.parse(server.storage_url)), clock=ManualClock())
        blobs.scan(limit=1)  # the client is made, which reads what botocore knows of S3
        peaks_bytes: list[int] = []
        for count in (2 * FEW, 10 * FEW):
            server.names = names[:count]

            def go_through_and_look(count: int = count) -> None:
                assert sum(map(len, pages(blobs))) == count
                last = [ObjectKey(name) for name in names[count - PAGE : count]]
                assert blobs.find(last) == set(last)

            peaks_bytes.append(peak_bytes(go_through_and_look, enough_bytes=GROWTH_MAX * sum(peaks_bytes)))
    assert peaks_bytes[1] < GROWTH_MAX * peaks_bytes[0], peaks_bytes
