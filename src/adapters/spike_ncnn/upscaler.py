"""The neural engine: super-resolution by small networks, chosen by the picture's measured degradation."""

import io
import math
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_imaging.encoding import encoded
from spike_ncnn.decode import Original, picture_of, read_original, sized, without_halos
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

        Transparency is enlarged separately by Lanczos; gray stays gray. A picture that was enlarged before is enlarged
        as it is if the result that is made of what it was before would be refused.
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
        return Analysis(
            summary=f"Found {degradation}. Enlarged by {_joined(choices)}.",
            method="; ".join(filter(None, (_joined(choices), self._refused(choices, options), _edges(read, options)))),
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
        if source.pixels is read.pixels or not self.probe.compare(io.BytesIO(made.content), io.BytesIO(data)).flaw:
            return made
        remark = f"{source.degradation.enlargement}, not undone"
        source = unreduced(read.pixels, table=read.quantization)
        return self._enlarged(read, source, size, options=options, steps=steps, remark=remark)

    def _enlarged(
        self,
        read: Original,
        source: Source,
        size: Dimensions,
        *,
        options: RenderOptions,
        steps: Steps,
        remark: str = "",
    ) -> RenderedImage:
        choices = self._choices(read, source, size, options=options)
        passes = self._passed(source, choices, steps=steps)
        picture = sized(passes[-1].pixels, (size.width_px, size.height_px))
        edges = _edges(read, options)
        if edges:
            picture = without_halos(picture, read)
        picture = picture_of(read, picture)
        reworked = " and then ".join(filter(None, map(str, passes)))
        parts = (_joined(choices), self._refused(choices, options), reworked, edges, str(source.degradation), remark)
        method = "; ".join(filter(None, parts))
        return encoded(picture, options=options, resolution=read.resolution, method=method)

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


def _joined(choices: Sequence[Choice]) -> str:
    return " and then ".join(map(str, choices))


def _edges(read: Original, options: RenderOptions) -> str:
    """Return what is done about the edges of a graphic; empty for other pictures."""
    return "edges with half lanczos" if options.mode is Mode.FAITHFUL and is_graphic(read.pixels) else ""


def _growth(read: Original, size: Dimensions) -> float:
    height_px, width_px = read.pixels.shape[:2]
    return float(max(size.width_px / width_px, size.height_px / height_px))
