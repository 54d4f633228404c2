"""Digests are of the bytes that were stored, however a store reads them, and each byte is read once."""

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

import pytest

from services import VGA, Services
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ContentDigest
from spike_core.services.batch_uploads import KeptFile, NamedFile
from spike_core.services.object_digests import digested
from spike_memory.engine import a_picture

CONTENT = bytes(range(256)) * 4


def whole(content: BinaryIO) -> None:
    content.read()


def in_pieces(content: BinaryIO) -> None:
    while content.read(100):
        pass


def twice_from_the_start(content: BinaryIO) -> None:
    """As a client does that first computes a checksum, or repeats a request that broke off."""
    start = content.tell()
    content.read(300)
    content.seek(start)
    in_pieces(content)
    content.seek(start)
    in_pieces(content)


def the_end_first(content: BinaryIO) -> None:
    content.seek(-10, io.SEEK_END)
    content.read()


def nothing(content: BinaryIO) -> None:
    assert content.seekable()


@pytest.mark.parametrize("store", [whole, in_pieces, twice_from_the_start, the_end_first, nothing])
@pytest.mark.parametrize("start", [0, 7])
def test_a_digest_is_of_the_rest_of_the_stream(store: Callable[[BinaryIO], None], start: int) -> None:
    content = io.BytesIO(CONTENT)
    content.seek(start)
    rest = CONTENT[start:]
    expected = ContentDigest(size_bytes=len(rest), sha256=hashlib.sha256(rest).digest())
    assert digested(content, store) == expected


class CountingStream(io.BytesIO):
    """Counts the bytes that were read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.count += len(piece)
        return piece


def test_nothing_is_read_twice() -> None:
    content = CountingStream(CONTENT)
    digested(content, in_pieces)
    assert content.count == len(CONTENT)


def test_uploads_batches_inputs_and_results_have_digests(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    batch = services.images.batch_uploads.upload(
        owner, files=[NamedFile(filename="a", name=ImageName("a"), content=io.BytesIO(a_picture(VGA)))]
    )
    services.work()
    stored = services.inventory()
    [kept] = batch.files
    assert isinstance(kept, KeptFile)
    for each in (image, kept.image):
        assert stored.images[each.id] == each
        assert each.sha256 == hashlib.sha256(services.read(each.original)).digest()
    results = [job.result for job in stored.jobs.values() if isinstance(job, CompletedJob)]
    assert len(results) == 2
    for result in results:
        assert result.sha256 == hashlib.sha256(services.read(result.key)).digest()
