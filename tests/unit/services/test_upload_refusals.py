"""Each way in which an upload is refused or fails: nothing is charged, nothing is stored."""

from datetime import timedelta
from typing import BinaryIO

import pytest

from faults import FaultyBlobStore, FaultyTransactions, database_fails
from house import House, HouseIds
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
    UploadOverdue,
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
    """Takes its time over each object."""

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
    house: House, content: bytes, refusal: type[SpikeError]
) -> None:
    owner = house.owner()
    before = house.inventory()
    with pytest.raises(refusal):
        house.upload(owner, content=content)
    house.check_nothing_but_time_passed(before)


def test_a_picture_is_refused_for_its_own_sake_before_the_money_is_looked_at(house: House) -> None:
    with pytest.raises(UnknownPictureFormat):
        house.upload(house.owner(tokens=0), content=b"junk")


def test_an_unknown_album_is_refused_and_nothing_happens(house: House) -> None:
    owner = house.owner()
    before = house.inventory()
    with pytest.raises(AlbumNotFound):
        house.upload(owner, album_id=an_album_id())
    house.check_nothing_but_time_passed(before)


def test_a_foreign_album_is_refused_and_nothing_happens(house: House) -> None:
    owner, stranger = house.owner(), house.owner("eve@example.org")
    album = house.album(owner)
    before = house.inventory()
    with pytest.raises(Forbidden):
        house.upload(stranger, album_id=album.id)
    house.check_nothing_but_time_passed(before)
    with house.transactions.view() as tx:
        assert not tx.album_order.places(album.id)


def test_an_owner_without_a_wallet_is_refused_and_nothing_happens(house: House) -> None:
    before = house.inventory()
    with pytest.raises(WalletNotFound):
        house.upload(an_owner())
    house.check_nothing_but_time_passed(before)


def test_three_tokens_do_not_pay_for_a_job_of_five_and_nothing_happens(house: House) -> None:
    owner = house.owner(tokens=3)
    album = house.album(owner, default_tier=Tier.TIER_2K)
    before = house.inventory()
    with pytest.raises(NotEnoughTokens) as refusal:
        house.upload(owner, album_id=album.id)
    assert (refusal.value.required, refusal.value.balance) == (5, 3)
    house.check_nothing_but_time_passed(before)


def test_a_store_that_fails_costs_nothing_and_leaves_nothing() -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, blobs=blobs)
    owner = house.owner()
    before = house.inventory()
    blobs.failing.add("put")
    with pytest.raises(StorageUnavailable):
        house.upload(owner)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_transaction_that_fails_behind_the_stored_object_removes_it(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    before = house.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.upload(owner)
    house.check_nothing_but_time_passed(before)


def test_an_object_that_cannot_be_removed_is_collected_later() -> None:
    clock = ManualClock()
    transactions, blobs = FaultyTransactions(MemoryTransactions()), FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, transactions=transactions, blobs=blobs)
    owner = house.owner()
    before = house.inventory()
    transactions.before_commit.append(database_fails)
    blobs.failing.add("delete")
    with pytest.raises(DatabaseUnavailable):
        house.upload(owner)
    blobs.failing.clear()
    assert len(house.inventory().objects) == 1
    house.pass_time(house.limits.orphan_age + timedelta(microseconds=1))
    assert house.sweep.collect_orphans() == 1
    house.check_nothing_but_time_passed(before)


def test_an_object_is_kept_when_its_row_is_there_although_the_commit_was_answered_with_an_error() -> None:
    """The connection broke behind the commit: nobody could know, and the picture is paid for."""
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    transactions.after_commit.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.upload(owner)
    assert house.findings() == []
    house.come_to_rest()
    (job,) = house.inventory().jobs.values()
    assert job.status is JobStatus.COMPLETED


def test_a_balance_that_is_gone_between_the_check_and_the_charge_is_refused() -> None:
    """Another request of the same owner spends the last tokens while the object is being stored."""
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner(tokens=3)
    transactions.before_begin.append(lambda: spend(house, owner))
    with pytest.raises(NotEnoughTokens) as refusal:
        house.upload(owner)
    assert (refusal.value.required, refusal.value.balance) == (2, 1)
    inventory = house.inventory()
    assert len(inventory.images) == len(inventory.jobs) == len(inventory.objects) == 1
    assert house.balance(owner) == 1


def spend(house: House, owner: OwnerId) -> None:
    assert house.upload(owner).balance == Tokens(1)


def test_an_album_that_is_gone_between_the_check_and_the_charge_is_refused() -> None:
    transactions = MemoryTransactions()
    house = House.build(transactions=transactions, ids=AlbumRemover(transactions))
    owner = house.owner()
    album = house.album(owner)
    before = house.inventory()
    with pytest.raises(AlbumNotFound):
        house.upload(owner, album_id=album.id)
    house.check_nothing_but_time_passed(before)


class AlbumRemover(HouseIds):
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
    house = House.build(clock=clock, blobs=SlowBlobStore(clock, time=timedelta(minutes=30, microseconds=1)))
    owner = house.owner()
    before = house.inventory()
    with pytest.raises(UploadOverdue):
        house.upload(owner)
    house.check_nothing_but_time_passed(before)


def test_an_upload_that_took_almost_too_long_is_kept() -> None:
    clock = ManualClock()
    house = House.build(clock=clock, blobs=SlowBlobStore(clock, time=timedelta(minutes=30)))
    image = house.upload(house.owner()).image
    house.sweep.collect_orphans()
    assert image.original in house.inventory().objects
