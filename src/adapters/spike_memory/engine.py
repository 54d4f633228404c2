"""A probe and engines for made-up pictures: the domain's rules without an image library.

A made-up picture is a line of text: `b"picture JPEG 640x480"`, with a flaw behind it, see `a_picture`.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from attrs import frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.catalog import RESULT_PIXELS_MAX
from spike_core.domain.color_grid import GRID_SIDE, Color, ColorGrid
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    MultiplePages,
    PromptRefused,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
)
from spike_core.domain.fidelity import Comparison, Shares
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX, PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage

_FORMATS: Final = "|".join(format_.value for format_ in PictureFormat).encode()
_PICTURE: Final = re.compile(
    rb"picture ("
    + _FORMATS
    + rb") ([1-9]\d{0,5})x([1-9]\d{0,5})"
    + rb"(?: (blank|animated|corrupt|located|dark|tinted|half|burst|rotated|profiled|transparent))?"
)
_GRAY: Final = Color(128, 128, 128)
_HALF: Final = GRID_SIDE * GRID_SIDE // 2
_COLORS: Final = {
    b"dark": ColorGrid.of(Color(12, 12, 12)),
    b"tinted": ColorGrid.of(Color(188, 128, 128)),
    b"burst": ColorGrid((Color(148, 108, 128), *[_GRAY] * (GRID_SIDE * GRID_SIDE - 1))),
    b"half": ColorGrid((_GRAY,) * _HALF + (Color(0, 0, 0),) * _HALF),
}


def a_picture(size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = "") -> bytes:
    """Return a made-up picture, gray on the whole.

    `flaw` is empty, `blank`, `animated`, `corrupt`, `located`, `dark`, `tinted` (redder), `half` (black below)
    or `burst` (noise at the top left, which its mean colors hardly tell). It may also say how the picture is stored:
    `rotated`, `profiled` or `transparent`.
    """
    return f"picture {format_.value} {size} {flaw}".strip().encode()


def draw_picture(
    width_px: int = 640, height_px: int = 480, *, format_: PictureFormat = PictureFormat.JPEG, flaw: str = ""
) -> bytes:
    """Return a made-up picture of this size, as `a_picture` does."""
    return a_picture(Dimensions(width_px=width_px, height_px=height_px), format_, flaw)


@frozen(kw_only=True)
class MemoryProbe:
    """Reads made-up pictures."""

    pixels_max: int = PICTURE_PIXELS_MAX  # of a picture to identify

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Return what the picture is; see the port."""
        facts = self.inspect(content, pixels_max=self.pixels_max)
        return PictureIdentity(format=facts.format, dimensions=facts.dimensions, has_location=facts.has_location)

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Return what the picture is; see the port."""
        data = content.read()
        content.seek(0)
        if not data:
            raise EmptyFile
        match = _PICTURE.fullmatch(data)
        if match is None:
            raise UnknownPictureFormat
        flaw = match[4] or b""
        size = Dimensions(width_px=int(match[2]), height_px=int(match[3]))
        if flaw == b"animated":
            raise MultiplePages(pages=2) if match[1] == PictureFormat.TIFF.value.encode() else AnimatedPicture
        if size.pixels > pixels_max:
            raise TooManyPixels(pixels=size.pixels, pixels_max=pixels_max)
        if flaw == b"corrupt":
            raise UndecodablePicture
        return PictureFacts(
            format=PictureFormat(match[1].decode()),
            dimensions=size,
            is_blank=flaw == b"blank",
            colors=_COLORS.get(flaw, ColorGrid.of(_GRAY)),
            has_location=flaw == b"located",
        )

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Return how a result differs; see the port."""
        made, source = self.inspect(result, pixels_max=RESULT_PIXELS_MAX), _accepted(original)
        gaps = [cell.gap_to(other) for cell, other in zip(made.colors.cells, source.colors.cells, strict=True)]
        shares = Shares(overall=sum(gap > 0 for gap in gaps) / len(gaps), local=float(any(gaps)))
        width_px, height_px = map(min, made.dimensions.sides_px, source.dimensions.sides_px)
        return Comparison(
            size=Dimensions(width_px=width_px, height_px=height_px),
            result_is_blank=made.is_blank,
            original_is_blank=source.is_blank,
            stray=shares,
            changed=shares,
            off=shares,
            roughness_excess=0.0,
            mean_gap=made.colors.gap_to(source.colors),
            cell_gap=max(gaps),
        )


def _accepted(content: BinaryIO) -> PictureFacts:
    """Return what a picture is that was accepted, whatever the limit was."""
    return MemoryProbe().inspect(content, pixels_max=ACCEPTED_PIXELS_MAX)


class MemoryMetadata:
    """Takes the place out of made-up pictures; they tell nothing else."""

    @contextmanager
    def public(self, content: BinaryIO) -> Iterator[BinaryIO]:
        """Open the picture without its place; see the port."""
        _accepted(content)
        data = content.read()
        content.seek(0)
        yield io.BytesIO(data.removesuffix(b" located"))

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return the picture as it is: there is nothing to tell; see the port."""
        original.seek(0)
        return picture


class MemoryUpscaler:
    """Makes up pictures of the wanted size."""

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return a made-up picture; see the port."""
        facts = _accepted(original)
        monitor.report(0.5)
        flaw, format_ = kept_flaw(facts), PictureFormat.JPEG
        if original.read().endswith(b" transparent"):
            flaw, format_ = "transparent", PictureFormat.PNG
        monitor.report(1.0)
        return _rendered(size, options, flaw, otherwise=format_, method="made up")

    def analyze(self, original: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> Analysis:
        """Return made-up findings; see the port."""
        facts = _accepted(original)
        asked = "as measured" if options.strength is None else options.strength
        return Analysis(
            summary=f"A made-up picture of {facts.dimensions}, for {size}, strength {asked}, {options.mode.value}",
            method="made up",
            cleanliness=1.0,
        )


def _rendered(
    size: Dimensions,
    options: RenderOptions,
    flaw: str = "",
    *,
    otherwise: PictureFormat = PictureFormat.JPEG,
    method: str = "",
) -> RenderedImage:
    """Return a made-up picture in the ordered format."""
    format_ = options.format or otherwise
    if format_ is PictureFormat.JPEG and flaw == "transparent":
        flaw = ""
    return RenderedImage(content=a_picture(size, format_, flaw), format=format_, dimensions=size, method=method)


def kept_flaw(facts: PictureFacts) -> str:
    """Return what flaw a picture has that an engine keeps."""
    if facts.is_blank:
        return "blank"
    return next((flaw.decode() for flaw, colors in _COLORS.items() if colors == facts.colors), "")


class MemoryBlender:
    """Merges made-up pictures."""

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return a made-up picture; see the port."""
        facts, other = _accepted(original), _accepted(source)
        limited = min(facts.dimensions, size, key=lambda dimensions: dimensions.longest_side_px)
        flaw, others = kept_flaw(facts), kept_flaw(other)
        return a_picture(
            facts.dimensions.scaled_to(limited.longest_side_px), PictureFormat.PNG, flaw if flaw == others else ""
        )


class MemoryCanvasFitter:
    """Makes up pictures on canvases."""

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:  # noqa: ARG002  # the port's
        """Return a made-up picture; see the port."""
        return a_picture(canvas, PictureFormat.PNG, kept_flaw(_accepted(original)))

    def fit(self, picture: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> RenderedImage:
        """Return a made-up picture; see the port."""
        flaw = kept_flaw(MemoryProbe().inspect(picture))
        return _rendered(size, options, flaw)


class MemoryGenerator:
    """Makes up pictures from words; the prompt `refuse` is refused."""

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,  # noqa: ARG002  # the port's
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a made-up picture; see the port."""
        if prompt.text == "refuse":
            raise PromptRefused
        return _rendered(size, options)

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a made-up picture; see the port."""
        _accepted(original)
        return self.generate(prompt, negative=negative, size=size, options=options)

    def ping(self) -> None:
        """Do nothing: it is always there."""
