"""The neural engine: super-resolution by small networks, chosen by the picture's measured degradation."""

import io
import math
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen
from PIL.Image import Image

from spike_core.domain.analysis import Analysis
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_imaging.encoding import encoded
from spike_ncnn.decode import Original, half_lanczos, picture_of, read_original, sized, without_halos
from spike_ncnn.earlier_enlargement import Source, source_of, unreduced
from spike_ncnn.modes import FAITHFULLY, Modes, Work, invents_texture
from spike_ncnn.network_choice import Choice, choose, second_pass
from spike_ncnn.picture_kind import is_graphic, kind_of
from spike_ncnn.progress_steps import Steps
from spike_ncnn.tiled_enlargement import Enlarged, Enlarger
from spike_ncnn.wrong_results import VIVID_TOLERANCE, Tolerance

# up to here a network would take a minute without a visible gain, so the classical engine is used
LITTLE_GROWTH: Final = 1.15
# from here on a picture is enlarged by 4 and reduced to size; below, by 2 and then resized
FOURFOLD_FROM: Final = 2.25


@frozen(kw_only=True)
class NcnnUpscaler:
    """Enlarges with networks, on the processor or a GPU; pictures that don't grow are left to another engine."""

    enlarger: Enlarger
    modes: Modes = FAITHFULLY
    otherwise: Upscaler = field(repr=False)  # for pictures that hardly grow, or become smaller
    probe: ImageProbe = field(repr=False)  # that compares results of pictures which were enlarged before
    work_time_s: float = math.inf  # as `EngineResources` has it

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the enhanced picture; see the port. Metadata such as GPS isn't copied.

        Transparency is enlarged separately by Lanczos; gray stays gray. If the check of results would refuse what is
        made of a picture from before an earlier enlargement, half of it is replaced by what Lanczos makes of the
        original; if that would be refused, too, the picture is enlarged as it is.
        """
        data = original.read()
        monitor.report(0.0)
        try:
            read = read_original(data)
            growth = _growth(read, size)
            if growth <= LITTLE_GROWTH:
                return self.otherwise.enhance(io.BytesIO(data), size=size, monitor=monitor, **options.as_arguments)
            return self._enhanced(data, read, size, options=options, steps=Steps(monitor))
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
            source = source_of(read.pixels, table=read.quantization)
        except MemoryError as error:
            raise UpscalerUnavailable from error
        degradation = source.degradation
        choices = self._choices(read, source, size, options=options)
        mixed = _edges(read, options)
        if source.pixels is not read.pixels:  # only the result tells whether it will be refused
            mixed = "; ".join(filter(None, (mixed, "half lanczos if the result would be refused")))
        sentences = (f"Found {degradation}", f"Enlarged by {_joined(choices)}", mixed.capitalize())
        return Analysis(
            summary=" ".join(f"{sentence}." for sentence in sentences if sentence),
            method="; ".join(filter(None, (_joined(choices), self._refused(choices, options), mixed))),
            kind=kind_of(read.pixels),
            cleanliness=degradation.cleanliness,
            jpeg_quality=degradation.quality,
            noise=degradation.deviation,
            enlarged_by=degradation.enlarged_by,
            models=sorted({name for choice in choices for name in choice.shares}),
        )

    def _enhanced(
        self, data: bytes, read: Original, size: Dimensions, *, options: RenderOptions, steps: Steps
    ) -> RenderedImage:
        source = source_of(read.pixels, table=read.quantization)
        made = self._enlarged(read, source, size, options=options, steps=steps)
        rendered = made.encoded(read, options)
        if source.pixels is read.pixels or not self._is_refused(rendered, data):
            return rendered
        made = made.softened(read)
        rendered = made.encoded(read, options)
        if not self._is_refused(rendered, data):
            return rendered
        remark = f"{source.degradation.enlargement}, not undone"
        source = unreduced(read.pixels, table=read.quantization)
        return self._enlarged(read, source, size, options=options, steps=steps, remark=remark).encoded(read, options)

    def _is_refused(self, rendered: RenderedImage, data: bytes) -> bool:
        """Return whether the check of results would refuse one."""
        return bool(self.probe.compare(io.BytesIO(rendered.content), io.BytesIO(data)).flaw)

    def _enlarged(
        self,
        read: Original,
        source: Source,
        size: Dimensions,
        *,
        options: RenderOptions,
        steps: Steps,
        remark: str = "",
    ) -> "_Made":
        choices = self._choices(read, source, size, options=options)
        passes = self._passed(source, choices, steps=steps)
        picture = sized(passes[-1].pixels, (size.width_px, size.height_px))
        edges = _edges(read, options)
        if edges:
            picture = without_halos(picture, read)
        reworked = " and then ".join(filter(None, map(str, passes)))
        parts = (_joined(choices), self._refused(choices, options), reworked, edges, str(source.degradation), remark)
        return _Made(picture=picture, method="; ".join(filter(None, parts)))

    def _choices(self, read: Original, source: Source, size: Dimensions, *, options: RenderOptions) -> Sequence[Choice]:
        """Return the networks of each pass: one for 2 times, and for 4 times where there is a network for it.

        Raises:
            UpscalerUnavailable: the mode's networks aren't installed.
        """
        factor = 4 if _growth(read, size) * source.degradation.enlarged_by > FOURFOLD_FROM else 2
        height_px, width_px = source.pixels.shape[:2]
        work = Work(height_px * width_px, SPECIFIED.work_share(size.longest_side_px) * self.work_time_s)
        if options.mode is Mode.VIVID:
            return [self.modes.vivid(kind_of(read.pixels), factor=factor, work=work)]
        available = self.enlarger.available
        first = choose(source.degradation, factor=factor, available=available, strength=options.strength)
        again = second_pass(first, available=available) if factor > 2 else None  # noqa: PLR2004  # twice as large
        return [self.modes.faithful(choice, work=work) for choice in (first, again) if choice]

    def _refused(self, choices: Sequence[Choice], options: RenderOptions) -> str:
        return self.modes.refused(choices) if options.mode is Mode.FAITHFUL else ""

    def _passed(self, source: Source, choices: Sequence[Choice], *, steps: Steps) -> Sequence[Enlarged]:
        height, width = source.pixels.shape[:2]
        counts = [
            self.enlarger.passes((height << number, width << number), choice.shares)
            for number, choice in enumerate(choices)
        ]
        steps.expect(sum(counts))
        passes = list[Enlarged]()
        for choice in choices:
            tolerance = (
                VIVID_TOLERANCE if invents_texture(choice) else Tolerance.of(source.degradation, removed=choice.noise)
            )
            passes.append(
                self.enlarger.enlarged(
                    passes[-1].pixels if passes else source.pixels,
                    choice.shares,
                    steps=steps,
                    noise=choice.noise,
                    tolerance=tolerance,
                )
            )
        return passes


@frozen(kw_only=True)
class _Made:
    """An enlarged picture, not encoded yet, and how it was made."""

    picture: Image  # RGB
    method: str

    def softened(self, read: Original) -> "_Made":
        """Return the mean with what Lanczos makes of the original."""
        return _Made(picture=half_lanczos(self.picture, read), method=f"{self.method}, half lanczos")

    def encoded(self, read: Original, options: RenderOptions) -> RenderedImage:
        """Return the file."""
        picture = picture_of(read, self.picture)
        return encoded(picture, options=options, resolution=read.resolution, method=self.method)


def _joined(choices: Sequence[Choice]) -> str:
    return " and then ".join(map(str, choices))


def _edges(read: Original, options: RenderOptions) -> str:
    """Return what is done about the edges of a graphic; empty for other pictures."""
    return "edges with half lanczos" if options.mode is Mode.FAITHFUL and is_graphic(read.pixels) else ""


def _growth(read: Original, size: Dimensions) -> float:
    height_px, width_px = read.pixels.shape[:2]
    return float(max(size.width_px / width_px, size.height_px / height_px))
