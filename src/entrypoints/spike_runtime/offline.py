"""Pictures without a service: the engine alone, over bytes. No database, no data folder, nothing is stored."""

import io
from typing import Final, assert_never

from attrs import evolve, frozen

from spike_core.domain.images import LabelPolicy
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.ports.metadata import Metadata
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import Watch
from spike_core.services.outright import OutrightEnhancement
from spike_pictures.comparing import before_and_after
from spike_pictures.rewriting import WRITTEN_FORMATS, rewritten

FORMATS: Final = WRITTEN_FORMATS
COMPARISON_FORMAT: Final = PictureFormat.JPEG


@frozen(kw_only=True)
class Offline:
    """Makes pictures for who has no server, as the service would."""

    enhancement: OutrightEnhancement
    metadata: Metadata
    labels: LabelPolicy

    def enhanced(
        self, original: bytes, tier: Tier, *, formats: frozenset[PictureFormat], watch: Watch
    ) -> EnhancedPicture:
        """Return the picture in one of these formats, each of which must be one of `FORMATS`.

        The engine's own is kept where it is among them. It tells of its original what the service's results do.

        Raises:
            UnacceptablePicture, UpscalerUnavailable, FlawedResult, WorkAbandoned: see `OutrightEnhancement`.
            InvalidValue: the picture can't be had in the format.
        """
        made = self.enhancement.enhance(io.BytesIO(original), tier, watch=watch)
        format_ = made.format if made.format in formats else next(each for each in FORMATS if each in formats)
        content = rewritten(made.content, format_)
        match self.labels:
            case LabelPolicy.KEEP:
                content = self.metadata.labelled(content, original=io.BytesIO(original))
            case LabelPolicy.STRIP:
                pass
            case unreachable:
                assert_never(unreachable)
        return evolve(made, content=content, format=format_)

    def compared(self, original: bytes, enhanced: EnhancedPicture) -> bytes:
        """Return a picture of both, before and after, in `COMPARISON_FORMAT`."""
        return before_and_after(original, enhanced.content)
