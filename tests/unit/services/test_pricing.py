"""Prices: a price list of an app's own, and what is charged."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define, evolve, field, frozen

from services import VGA
from spike_contracts.builders import a_job_id, an_album, an_owner
from spike_contracts.price_list import PriceListContract
from spike_core.application import Policies
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumName
from spike_core.domain.catalog import SPECIFIED, Catalog, Offer
from spike_core.domain.errors import InvalidValue, NotEnoughTokens, PricesUnavailable
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, RefundedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.orders import Order, TaskKind
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.price_list import PriceList
from spike_core.ports.transactions import Transaction
from spike_core.services.albums import NewAlbum
from spike_core.services.batch_uploads import NamedFile
from spike_core.services.ingest import InlineImage
from spike_memory import InMemorySpike, MemoryTransactions
from spike_memory.engine import a_picture

TIER_8K = Tier("TIER_8K")
SHOP = Catalog(
    [
        Offer(tier=Tier.FREE, longest_side_px=1024, price=NO_TOKENS),
        Offer(tier=Tier.TIER_1K, longest_side_px=1024, price=Tokens(3)),
        Offer(tier=TIER_8K, longest_side_px=8192, price=Tokens(40)),
    ]
)
ADA, BOB = an_owner(), an_owner()


@frozen
class HalfForAda:
    """Halves Ada's prices, and doubles those of what is made from words."""

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        amount = order.offer.price.amount * (2 if order.kind in {TaskKind.GENERATION, TaskKind.MODIFICATION} else 1)
        return Tokens(amount // 2 if owner_id == ADA else amount)


class TestHalfForAda(PriceListContract):
    @pytest.fixture
    def price_list(self) -> PriceList:
        return HalfForAda()

    @pytest.fixture
    def lost_price_list(self) -> PriceList:
        pytest.skip("it asks nothing")

    @pytest.fixture
    def catalog(self) -> Catalog:
        return SHOP

    @pytest.fixture
    def owner_ids(self) -> Sequence[OwnerId]:
        return [ADA, BOB]


def shop(price_list: PriceList | None = None, catalog: Catalog = SHOP) -> InMemorySpike:
    return InMemorySpike.build(policies=Policies(catalog=catalog), price_list=price_list)


def register(spike: InMemorySpike, *, tokens: int = 100) -> OwnerId:
    return spike.accounts.registration.register(Email.parse("ada@example.org"), tokens=Tokens(tokens)).user.id


def balance(spike: InMemorySpike, owner: OwnerId) -> int:
    return spike.wallets.account(owner).wallet.balance.amount


def upload(spike: InMemorySpike, owner: OwnerId, **options: Any) -> Any:
    content = io.BytesIO(a_picture(VGA))
    return spike.images.uploads.upload(owner, name=ImageName.parse("a.jpg"), content=content, **options)


def test_a_tier_of_the_catalog_is_sold_and_delivered_in_its_size() -> None:
    spike = shop()
    owner = register(spike)
    uploaded = upload(spike, owner, tier=TIER_8K)
    assert (uploaded.job.spec.charged, uploaded.balance) == (Tokens(40), Tokens(60))
    assert uploaded.job.spec.priority is Priority.LOW
    assert spike.work() == 1
    [done] = spike.queries.image(uploaded.image.id, viewer=owner).jobs
    assert isinstance(done, CompletedJob)
    assert done.result.dimensions.longest_side_px == 8192
    assert list(spike.maintenance.audit.findings()) == []


def test_an_upload_without_a_tier_is_enhanced_at_the_default_one_as_before() -> None:
    spike = shop()
    owner = register(spike)
    assert upload(spike, owner).job.spec.tier == Tier.TIER_1K
    assert upload(spike, owner, tier=Tier.FREE).job.spec.charged == NO_TOKENS
    assert balance(spike, owner) == 97


def test_a_tier_that_isnt_on_offer_is_refused_before_anything_is_stored() -> None:
    spike = shop()
    owner = register(spike)
    with pytest.raises(InvalidValue, match="must be one of FREE, TIER_1K, TIER_8K"):
        upload(spike, owner, tier=Tier.TIER_4K)
    assert (balance(spike, owner), list(spike.blobs.scan(limit=9))) == (100, [])


def test_an_uploads_tier_comes_before_the_albums() -> None:
    spike = shop()
    owner = register(spike)
    for auto_enhance in (True, False):
        album = an_album(owner_id=owner, auto_enhance=auto_enhance)
        with spike.transactions.begin() as tx:
            tx.albums.add(album)
        assert upload(spike, owner, tier=Tier.FREE, album_id=album.id).job.spec.tier == Tier.FREE


def test_a_batch_is_charged_at_its_tier() -> None:
    spike = shop()
    owner = register(spike)
    files = [
        NamedFile(filename=f"{n}.jpg", name=ImageName.parse(f"{n}.jpg"), content=io.BytesIO(a_picture(VGA)))
        for n in range(2)
    ]
    assert spike.images.batch_uploads.upload(owner, files=files, tier=TIER_8K).total == Tokens(80)
    assert balance(spike, owner) == 20


def test_prices_may_depend_on_the_owner_and_on_the_kind_of_task() -> None:
    spike = shop(DoubleForWords())
    owner = register(spike)
    image = upload(spike, owner, tier=Tier.TIER_1K).image
    assert balance(spike, owner) == 97
    source = InlineImage(content=io.BytesIO(a_picture(VGA)))
    spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_1K, source=source)
    assert balance(spike, owner) == 92
    prompt = Prompt("a harbor")
    spike.jobs.generations.generate(owner, prompt=prompt, tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE)
    assert balance(spike, owner) == 86
    picture = InlineImage(content=io.BytesIO(a_picture(VGA)))
    spike.jobs.generations.modify(owner, prompt=prompt, tier=Tier.TIER_1K, picture=picture)
    assert balance(spike, owner) == 79
    assert spike.pricing.prices(Tier.TIER_1K, owner)[TaskKind.MODIFICATION] == Tokens(7)
    assert spike.pricing.prices(Tier.TIER_1K, None)[TaskKind.MODIFICATION] == Tokens(3)


@frozen
class DoubleForWords:
    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        extra = {TaskKind.ENHANCEMENT: 0, TaskKind.BLEND: 2, TaskKind.GENERATION: 3, TaskKind.MODIFICATION: 4}
        return order.offer.price + Tokens(extra[order.kind])


def test_a_price_that_cant_be_found_out_charges_and_stores_nothing() -> None:
    class Down:
        def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
            raise PricesUnavailable

    spike = shop(Down())
    owner = register(spike)
    with pytest.raises(PricesUnavailable):
        upload(spike, owner)
    assert (balance(spike, owner), list(spike.blobs.scan(limit=9))) == (100, [])
    assert upload(spike, owner, tier=Tier.FREE).job is not None


@define
class CountsOpenOnes:
    """Transactions in memory, and how many are open."""

    open: int = 0
    _transactions: MemoryTransactions = field(factory=MemoryTransactions)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._transactions.begin() as tx, self._counted():
            yield tx

    @contextmanager
    def view(self) -> Iterator[Transaction]:
        with self._transactions.view() as tx, self._counted():
            yield tx

    def when_committed(self, action: Callable[[], object]) -> None:
        self._transactions.when_committed(action)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


def test_a_price_list_is_asked_outside_of_transactions() -> None:
    """It may use a database or a network of its own."""
    transactions = CountsOpenOnes()

    class Asks:
        def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
            assert transactions.open == 0
            return order.offer.price

    spike = InMemorySpike.build(transactions=transactions, price_list=Asks())
    owner = register(spike)
    album = spike.albums.create(owner, NewAlbum(name=AlbumName("Trip")))
    image = upload(spike, owner, album_id=album.id).image
    spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K)
    assert balance(spike, owner) == 93


def test_what_costs_nothing_isnt_refunded_and_what_is_refunded_is_what_was_charged() -> None:
    spike = shop(HalfForAda())
    owner = register(spike, tokens=3)
    with pytest.raises(NotEnoughTokens):
        upload(spike, owner, tier=TIER_8K)
    image = upload(spike, owner, tier=Tier.TIER_1K).image
    assert balance(spike, owner) == 0
    [job] = spike.queries.image(image.id, viewer=owner).jobs
    spike.jobs.cancellation.cancel(owner, job.id)
    assert balance(spike, owner) == 3


# a tier that was sold, and isn't any more


def test_a_removed_tier_delivers_what_was_sold() -> None:
    spike = shop()
    owner = register(spike)
    uploaded = upload(spike, owner, tier=TIER_8K)
    later = InMemorySpike.build(
        transactions=spike.transactions, blobs=spike.blobs, clock=spike.clock, inbox=spike.inbox
    )
    assert later.work() == 1
    [done] = later.queries.image(uploaded.image.id, viewer=owner).jobs
    assert isinstance(done, CompletedJob)
    assert done.result.dimensions.longest_side_px == 8192


def test_a_tier_whose_size_was_changed_delivers_the_size_that_was_sold() -> None:
    spike = shop()
    owner = register(spike)
    image = upload(spike, owner, tier=Tier.TIER_1K).image
    bigger = Catalog([evolve(SPECIFIED[Tier.TIER_1K], longest_side_px=2000)])
    later = InMemorySpike.build(
        transactions=spike.transactions, blobs=spike.blobs, inbox=spike.inbox, policies=Policies(catalog=bigger)
    )
    later.work()
    [done] = later.queries.image(image.id, viewer=owner).jobs
    assert isinstance(done, CompletedJob)
    assert done.result.dimensions.longest_side_px == 1024


@pytest.mark.parametrize("tier", [Tier.TIER_4K, Tier("TIER_3K")])
def test_a_job_of_an_older_release_is_delivered_or_refunded_with_its_reason(tier: Tier) -> None:
    """Such a release stored no size. It sold the specification's tiers, or those of a fork."""
    spike = shop()
    owner = register(spike)
    image = upload(spike, owner, tier=Tier.FREE).image
    spike.work()
    [sold] = spike.queries.image(image.id, viewer=owner).jobs
    with spike.transactions.begin() as tx:
        spec = evolve(sold.spec, id=a_job_id(), tier=tier, charged=Tokens(7), longest_side_px=None)
        [job] = spike.jobs.cancellation.billing.accept(tx, [spec], owner_id=owner, now=spike.clock.now()).jobs
    spike.jobs.dispatch.start([job])
    assert spike.work() == 1
    ended = next(each for each in spike.queries.image(image.id, viewer=owner).jobs if each.id == job.id)
    if tier == Tier.TIER_4K:
        assert isinstance(ended, CompletedJob)
        assert ended.result.dimensions.longest_side_px == 4096
    else:
        assert isinstance(ended, RefundedJob)
        assert ended.reason == "the tier TIER_3K is no longer on offer"
        assert balance(spike, owner) == 100


def test_an_album_of_a_removed_tier_is_read_and_its_uploads_say_what_to_do() -> None:
    spike = shop()
    owner = register(spike)
    album = an_album(owner_id=owner, default_tier=Tier.TIER_4K)
    with spike.transactions.begin() as tx:
        tx.albums.add(album)
    assert spike.albums.show(album.id, viewer=owner).album.default_tier == Tier.TIER_4K
    with pytest.raises(InvalidValue, match="TIER_4K, which is no longer on offer"):
        upload(spike, owner, album_id=album.id)
    assert upload(spike, owner, album_id=album.id, tier=Tier.TIER_1K).job is not None


def test_the_limits_of_a_job_follow_the_largest_tier_of_the_catalog() -> None:
    """Four times the pixels of 4096 may take four times as long; smaller tiers may take what they could without it."""
    limits = shop().quotes.billing.limits
    assert limits.processor_time_of(TIER_8K) == limits.processor_time * 4
    assert limits.processor_time_of(Tier.TIER_1K) == limits.processor_time * 0.1
    assert limits.processor_time_of(Tier("SOLD_BEFORE")) == limits.processor_time * 4
    assert limits.work_time_max == 4 * Policies().limits.work_time_max
    assert shop(catalog=SPECIFIED).quotes.billing.limits.work_time_max == Policies().limits.work_time_max
    assert SPECIFIED.work_share(2048) == 0.25
    with_share = Catalog([evolve(offer, work_share=0.5) if offer.tier == Tier.TIER_1K else offer for offer in SHOP])
    assert with_share.work_share(1024) == 0.5


def test_the_time_that_one_owners_jobs_may_take_bounds_large_ones_too() -> None:
    """Four times the time of an attempt at 4096 pixels each: one is always in flight, and no second one fits."""
    limits = JobLimits(active_time_max=JobLimits().processor_time * 6)
    spike = InMemorySpike.build(policies=Policies(limits=limits, catalog=SHOP))
    owner = spike.owner(tokens=200)
    image = spike.upload(owner).image
    spike.work()
    for _ in range(3):
        spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=TIER_8K)
    assert len(spike.inbox.messages) == 1
