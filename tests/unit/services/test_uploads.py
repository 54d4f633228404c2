import io
from datetime import timedelta
from typing import BinaryIO

import pytest

from faults import FaultyTransactions, database_fails, pass_by
from services import Services
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import StorageUnavailable
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import JobStatus, PendingJob, StartedJob
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.services.batch_uploads import KeptFile, NamedFile, RefusedFile
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions
from spike_memory.engine import a_picture

HUGE = Dimensions(width_px=50_000, height_px=1001)


def test_the_original_is_stored_byte_for_byte(services: Services) -> None:
    content = a_picture(Dimensions(width_px=300, height_px=200), PictureFormat.PNG)
    image = services.upload(services.owner(), content=content, name="mine.jpg").image
    assert services.read(image.original) == content
    assert image.size_bytes == len(content)


def test_the_bytes_decide_the_format_whatever_the_name_says(services: Services) -> None:
    content = a_picture(Dimensions(width_px=300, height_px=200), PictureFormat.PNG)
    image = services.upload(services.owner(), content=content, name="mine.jpg").image
    assert (image.format, str(image.name)) == (PictureFormat.PNG, "mine.jpg")
    assert str(image.original) == f"images/{image.id}.png"
    assert image.dimensions == Dimensions(width_px=300, height_px=200)


def test_the_whole_stream_is_the_picture_wherever_it_stands(services: Services) -> None:
    content = io.BytesIO(a_picture(Dimensions(width_px=300, height_px=200)))
    content.seek(7)
    uploaded = services.images.uploads.upload(services.owner(), name=ImageName("a.jpg"), content=content)
    assert services.read(uploaded.image.original) == content.getvalue()


def test_without_an_album_a_1k_job_is_charged_and_started(services: Services) -> None:
    owner = services.owner(tokens=10)
    uploaded = services.upload(owner)
    assert uploaded.job is not None
    assert (uploaded.job.spec.tier, uploaded.job.spec.charged) == (Tier.TIER_1K, Tokens(2))
    assert uploaded.balance == Tokens(8)
    assert isinstance(services.job(uploaded.job.id), StartedJob)
    assert list(services.inbox.messages) == [uploaded.job.id]
    assert services.story(owner) == [("EARN_BONUS", 10), ("SPEND_ENHANCEMENT", -2)]


def test_an_upload_belongs_to_its_owner_and_is_private(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    assert (image.owner_id, image.is_public, image.view_count) == (owner, False, 0)


@pytest.mark.parametrize("tier", [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K])
def test_the_albums_default_tier_decides(services: Services, tier: Tier) -> None:
    owner = services.owner(tokens=10)
    uploaded = services.upload(owner, album_id=services.album(owner, default_tier=tier).id)
    assert uploaded.job is not None
    assert uploaded.job.spec.tier is tier
    assert uploaded.balance == Tokens(10) - SPECIFIED[tier].price


def test_an_album_that_does_not_enhance_takes_pictures_for_nothing(services: Services) -> None:
    owner = services.owner(tokens=0)
    uploaded = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id)
    assert uploaded.job is None
    assert uploaded.balance == Tokens(0)
    inventory = services.inventory()
    assert (inventory.jobs, inventory.messages, inventory.ledgers[owner]) == ({}, frozenset(), ())
    assert set(inventory.images) == {uploaded.image.id}
    assert not services.inbox.messages


def test_an_upload_becomes_the_albums_last_image(services: Services) -> None:
    owner = services.owner()
    album = services.album(owner)
    uploaded = [services.upload(owner, album_id=album.id).image.id for _ in range(3)]
    with services.transactions.view() as tx:
        places = tx.albums.images(album.id)
    assert [place.image_id for place in places] == uploaded
    positions = [place.position for place in places]
    assert positions == sorted(set(positions))


def test_tokens_that_came_back_meanwhile_count(services: Services) -> None:
    owner = services.owner(tokens=0)
    services.pass_time(timedelta(minutes=30))
    assert services.upload(owner).balance == Tokens(0)
    assert services.story(owner) == [("EARN_REGENERATION", 2), ("SPEND_ENHANCEMENT", -2)]


def test_a_queue_that_refuses_does_not_fail_the_request(services: Services) -> None:
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    assert isinstance(job, PendingJob)
    assert [message.job_id for message in services.inventory().messages] == [job.id]
    assert services.balance(owner) == 98


def test_a_database_that_fails_behind_the_charge_does_not_fail_the_request() -> None:
    """The upload is stored and charged, so an error would be wrong (I7)."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    transactions.before_begin.extend([pass_by, database_fails])
    uploaded = services.upload(owner)
    assert uploaded.job is not None
    assert services.balance(owner) == 98
    services.come_to_rest()
    assert services.job(uploaded.job.id).status is JobStatus.COMPLETED


LOCATED = a_picture(Dimensions(width_px=20, height_px=10), flaw="located")


def test_what_tells_a_place_is_stored_twice_and_goes_altogether(services: Services) -> None:
    """The original under an unguessable name, and the copy for others; both belong to the row (I8)."""
    owner = services.owner()
    image = services.upload(owner, content=LOCATED).image
    assert image.original.is_hidden
    assert services.read(image.original) == LOCATED
    assert services.read(image.shown) == LOCATED.removesuffix(b" located")
    assert str(image.shown) == f"images/{image.id}.jpg"
    services.come_to_rest()
    services.pass_time(3 * services.limits.orphan_age)
    assert services.maintenance.recovery.collect_orphans() == 0
    assert services.findings() == []
    services.blobs.delete([image.shown])
    assert [finding.invariant for finding in services.findings()] == ["I8"]
    services.images.deletion.remove(owner, image.id)
    assert services.inventory().objects == frozenset()
    assert services.findings() == []


def test_a_batch_hides_originals_too(services: Services) -> None:
    contents = [LOCATED, a_picture(Dimensions(width_px=20, height_px=10))]
    files = [
        NamedFile(filename=f"{n}.jpg", name=ImageName.parse(f"{n}.jpg"), content=io.BytesIO(content))
        for n, content in enumerate(contents)
    ]
    batch = services.images.batch_uploads.upload(services.owner(), files=files)
    images = [file.image for file in batch.files if isinstance(file, KeptFile)]
    assert [image.original.is_hidden for image in images] == [True, False]
    assert services.inventory().objects == {key for image in images for key in image.objects}


class _HalfStore(MemoryBlobStore):
    """Stores only one of the two objects of an image."""

    takes_originals = True

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object, or fail; see the port."""
        if key.is_hidden != self.takes_originals:
            raise StorageUnavailable
        super().put(key, content)


@pytest.mark.parametrize("takes_originals", [True, False])
def test_an_upload_of_two_objects_leaves_none_when_one_of_them_fails(takes_originals: bool) -> None:
    """I7, whichever object fails."""
    clock = ManualClock()
    blobs = _HalfStore(clock)
    blobs.takes_originals = takes_originals
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    with pytest.raises(StorageUnavailable):
        services.upload(owner, content=LOCATED)
    assert services.inventory().objects == frozenset()
    files = [NamedFile(filename="a.jpg", name=ImageName.parse("a.jpg"), content=io.BytesIO(LOCATED))]
    assert isinstance(services.images.batch_uploads.upload(owner, files=files).files[0], RefusedFile)
    assert services.inventory().objects == frozenset()
