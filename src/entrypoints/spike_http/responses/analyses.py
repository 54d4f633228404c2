"""Analyses in responses."""

from typing import Self

from attrs import frozen

from spike_core.domain.analysis import PictureKind
from spike_core.domain.identifiers import ImageId
from spike_core.domain.tiers import Tier
from spike_core.services.analyses import ImageAnalysis


@frozen(kw_only=True)
class AnalysisView:
    """The answer to a request to analyze an image."""

    success: bool = True
    image_id: ImageId
    tier: Tier
    width: int
    height: int
    summary: str
    method: str | None
    kind: PictureKind | None
    cleanliness: float | None
    jpeg_quality: float | None
    noise: float | None
    enlarged_by: float | None
    models: list[str]

    @classmethod
    def of(cls, found: ImageAnalysis) -> Self:
        """Return the view of an analysis."""
        analysis = found.analysis
        return cls(
            image_id=found.image_id,
            tier=found.tier,
            width=found.size.width_px,
            height=found.size.height_px,
            summary=analysis.summary,
            method=analysis.method or None,
            kind=analysis.kind,
            cleanliness=analysis.cleanliness,
            jpeg_quality=analysis.jpeg_quality,
            noise=analysis.noise,
            enlarged_by=analysis.enlarged_by,
            models=list(analysis.models),
        )
