"""The neural engine: super-resolution by small networks, chosen by the picture's measured degradation."""

import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_imaging.encoding import encoded
from spike_ncnn.arrays import Pixels
from spike_ncnn.choice import Choice, choose, second_pass
from spike_ncnn.decode import Original, picture_of, read_original
from spike_ncnn.degradation import measure
from spike_ncnn.enlarging import Enlarged, Enlarger
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

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        """Return the enhanced picture; see the port. Metadata such as GPS isn't copied.

        Transparency is enlarged separately by Lanczos; gray stays gray.
        """
        data = original.read()
        monitor.report(0.0)
        try:
            read = read_original(data)
            growth = max(size.width_px / read.pixels.shape[1], size.height_px / read.pixels.shape[0])
            if growth <= LITTLE_GROWTH:
                return self.otherwise.enhance(io.BytesIO(data), size=size, monitor=monitor)
            return self._enlarged(read, size, growth=growth, monitor=monitor)
        except MemoryError as error:
            raise UpscalerUnavailable from error

    def _enlarged(self, read: Original, size: Dimensions, *, growth: float, monitor: ProgressMonitor) -> RenderedImage:
        factor = 4 if growth > FOURFOLD_FROM else 2
        degradation = measure(read.pixels, table=read.quantization)
        choice = choose(degradation, factor=factor, available=self.enlarger.available)
        passes = self._passed(read.pixels, choice, factor=factor, tolerance=Tolerance.of(degradation), monitor=monitor)
        picture = picture_of(read, passes[-1].pixels, (size.width_px, size.height_px))
        reworked = " and then ".join(filter(None, map(str, passes)))
        return encoded(picture, method="; ".join(filter(None, (str(choice), reworked, str(degradation)))))

    def _passed(
        self, pixels: Pixels, choice: Choice, *, factor: int, tolerance: Tolerance, monitor: ProgressMonitor
    ) -> Sequence[Enlarged]:
        """Enlarge by at most `factor`: at once, or in two passes if there is no network for it."""
        height, width = pixels.shape[:2]
        count = self.enlarger.passes((height, width), choice.shares)
        again = second_pass(choice, available=self.enlarger.available) if factor > 2 else None  # noqa: PLR2004  # twice
        steps = Steps(monitor, count)
        if again is not None:
            steps.expect(self.enlarger.passes((height * 2, width * 2), again.shares))
        first = self.enlarger.enlarged(pixels, choice.shares, steps=steps, noise=choice.noise, tolerance=tolerance)
        if again is None:
            return [first]
        return [first, self.enlarger.enlarged(first.pixels, again.shares, steps=steps, tolerance=tolerance)]
