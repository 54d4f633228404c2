"""Ordering: what a request orders and what is checked first, described once for who accepts it and who quotes it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, assert_never

from attrs import field, frozen

from spike_core.domain.errors import Forbidden, ImageNotFound, InvalidValue, SpikeError
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import JobSpec
from spike_core.domain.limits import PARALLEL_TIERS_MAX, UploadLimits
from spike_core.domain.orders import Quote, TaskKind
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import Wallet
from spike_core.ports.transactions import Transaction
from spike_core.services.billing import AcceptedJobs, Billing
from spike_core.services.ingest import InlineImage, WebAddress
from spike_core.services.pricing import Pricing

UNKNOWN_BYTES: Final = 1  # of a picture that hasn't been downloaded: an owner whose storage is full is refused before


@frozen(kw_only=True)
class EnhancementOrder:
    """One job on a stored image, into which a source is blended first if there is one."""

    image_id: ImageId
    tier: Tier
    options: RenderOptions = DEFAULT_OPTIONS
    source: ImageId | InlineImage | None = None


@frozen(kw_only=True)
class ParallelEnhancementOrder:
    """Jobs on one stored image, at several tiers."""

    image_id: ImageId
    tiers: Sequence[Tier]
    options: RenderOptions = DEFAULT_OPTIONS


@frozen(kw_only=True)
class BatchEnhancementOrder:
    """Jobs on several stored images, at one tier; an image that occurs twice counts once."""

    image_ids: Sequence[ImageId]
    tier: Tier
    options: RenderOptions = DEFAULT_OPTIONS


@frozen(kw_only=True)
class GenerationOrder:
    """One job that generates a picture."""

    tier: Tier
    options: RenderOptions = DEFAULT_OPTIONS


@frozen(kw_only=True)
class ModificationOrder:
    """One job that modifies a picture."""

    tier: Tier
    picture: InlineImage | WebAddress
    options: RenderOptions = DEFAULT_OPTIONS


@frozen(kw_only=True)
class UploadOrder:
    """New images, each of them with a job unless the album has auto-enhance off."""

    files_bytes: Sequence[int]
    is_batch: bool  # then a file that isn't acceptable is left out
    tier: Tier | None = None  # `None`: the album's, or the catalog's default
    options: RenderOptions = DEFAULT_OPTIONS
    album_id: AlbumId | None = None


JobOrder = EnhancementOrder | ParallelEnhancementOrder | BatchEnhancementOrder | GenerationOrder | ModificationOrder


@frozen(kw_only=True)
class PricedOrder:
    """What an order would add, and which images it needs."""

    quotes: Sequence[Quote]  # of its jobs
    targets: Sequence[ImageId] = ()  # the stored image of each job; empty if they have none
    sources: Sequence[ImageId] = ()  # further images that must be the owner's
    input_bytes: int = 0  # of a picture inside the request
    images: Usage = field(factory=Usage)  # new ones, without their jobs

    @property
    def price(self) -> Tokens:
        """The price of all jobs together."""
        return sum((quote.price for quote in self.quotes), NO_TOKENS)

    @property
    def adding(self) -> Usage:
        """What the order adds to its owner's usage."""
        jobs = (Usage.of_request(quote.price, input_bytes=0) for quote in self.quotes)
        return sum(jobs, self.images + Usage(stored_bytes=self.input_bytes))

    @property
    def image_ids(self) -> Sequence[ImageId]:
        """The images that must be the owner's, each once."""
        return list(dict.fromkeys([*self.targets, *self.sources]))


@frozen(kw_only=True)
class Ordering:
    """Prices orders and checks them: all that can be said of one without storing anything."""

    pricing: Pricing
    billing: Billing
    upload_limits: UploadLimits

    def price(self, owner_id: OwnerId, order: JobOrder) -> PricedOrder:
        """Return an order with the prices of its jobs. Called in no transaction: a price list may do I/O.

        Raises:
            InvalidValue: a tier or the options aren't on offer, or the order has none, too many or the wrong parts.
            PricesUnavailable: a price can't be found out.
        """
        match order:
            case EnhancementOrder(image_id=image_id, source=source):
                kind = TaskKind.ENHANCEMENT if source is None else TaskKind.BLEND
                quote = self._quote(owner_id, order.tier, kind, order.options)
                if source == image_id:
                    raise InvalidValue(what="blendSource", rule="must be another image")
                sources = [source] if isinstance(source, ImageId) else []
                return PricedOrder(quotes=[quote], targets=[image_id], sources=sources)
            case ParallelEnhancementOrder(image_id=image_id, tiers=tiers):
                if not 1 <= len(tiers) <= PARALLEL_TIERS_MAX or len(set(tiers)) != len(tiers):
                    raise InvalidValue(what="tiers", rule=f"must be 1 to {PARALLEL_TIERS_MAX} different tiers")
                quotes = [self._quote(owner_id, tier, TaskKind.ENHANCEMENT, order.options) for tier in tiers]
                return PricedOrder(quotes=quotes, targets=[image_id] * len(quotes))
            case BatchEnhancementOrder():
                image_ids, most = list(dict.fromkeys(order.image_ids)), self.upload_limits.batch_files
                if not 1 <= len(image_ids) <= most:
                    raise InvalidValue(what="imageIds", rule=f"must be 1 to {most} images")
                quote = self._quote(owner_id, order.tier, TaskKind.ENHANCEMENT, order.options)
                return PricedOrder(quotes=[quote] * len(image_ids), targets=image_ids)
            case GenerationOrder():
                return self._creation(owner_id, order, TaskKind.GENERATION)
            case ModificationOrder():
                return self._creation(owner_id, order, TaskKind.MODIFICATION)
            case unreachable:
                assert_never(unreachable)

    def refusals(
        self, tx: Transaction, owner_id: OwnerId, order: PricedOrder, *, wallet: Wallet
    ) -> Iterator[SpikeError]:
        """Yield all that would refuse an order now, in the order in which `accept` checks it."""
        try:
            owned_images(tx, owner_id, order.image_ids)
        except (ImageNotFound, Forbidden) as error:
            yield error
        yield from self.billing.refusals(tx, wallet, order.price, adding=order.adding, targets=order.targets)

    def check(self, tx: Transaction, owner_id: OwnerId, order: PricedOrder, *, now: datetime) -> None:
        """Check an order before its picture is stored; nothing is reserved.

        Raises:
            SpikeError: the first of its refusals.
            WalletNotFound: the owner has never been granted a token.
        """
        wallet = self.billing.balance(tx, owner_id, now=now)
        for refusal in self.refusals(tx, owner_id, order, wallet=wallet):
            raise refusal

    def accept(
        self, tx: Transaction, owner_id: OwnerId, order: PricedOrder, specs: Sequence[JobSpec], *, now: datetime
    ) -> AcceptedJobs:
        """Check an order under the lock of its owner's wallet, charge for its jobs and store them.

        Raises:
            ImageNotFound, Forbidden: one of the images doesn't exist, or belongs to another owner.
            NotEnoughTokens: the balance doesn't cover the price.
            TooManyJobs, QuotaExceeded: the owner's budget has no room.
        """
        owned_images(tx, owner_id, order.image_ids)
        return self.billing.accept(tx, specs, owner_id=owner_id, now=now)

    def _creation(self, owner_id: OwnerId, order: GenerationOrder | ModificationOrder, kind: TaskKind) -> PricedOrder:
        if order.tier == Tier.FREE:
            raise InvalidValue(what="tier", rule="must be one that costs something")
        return PricedOrder(quotes=[self._quote(owner_id, order.tier, kind, order.options)])

    def _quote(self, owner_id: OwnerId, tier: Tier, kind: TaskKind, options: RenderOptions) -> Quote:
        return self.pricing.quote(tier, kind, owner_id=owner_id, options=options)


def owned_images(tx: Transaction, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> Sequence[Image]:
    """Return the owner's images, in the order of `image_ids`.

    Raises:
        ImageNotFound: one doesn't exist.
        Forbidden: all exist, and one belongs to another owner.
    """
    found = tx.images.find(image_ids) if len(image_ids) > 1 else {id_: tx.images.get(id_) for id_ in image_ids}
    if len(found) < len(set(image_ids)):
        raise ImageNotFound
    if any(image.owner_id != owner_id for image in found.values()):
        raise Forbidden
    return [found[image_id] for image_id in image_ids]
