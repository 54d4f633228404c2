"""The neural engine: super-resolution by small networks, chosen and blended by the picture's measured degradation."""

import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_imaging.encoding import encoded
from spike_ncnn.arrays import Pixels
from spike_ncnn.blend_weights import recipe, second_pass
from spike_ncnn.decode import Original, picture_of, read_original
from spike_ncnn.degradation import measure
from spike_ncnn.enlarging import Enlarged, Enlarger, Shares
from spike_ncnn.networks import SPAN_X4
from spike_ncnn.stability import Tolerance
from spike_ncnn.steps import Steps

# up to here a network would take a minute without a visible gain, so the classical engine is used
LITTLE_GROWTH: Final = 1.15
# from here on a picture is enlarged by 4 and reduced to size; below, by 2 and then resized
FOURFOLD_FROM: Final = 2.25


@frozen(kw_only=True)
class NcnnUpscaler:
    """Enlarges with networks, on the processor or a GPU; pictures that don't grow are left to another engine."""

    enlarger: Enlarger
    otherwise: Upscaler = field(repr=False)  # for pictures that hardly grow, or become smaller

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the enhanced picture; see the port. Metadata such as GPS isn't copied.

        Transparency is enlarged separately by Lanczos; gray stays gray.
        """
        data = original.read()
        monitor.report(0.0)
        try:
            read = read_original(data)
            growth = _growth(read, size)
            if growth <= LITTLE_GROWTH:
                return self.otherwise.enhance(io.BytesIO(data), size=size, monitor=monitor, **options.as_arguments)
            return self._enlarged(read, size, growth=growth, options=options, monitor=monitor)
        except MemoryError as error:
            raise UpscalerUnavailable from error

    def analyze(self, original: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> Analysis:
        """Return what is measured, and the networks that are chosen by it; see the port."""
        data = original.read()
        try:
            read = read_original(data)
            growth = _growth(read, size)
            if growth <= LITTLE_GROWTH:
                return self.otherwise.analyze(io.BytesIO(data), size=size, options=options)
            degradation = measure(read.pixels, table=read.quantization)
        except MemoryError as error:
            raise UpscalerUnavailable from error
        shares = recipe(degradation, factor=_factor(growth), available=self.enlarger.available)
        return Analysis(
            summary=f"Measured: {degradation}",
            method=_description(shares),
            jpeg_quality=degradation.quality,
            noise=degradation.noise.deviation,
            models=shares,
        )

    def _enlarged(
        self, read: Original, size: Dimensions, *, growth: float, options: RenderOptions, monitor: ProgressMonitor
    ) -> RenderedImage:
        factor = _factor(growth)
        degradation = measure(read.pixels, table=read.quantization)
        shares = recipe(degradation, factor=factor, available=self.enlarger.available)
        passes = self._passed(read.pixels, shares, factor=factor, tolerance=Tolerance.of(degradation), monitor=monitor)
        picture = picture_of(read, passes[-1].pixels, (size.width_px, size.height_px))
        reworked = " and then ".join(filter(None, map(str, passes)))
        method = "; ".join(filter(None, (_description(shares), reworked, str(degradation))))
        return encoded(picture, options=options, method=method)

    def _passed(
        self, pixels: Pixels, shares: Shares, *, factor: int, tolerance: Tolerance, monitor: ProgressMonitor
    ) -> Sequence[Enlarged]:
        """Enlarge by at most `factor`: at once, or in two passes if there is no network for it."""
        height, width = pixels.shape[:2]
        count = self.enlarger.passes((height, width), shares)
        again = second_pass(shares, available=self.enlarger.available)
        if factor == 2 or SPAN_X4.name in shares or not again:  # noqa: PLR2004  # twice as large
            return [self.enlarger.enlarged(pixels, shares, steps=Steps(monitor, count), tolerance=tolerance)]
        steps = Steps(monitor, count + self.enlarger.passes((height * 2, width * 2), again))
        first = self.enlarger.enlarged(pixels, shares, steps=steps, tolerance=tolerance)
        return [first, self.enlarger.enlarged(first.pixels, again, steps=steps, tolerance=tolerance)]


def _growth(read: Original, size: Dimensions) -> float:
    height_px, width_px = read.pixels.shape[:2]
    return float(max(size.width_px / width_px, size.height_px / height_px))


def _factor(growth: float) -> int:
    return 4 if growth > FOURFOLD_FROM else 2


def _description(shares: Shares) -> str:
    return " + ".join(f"{share:.2f} {name}" for name, share in shares.items())
