"""The classical engine: Lanczos resampling to the exact size with moderate sharpening, in a fraction of a second.

Color conversion and rotation run on the smaller side of the resampling, and sharpening before a picture grows. An
unsharp mask over a 4K result takes twice as long as everything else together; sharpening its input looks the same and
measures as well: +0.2 dB of PSNR over plain Lanczos at x2 on clean photographs. A picture that shrinks isn't
sharpened, since Lanczos is crisp by itself, nor is one that hardly grows, which would cost 1.2 dB.

In graphics, which have few colors, Lanczos would draw a halo along each edge, and the kernel would make it stronger:
there the result stays within the range of the pixels around it.

Measurements: docs/decisions/0010 and 0096.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

from attrs import evolve, frozen
from PIL.Image import Image, Resampling, composite, new
from PIL.ImageFilter import Kernel, MinFilter

from spike_core.domain.analysis import Analysis
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.encoding import encoded
from spike_imaging.halos import GRAPHIC_COLORS_MAX, limit_to_range
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture
from spike_imaging.resolution import resolution_of

# The share of the difference to the mean of the eight neighbors that is added. More costs PSNR on clean input too.
_DETAIL: Final = 0.2
_GROWTH_MIN: Final = 1.3  # of a side; below it the kernel sharpens more than the resampling softens
# large pictures are first reduced by a mean of whole pixels; 42 dB and better against plain Lanczos
_REDUCING_GAP: Final = 2.0
_OPAQUE: Final = frozenset({"L", "RGB", "CMYK"})  # Pillow would premultiply the whole for each half of another
_BEFORE_ENCODING: Final = 0.8  # of the time, approximately
METHOD: Final = "Lanczos with a detail kernel"


@frozen
class PillowUpscaler:
    """Resamples pictures with Pillow. It is stateless and thread-safe."""

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the enhanced picture; see the port. Metadata such as GPS isn't copied."""
        data = original.read()
        monitor.report(0.0)
        try:
            picture = _enhanced(data, (size.width_px, size.height_px))
            monitor.report(_BEFORE_ENCODING)
            return encoded(picture, options=options, resolution=resolution_of(data), method=METHOD)
        except MemoryError as error:
            raise UpscalerUnavailable from error

    def analyze(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,  # noqa: ARG002  # all sizes are made alike
        options: RenderOptions = DEFAULT_OPTIONS,  # noqa: ARG002  # as above
    ) -> Analysis:
        """Return that every picture is resampled alike; see the port."""
        try:
            with allowing(ACCEPTED_PIXELS_MAX), opened_picture(original.read()) as opened:
                opened.decode()
        except MemoryError as error:
            raise UpscalerUnavailable from error
        return Analysis(summary="The classical engine resamples every picture alike", method=METHOD)


def _enhanced(data: bytes, size: tuple[int, int]) -> Image:
    with allowing(ACCEPTED_PIXELS_MAX), opened_picture(data) as opened:  # a blend has the size of its result
        decoded = opened.decode(at_least=size)
    if size[0] * size[1] > decoded.image.width * decoded.image.height:
        small = decoded.srgb()
        del decoded  # otherwise the picture would be kept beside the sharpened one while that is enlarged
        if small.mode == "RGB" and small.getcolors(GRAPHIC_COLORS_MAX):
            return limit_to_range(_resampled(small, size), small)
        if max(size[0] / small.width, size[1] / small.height) >= _GROWTH_MIN:
            small = _sharpened(small, _DETAIL)
        return _resampled(small, size)
    shrunk = _shrunk(decoded.image, decoded.turn.oriented(size))
    return evolve(decoded, image=shrunk).srgb()


def _shrunk(picture: Image, size: tuple[int, int]) -> Image:
    """Resample by Lanczos, both halves at once: it takes most of the time.

    Columns are resampled before rows, in each half, so there is no seam. `_resampled` may do it the other way round;
    between the two an 8-bit picture cuts off what overshoots black and white, so the pixels beside sharp edges differ.
    """
    middle, scale = size[1] // 2, picture.height / size[1]
    if picture.mode not in _OPAQUE or not middle or scale >= _REDUCING_GAP**2:
        return _resampled(picture, size)

    def band(top: int, bottom: int) -> Image:
        box = (0, top * scale, picture.width, bottom * scale)  # the filter reads beyond it
        columns = picture.resize((picture.width, bottom - top), Resampling.LANCZOS, box=box)
        return columns.resize((size[0], bottom - top), Resampling.LANCZOS)

    with ThreadPoolExecutor(max_workers=1) as other:
        lower = other.submit(band, middle, size[1])
        upper = band(0, middle)
        result = new(picture.mode, size)
        result.paste(upper, (0, 0))
        result.paste(lower.result(), (0, middle))
    return result


def _resampled(picture: Image, size: tuple[int, int]) -> Image:
    """Resample by Lanczos; Pillow premultiplies alpha for it, so hidden colors don't bleed into edges."""
    return picture.resize(size, Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def _sharpened(picture: Image, detail: float) -> Image:
    edge, corner = -detail / 6, -detail / 12
    kernel = Kernel((3, 3), (corner, edge, corner, edge, 1 + detail, edge, corner, edge, corner), scale=1)
    if picture.mode != "RGBA":
        return picture.filter(kernel)
    # hidden colors mustn't affect visible ones: each pixel is sharpened as far as its least opaque neighbor is opaque
    alpha = picture.getchannel("A")
    colors = picture.convert("RGB")
    result = composite(colors.filter(kernel), colors, alpha.filter(MinFilter(3)))
    result.putalpha(alpha)
    return result
