"""Refused and failed uploads: nothing is charged, nothing is stored."""

from datetime import timedelta
from typing import BinaryIO

import pytest

from faults import FaultyBlobStore, FaultyTransactions, database_fails
from services import ScriptedIds, Services
from spike_contracts.builders import an_album_id, an_owner
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AlbumNotFound,
    AnimatedPicture,
    DatabaseUnavailable,
    EmptyFile,
    FileTooLarge,
    Forbidden,
    NotEnoughTokens,
    SpikeError,
    StorageUnavailable,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
    UploadExpired,
    WalletNotFound,
)
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import JobStatus
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.ids import AnyId
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions
from spike_memory.engine import a_picture

HUGE = Dimensions(width_px=50_000, height_px=1001)


class SlowBlobStore(MemoryBlobStore):
    """Stores each object slowly."""

    def __init__(self, clock: ManualClock, *, time: timedelta) -> None:
        super().__init__(clock)
        self._manual_clock = clock
        self._time = time

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        super().put(key, content)
        self._manual_clock.advance(self._time)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", EmptyFile),
        (b"x" * (UPLOAD_BYTES_MAX + 1), FileTooLarge),
        (b"x" * UPLOAD_BYTES_MAX, UnknownPictureFormat),
        (b"junk", UnknownPictureFormat),
        (b"picture BMP 640x480", UnknownPictureFormat),
        (a_picture(Dimensions(width_px=4, height_px=4), flaw="corrupt"), UndecodablePicture),
        (a_picture(Dimensions(width_px=4, height_px=4), PictureFormat.GIF, "animated"), AnimatedPicture),
        (a_picture(HUGE), TooManyPixels),
    ],
    ids=["empty", "too large", "just not too large", "junk", "other format", "corrupt", "animated", "huge"],
)
def test_what_is_no_acceptable_picture_is_refused_and_nothing_happens(
    services: Services, content: bytes, refusal: type[SpikeError]
) -> None:
    owner = services.owner()
    before = services.inventory()
    with pytest.raises(refusal):
        services.upload(owner, content=content)
    services.check_nothing_but_time_passed(before)


def test_a_picture_is_refused_for_its_own_sake_before_the_money_is_looked_at(services: Services) -> None:
    with pytest.raises(UnknownPictureFormat):
        services.upload(services.owner(tokens=0), content=b"junk")


def test_an_unknown_album_is_refused_and_nothing_happens(services: Services) -> None:
    owner = services.owner()
    before = services.inventory()
    with pytest.raises(AlbumNotFound):
        services.upload(owner, album_id=an_album_id())
    services.check_nothing_but_time_passed(before)


def test_a_foreign_album_is_refused_and_nothing_happens(services: Services) -> None:
    owner, stranger = services.owner(), services.owner("eve@example.org")
    album = services.album(owner)
    before = services.inventory()
    with pytest.raises(Forbidden):
        services.upload(stranger, album_id=album.id)
    services.check_nothing_but_time_passed(before)
    with services.transactions.view() as tx:
        assert not tx.albums.images(album.id)


def test_an_owner_without_a_wallet_is_refused_and_nothing_happens(services: Services) -> None:
    before = services.inventory()
    with pytest.raises(WalletNotFound):
        services.upload(an_owner())
    services.check_nothing_but_time_passed(before)


def test_three_tokens_do_not_pay_for_a_job_of_five_and_nothing_happens(services: Services) -> None:
    owner = services.owner(tokens=3)
    album = services.album(owner, default_tier=Tier.TIER_2K)
    before = services.inventory()
    with pytest.raises(NotEnoughTokens) as refusal:
        services.upload(owner, album_id=album.id)
    assert (refusal.value.required, refusal.value.balance) == (5, 3)
    services.check_nothing_but_time_passed(before)


def test_a_store_that_fails_costs_nothing_and_leaves_nothing() -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    before = services.inventory()
    blobs.failing.add("put")
    with pytest.raises(StorageUnavailable):
        services.upload(owner)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_transaction_that_fails_behind_the_stored_object_removes_it(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    before = services.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.upload(owner)
    services.check_nothing_but_time_passed(before)


def test_an_object_that_cannot_be_removed_is_collected_later() -> None:
    clock = ManualClock()
    transactions, blobs = FaultyTransactions(MemoryTransactions()), FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, transactions=transactions, blobs=blobs)
    owner = services.owner()
    before = services.inventory()
    transactions.before_commit.append(database_fails)
    blobs.failing.add("delete")
    with pytest.raises(DatabaseUnavailable):
        services.upload(owner)
    blobs.failing.clear()
    assert len(services.inventory().objects) == 1
    services.pass_time(services.limits.orphan_age + timedelta(microseconds=1))
    assert services.maintenance.recovery.collect_orphans() == 1
    services.check_nothing_but_time_passed(before)


def test_an_object_is_kept_when_its_row_is_there_although_the_commit_was_answered_with_an_error() -> None:
    """The connection broke after the commit: its outcome is unknown, and the picture is paid for."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    transactions.after_commit.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.upload(owner)
    assert services.findings() == []
    services.come_to_rest()
    (job,) = services.inventory().jobs.values()
    assert job.status is JobStatus.COMPLETED


def test_a_balance_that_is_gone_between_the_check_and_the_charge_is_refused() -> None:
    """Another request of the same owner spends the last tokens while the object is being stored."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner(tokens=3)
    transactions.before_begin.append(lambda: spend(services, owner))
    with pytest.raises(NotEnoughTokens) as refusal:
        services.upload(owner)
    assert (refusal.value.required, refusal.value.balance) == (2, 1)
    inventory = services.inventory()
    assert len(inventory.images) == len(inventory.jobs) == len(inventory.objects) == 1
    assert services.balance(owner) == 1


def spend(services: Services, owner: OwnerId) -> None:
    assert services.upload(owner).balance == Tokens(1)


def test_an_album_that_is_gone_between_the_check_and_the_charge_is_refused() -> None:
    transactions = MemoryTransactions()
    services = Services.build(transactions=transactions, ids=AlbumRemover(transactions))
    owner = services.owner()
    album = services.album(owner)
    before = services.inventory()
    with pytest.raises(AlbumNotFound):
        services.upload(owner, album_id=album.id)
    services.check_nothing_but_time_passed(before)


class AlbumRemover(ScriptedIds):
    """Removes all albums while an image gets its id, which is between the check and the charge."""

    def __init__(self, transactions: MemoryTransactions) -> None:
        super().__init__()
        self._transactions = transactions

    def new(self, kind: type[AnyId]) -> AnyId:
        if kind.__name__ == "ImageId":
            self._transactions._state.albums.clear()
        return super().new(kind)


def test_an_upload_that_took_too_long_is_refused_before_its_object_may_be_collected() -> None:
    clock = ManualClock()
    services = Services.build(clock=clock, blobs=SlowBlobStore(clock, time=timedelta(minutes=30, microseconds=1)))
    owner = services.owner()
    before = services.inventory()
    with pytest.raises(UploadExpired):
        services.upload(owner)
    services.check_nothing_but_time_passed(before)


def test_an_upload_that_took_almost_too_long_is_kept() -> None:
    clock = ManualClock()
    services = Services.build(clock=clock, blobs=SlowBlobStore(clock, time=timedelta(minutes=30)))
    image = services.upload(services.owner()).image
    services.maintenance.recovery.collect_orphans()
    assert image.original in services.inventory().objects
