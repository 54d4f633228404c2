"""Analyses: what the engine finds in a stored image, and how it would enhance it."""

from attrs import frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import Forbidden
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.orders import TaskKind
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.blobs import BlobStore
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler
from spike_core.services.pricing import Pricing


@frozen(kw_only=True)
class ImageAnalysis:
    """An analysis of an image for one tier."""

    image_id: ImageId
    tier: Tier
    size: Dimensions  # of the result
    analysis: Analysis


@frozen(kw_only=True)
class Analyses:
    """Analyzes images, outside of transactions. Nothing is charged or stored."""

    transactions: Transactions
    blobs: BlobStore
    upscaler: Upscaler
    pricing: Pricing

    def analyze(
        self,
        owner_id: OwnerId,
        image_id: ImageId,
        *,
        tier: Tier | None = None,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> ImageAnalysis:
        """Return what the engine finds in the owner's image, and how it would enhance it; without a tier, the default.

        Raises:
            InvalidValue: the tier or the options aren't on offer.
            ImageNotFound, Forbidden: the image doesn't exist, or belongs to another owner.
            ObjectNotFound, UnacceptablePicture: its original is missing, or can't be decoded.
            Unavailable: a dependency failed.
        """
        catalog = self.pricing.catalog
        offer = catalog.default if tier is None else catalog[tier]
        self.pricing.check_options(options, TaskKind.ENHANCEMENT)
        with self.transactions.view() as tx:
            image = tx.images.get(image_id)
        if image.owner_id != owner_id:
            raise Forbidden
        size = offer.output_size(image.dimensions)
        with self.blobs.open(image.original) as original:
            analysis = self.upscaler.analyze(original, size=size, options=options)
        return ImageAnalysis(image_id=image_id, tier=offer.tier, size=size, analysis=analysis)
