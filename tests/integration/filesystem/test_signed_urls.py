from pathlib import Path

import pytest

from spike_contracts.signed_urls import HOUR, KEYS, SignedUrlsContract, the_link
from spike_core.domain.errors import InvalidLink
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def blobs(clock: ManualClock) -> FilesystemBlobStore:
    return FilesystemBlobStore(Path("/nowhere"), clock=clock, secret=b"secret")


class TestLinksOfTheFilesystem(SignedUrlsContract):
    @pytest.fixture
    def links(self, blobs: FilesystemBlobStore) -> FilesystemBlobStore:
        return blobs


def test_a_link_signed_with_another_secret_is_refused(blobs: FilesystemBlobStore, clock: ManualClock) -> None:
    other = FilesystemBlobStore(blobs.root, clock=clock, secret=b"another")
    link = the_link(other, KEYS[0])
    with pytest.raises(InvalidLink):
        blobs.check(KEYS[0], expires=link.expires, signature=link.signature)


def test_processes_with_one_secret_accept_each_others_links(blobs: FilesystemBlobStore, clock: ManualClock) -> None:
    other = FilesystemBlobStore(Path("/elsewhere"), clock=clock, secret=b"secret")
    assert other.url(KEYS[0], valid_for=HOUR) == blobs.url(KEYS[0], valid_for=HOUR)


def test_a_link_is_refused_from_its_expiry_on(blobs: FilesystemBlobStore, clock: ManualClock) -> None:
    link = the_link(blobs, KEYS[0], valid_for=HOUR)
    clock.advance(1.5 * HOUR)  # the clock starts on a step
    with pytest.raises(InvalidLink):
        blobs.check(KEYS[0], expires=link.expires, signature=link.signature)


def test_the_secret_is_in_no_representation(blobs: FilesystemBlobStore) -> None:
    assert "secret" not in repr(blobs)
