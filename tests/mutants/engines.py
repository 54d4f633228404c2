"""Mutants of the engine's parts: probe, metadata, upscaler, blender, canvas fitter and generator."""

import io
from functools import cached_property
from typing import Any, Final

from attrs import evolve
from PIL import Image

from memory_fixtures import MemoryFixtures
from mutants.mutant import Mutant, instead_of, nothing
from pictures import a_photo
from spike_contracts.blender import BlenderContract as Blenders
from spike_contracts.canvas_fitter import CanvasFitterContract as Canvases
from spike_contracts.generator import GeneratorContract as Generators
from spike_contracts.metadata import MetadataContract as Metadatas
from spike_contracts.probe import ProbeContract as Probes
from spike_contracts.upscaler import UpscalerContract as Upscalers
from spike_core.domain.analysis import Analysis
from spike_core.domain.color_grid import Color, ColorGrid
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    GeneratorUnavailable,
    MultiplePages,
    TooManyPixels,
    UnacceptablePicture,
    UndecodablePicture,
    UnknownPictureFormat,
    WorkAbandoned,
)
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import RenderedImage
from spike_memory import (
    Failures,
    MemoryBlender,
    MemoryCanvasFitter,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryUpscaler,
    a_picture,
)
from spike_pillow import PillowProbe

ONE: Final = Dimensions(width_px=1, height_px=1)


class RealPictures(MemoryFixtures):
    """Photographs, read by Pillow: for engines that decode, but not as a viewer does."""

    @cached_property
    def probe(self) -> Any:
        return PillowProbe()

    @cached_property
    def make_picture(self) -> Any:
        return a_photo


def _pixels(content: Any, size: Dimensions) -> Image.Image:
    """Return the stored pixels: neither turned upright nor converted to sRGB, and opaque."""
    with Image.open(content) as picture:
        return picture.convert("RGB").resize(size.sides_px)


def _encoded(picture: Image.Image, format_: PictureFormat) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_.value)
    return out.getvalue()


def _naive(_enhance: Any, _upscaler: Any, original: Any, *, size: Dimensions, monitor: Any = None) -> RenderedImage:
    content = _encoded(_pixels(original, size), PictureFormat.JPEG)
    return RenderedImage(content=content, format=PictureFormat.JPEG, dimensions=size)


def _naive_blend(_blend: Any, _blender: Any, original: Any, source: Any, *, size: Dimensions) -> bytes:
    return _encoded(_pixels(original, size), PictureFormat.PNG)


def _naive_frame(_frame: Any, _fitter: Any, original: Any, *, size: Any, canvas: Dimensions) -> bytes:
    return _encoded(_pixels(original, canvas), PictureFormat.PNG)


def _plain(public: Any, _metadata: Any, content: Any) -> Any:
    """Open the pixels, without profile and orientation."""
    with Image.open(content) as picture:
        size = Dimensions(width_px=picture.width, height_px=picture.height)
    content.seek(0)
    shown = io.BytesIO(_encoded(_pixels(content, size), PictureFormat.JPEG))
    content.seek(0)
    from contextlib import nullcontext  # noqa: PLC0415  # here alone

    return nullcontext(shown)


def _rendered(**changed: Any) -> Any:
    """Return a method whose result says, or is, something else."""
    return lambda method, *args, **kwargs: evolve(method(*args, **kwargs), **changed)


def _facts(**changed: Any) -> Any:
    return lambda inspect, probe, content, **limit: evolve(inspect(probe, content, **limit), **changed)


def _spoiled(flaw: str) -> Any:
    """Return an engine's method whose result has this flaw."""

    def method(right: Any, *args: Any, **kwargs: Any) -> Any:
        made = right(*args, **kwargs)
        return evolve(made, content=a_picture(made.dimensions, made.format, flaw))

    return method


def _of_jpeg_alone(method: Any, own: Any, original: Any, *args: Any, **kwargs: Any) -> Any:
    if MemoryProbe().inspect(original).format is not PictureFormat.JPEG:
        raise UnknownPictureFormat
    return method(own, original, *args, **kwargs)


def _not_too_slim(method: Any, own: Any, original: Any, *args: Any, **kwargs: Any) -> Any:
    if min(MemoryProbe().inspect(original).dimensions.sides_px) == 1:
        raise UndecodablePicture
    return method(own, original, *args, **kwargs)


def _in_the_dark(enhance: Any, upscaler: Any, original: Any, *, size: Any, monitor: Any = None) -> Any:
    return enhance(upscaler, original, size=size)


def _falling(enhance: Any, upscaler: Any, original: Any, *, size: Any, monitor: Any = None) -> Any:
    for done in (0.5, 0.3, 1.0):
        monitor.report(done)
    return enhance(upscaler, original, size=size)


def _stubborn(enhance: Any, upscaler: Any, original: Any, *, size: Any, monitor: Any = None) -> Any:
    for done in (0.5, 1.0):
        try:
            monitor.report(done)
        except WorkAbandoned:
            continue
    return enhance(upscaler, original, size=size)


def _random(method: Any, *args: Any, **kwargs: Any) -> Any:
    calls = vars(type(args[0])).get("calls", 0) + 1
    type(args[0]).calls = calls
    made = method(*args, **kwargs)
    if isinstance(made, bytes):
        return made + b" " * calls
    return evolve(made, content=made.content + b" " * calls)


def _enlarged(_blend: Any, _blender: Any, original: Any, source: Any, *, size: Dimensions) -> bytes:
    return a_picture(size, PictureFormat.PNG)


def _dark(_blend: Any, _blender: Any, original: Any, source: Any, *, size: Dimensions) -> bytes:
    facts = MemoryProbe().inspect(original)
    return a_picture(facts.dimensions, PictureFormat.PNG, "dark")


def _unread(blend: Any, blender: Any, original: Any, source: Any, *, size: Dimensions) -> bytes:
    try:
        return bytes(blend(blender, original, source, size=size))
    except UnacceptablePicture:
        return a_picture(size, PictureFormat.PNG)


def _lossy(blend: Any, *args: Any, **kwargs: Any) -> bytes:
    return bytes(blend(*args, **kwargs)).replace(b"PNG", b"JPEG")


def _canvas_with_place(_frame: Any, _fitter: Any, original: Any, *, size: Any, canvas: Any) -> bytes:
    return a_picture(canvas, PictureFormat.PNG, "located")


def _as_it_is(_public: Any, _metadata: Any, content: Any) -> Any:
    from contextlib import nullcontext  # noqa: PLC0415  # here alone

    data = content.read()
    content.seek(0)
    return nullcontext(io.BytesIO(data))


def _as_png(_public: Any, _metadata: Any, content: Any) -> Any:
    from contextlib import nullcontext  # noqa: PLC0415  # here alone

    facts = MemoryProbe().inspect(content)
    return nullcontext(io.BytesIO(a_picture(facts.dimensions, PictureFormat.PNG)))


def _with_place(_copy: Any, _metadata: Any, picture: bytes, *, original: Any) -> bytes:
    original.seek(0)
    return picture if picture.endswith(b"located") or b"located" not in original.getvalue() else picture + b" located"


def _changed(_copy: Any, _metadata: Any, picture: bytes, *, original: Any) -> bytes:
    return picture + b" dark"


def _not_rewound(method: Any, probe: Any, content: Any, *more: Any, **named: Any) -> Any:
    """Leave the content where it was read to."""
    try:
        return method(probe, content, *more, **named)
    finally:
        content.read()


def _never_flawed(compare: Any, probe: Any, result: Any, original: Any) -> Any:
    return compare(probe, io.BytesIO(original.getvalue()), original)


def _always_flawed(compare: Any, probe: Any, result: Any, original: Any) -> Any:
    return evolve(compare(probe, result, original), result_is_blank=True, original_is_blank=False)


def _at_the_original(compare: Any, probe: Any, result: Any, original: Any) -> Any:
    size = MemoryProbe().inspect(original).dimensions
    return evolve(compare(probe, result, original), size=size)


def _upside_down(inspect: Any, probe: Any, content: Any, **limit: Any) -> Any:
    facts = inspect(probe, content, **limit)
    return evolve(facts, colors=ColorGrid(tuple(reversed(facts.colors.cells))))


def _by_size(inspect: Any, probe: Any, content: Any, **limit: Any) -> Any:
    facts = inspect(probe, content, **limit)
    return evolve(facts, colors=ColorGrid.of(Color(facts.dimensions.width_px % 256, 0, 0)))


def _one_at_a_time(inspect: Any, probe: Any, content: Any, **limit: Any) -> Any:
    """Keep the content in the probe, which threads share."""
    import threading  # noqa: PLC0415  # here alone

    type(probe).content = content
    threading.Event().wait(0.005)
    return inspect(probe, io.BytesIO(type(probe).content.getvalue()), **limit)


def _identified(**changed: Any) -> Any:
    return lambda identify, probe, content: evolve(identify(probe, content), **changed)


def _as_a_jpeg(inspect: Any, probe: Any, content: Any, **limit: Any) -> Any:
    facts = inspect(probe, content, **limit)
    return evolve(facts, dimensions=facts.dimensions if min(facts.dimensions.sides_px) > 1 else ONE)


def _fits_half(fit: Any, fitter: Any, picture: Any, *, size: Dimensions) -> Any:
    made = fit(fitter, picture, size=size)
    return evolve(made, content=a_picture(size, made.format, "half"))


def _other_canvas(_frame: Any, _fitter: Any, original: Any, *, size: Any, canvas: Any) -> bytes:
    MemoryProbe().inspect(original)
    return a_picture(size, PictureFormat.PNG)


def _refusing(error: type[Exception], other: Exception) -> Any:
    return instead_of(error, other)


MUTANTS: Final = [
    # a probe
    Mutant("takes every picture for a JPEG", MemoryProbe, "inspect", _facts(format=PictureFormat.JPEG),
           Probes.test_every_allowed_format_is_told_with_its_size),
    Mutant("takes slim pictures for a single pixel", MemoryProbe, "inspect", _as_a_jpeg,
           Probes.test_any_aspect_is_told),
    Mutant("finds no picture blank", MemoryProbe, "inspect", _facts(is_blank=False),
           Probes.test_a_blank_picture_is_told, Probes.test_what_is_made_of_a_blank_picture_may_be_blank),
    Mutant("finds colors that depend on the size", MemoryProbe, "inspect", _by_size,
           Probes.test_the_same_picture_has_the_same_colors_in_any_format_and_size),
    Mutant("finds every result unfaithful", MemoryProbe, "compare", _always_flawed,
           Probes.test_the_same_picture_is_faithful_in_any_format_and_size),
    Mutant("finds every result faithful", MemoryProbe, "compare", _never_flawed,
           Probes.test_a_spoiled_picture_is_not_faithful),
    Mutant("compares at the size of the original", MemoryProbe, "compare", _at_the_original,
           Probes.test_a_comparison_is_made_at_the_smaller_of_the_two_sizes),
    Mutant("leaves the result of a comparison at its end", MemoryProbe, "compare", _not_rewound,
           Probes.test_both_are_rewound_whatever_comes_of_a_comparison),
    Mutant("counts colors from the bottom right", MemoryProbe, "inspect", _upside_down,
           Probes.test_the_colors_are_told_where_they_are_from_the_top_left),
    Mutant("identifies every picture as a JPEG", MemoryProbe, "identify", _identified(format=PictureFormat.JPEG),
           Probes.test_a_picture_is_identified_as_what_inspection_finds),
    Mutant("identifies pictures that are corrupt", MemoryProbe, "identify", instead_of(UndecodablePicture),
           Probes.test_a_corrupt_picture_is_not_identified),
    Mutant("identifies what it doesn't accept", MemoryProbe, "identify", instead_of(UnacceptablePicture),
           Probes.test_identification_refuses_what_inspection_does),
    *(Mutant(f"refuses {what} by another error", MemoryProbe, "inspect", _refusing(error, other), *laws,
             fails_with=UnacceptablePicture)
      for what, error, other, laws in (
          ("an empty file", EmptyFile, UndecodablePicture(), [Probes.test_no_bytes_are_an_empty_file]),
          ("what is no picture", UnknownPictureFormat, UndecodablePicture(),
           [Probes.test_other_bytes_are_no_known_format]),
          ("several frames", AnimatedPicture, UndecodablePicture(),
           [Probes.test_a_picture_of_several_frames_is_refused]),
          ("several pages", MultiplePages, UndecodablePicture(), [Probes.test_a_file_of_several_pages_is_refused]),
          ("a corrupt picture", UndecodablePicture, UnknownPictureFormat(),
           [Probes.test_a_corrupt_picture_is_refused]),
          ("too many pixels", TooManyPixels, UndecodablePicture(), [Probes.test_one_row_over_the_pixel_cap_is_refused]),
      )),
    Mutant("accepts a picture of any size", MemoryProbe, "inspect", instead_of(TooManyPixels),
           Probes.test_one_row_over_the_pixel_cap_is_refused),
    Mutant("limits results as it limits uploads", MemoryProbe, "inspect",
           lambda inspect, probe, content, **_limit: inspect(probe, content),
           Probes.test_a_result_may_be_larger_than_an_upload, fails_with=TooManyPixels),
    Mutant("refuses the largest allowed picture", MemoryProbe, "inspect",
           lambda inspect, probe, content: _capped(inspect(probe, content)),
           Probes.test_the_largest_allowed_picture_is_accepted, fails_with=TooManyPixels),
    Mutant("leaves the content at its end", MemoryProbe, "inspect", _not_rewound,
           Probes.test_the_content_is_rewound_for_the_next_reader,
           Probes.test_the_content_is_rewound_after_a_refusal_too),
    Mutant("mixes up pictures of several threads", MemoryProbe, "inspect", _one_at_a_time,
           Probes.test_many_at_once_are_each_told_right),
    # metadata
    Mutant("publishes a picture as it is", MemoryMetadata, "public", _as_it_is,
           Metadatas.test_the_place_is_taken_out_and_the_picture_stays, Metadatas.test_what_is_no_picture_is_refused),
    Mutant("publishes every picture as a PNG", MemoryMetadata, "public", _as_png,
           Metadatas.test_what_tells_no_place_may_be_published_too),
    Mutant("copies the place to results", MemoryMetadata, "with_metadata", _with_place,
           Metadatas.test_a_result_never_gets_the_place),
    Mutant("changes a result whose original tells nothing", MemoryMetadata, "with_metadata", _changed,
           Metadatas.test_a_result_stays_as_it_is_where_its_original_tells_nothing),
    Mutant("publishes no orientation and no color profile", MemoryMetadata, "public", _plain,
           Metadatas.test_what_is_needed_to_display_it_stays, fixtures=RealPictures),
    # an upscaler
    Mutant("makes results of the original's size", MemoryUpscaler, "enhance",
           lambda enhance, own, original, *, size, **monitor: enhance(
               own, original, size=MemoryProbe().inspect(original).dimensions, **monitor),
           Upscalers.test_the_result_is_what_was_ordered),
    Mutant("spoils results", MemoryUpscaler, "enhance", _spoiled("burst"),
           Upscalers.test_the_result_is_what_was_ordered),
    Mutant("enhances JPEGs alone", MemoryUpscaler, "enhance", _of_jpeg_alone,
           Upscalers.test_every_allowed_format_is_enhanced, fails_with=UnknownPictureFormat),
    Mutant("enhances no slim pictures", MemoryUpscaler, "enhance", _not_too_slim,
           Upscalers.test_any_aspect_is_enhanced, fails_with=UndecodablePicture),
    Mutant("draws into blank pictures", MemoryUpscaler, "enhance", _spoiled("half"),
           Upscalers.test_a_blank_picture_stays_blank),
    Mutant("makes a result of what it can't decode", MemoryUpscaler, "enhance", instead_of(UnacceptablePicture),
           Upscalers.test_what_cannot_be_decoded_is_refused_for_good),
    Mutant("reports no progress", MemoryUpscaler, "enhance", _in_the_dark,
           Upscalers.test_progress_is_reported_and_never_falls, Upscalers.test_work_that_nobody_waits_for_is_left),
    Mutant("reports falling progress", MemoryUpscaler, "enhance", _falling,
           Upscalers.test_progress_is_reported_and_never_falls),
    Mutant("goes on with abandoned work", MemoryUpscaler, "enhance", _stubborn,
           Upscalers.test_work_that_nobody_waits_for_is_left),
    Mutant("doesn't say how it works", MemoryUpscaler, "enhance", _rendered(method=""),
           Upscalers.test_the_method_is_named),
    Mutant("ignores orientation and color profile", MemoryUpscaler, "enhance", _naive,
           Upscalers.test_the_result_is_upright_and_in_srgb, fixtures=RealPictures),
    Mutant("ignores transparency", MemoryUpscaler, "enhance", _naive, Upscalers.test_transparency_is_kept,
           fixtures=RealPictures),
    Mutant("ignores the ordered format", MemoryUpscaler, "enhance",
           lambda enhance, own, *args, options=None, **kwargs: enhance(own, *args, **kwargs),
           Upscalers.test_the_result_has_the_ordered_format,
           Upscalers.test_an_ordered_jpeg_of_a_transparent_picture_is_faithful),
    Mutant("has nothing to say about a picture", MemoryUpscaler, "analyze",
           lambda *_args, **_kwargs: Analysis(summary=""),
           Upscalers.test_an_analysis_says_something),
    # a blender
    Mutant("merges JPEGs alone", MemoryBlender, "blend", _of_jpeg_alone,
           Blenders.test_pictures_of_every_format_are_merged, fails_with=UnknownPictureFormat),
    Mutant("enlarges what it merges", MemoryBlender, "blend", _enlarged,
           Blenders.test_the_originals_aspect_stays_and_nothing_grows),
    Mutant("darkens what it merges", MemoryBlender, "blend", _dark,
           Blenders.test_the_colors_lie_between_those_of_the_two),
    Mutant("gives other bytes each time", MemoryBlender, "blend", _random,
           Blenders.test_the_same_pictures_give_the_same_bytes),
    Mutant("merges what isn't a picture", MemoryBlender, "blend", _unread,
           Blenders.test_what_isnt_a_picture_is_refused),
    Mutant("ignores orientation and color profile", MemoryBlender, "blend", _naive_blend,
           Blenders.test_the_result_is_upright_and_in_srgb, fixtures=RealPictures),
    Mutant("encodes as JPEG", MemoryBlender, "blend", _lossy, Blenders.test_the_result_is_encoded_without_loss),
    # a canvas fitter
    Mutant("ignores the canvas' size", MemoryCanvasFitter, "frame", _other_canvas,
           Canvases.test_a_canvas_is_a_png_of_exactly_its_size),
    Mutant("frames JPEGs alone", MemoryCanvasFitter, "frame", _of_jpeg_alone,
           Canvases.test_pictures_of_every_format_are_framed_and_fitted, fails_with=UnknownPictureFormat),
    Mutant("blackens half of what it takes off a canvas", MemoryCanvasFitter, "fit", _fits_half,
           Canvases.test_what_was_framed_comes_off_the_canvas_again),
    Mutant("gives other bytes each time", MemoryCanvasFitter, "fit", _random,
           Canvases.test_the_same_pictures_give_the_same_bytes),
    Mutant("frames what it can't decode", MemoryCanvasFitter, "frame", instead_of(UnacceptablePicture, b""),
           Canvases.test_what_cannot_be_decoded_is_refused_for_good),
    Mutant("ignores orientation and color profile", MemoryCanvasFitter, "frame", _naive_frame,
           Canvases.test_the_canvas_is_upright_and_in_srgb, fixtures=RealPictures, fails_with=UnacceptablePicture),
    Mutant("leaves the place in a canvas", MemoryCanvasFitter, "frame", _canvas_with_place,
           Canvases.test_a_canvas_tells_no_place),
    # a generator
    Mutant("can't be asked", MemoryGenerator, "ping", lambda ping, own: _away(),
           Generators.test_one_that_can_be_asked_says_so, fails_with=GeneratorUnavailable),
    Mutant("makes pictures of one size", MemoryGenerator, "generate",
           lambda generate, own, prompt, *, negative, size: generate(own, prompt, negative=negative, size=ONE),
           Generators.test_a_generated_picture_has_the_size_that_was_asked, Generators.test_any_size_will_do),
    Mutant("modifies JPEGs alone", MemoryGenerator, "modify", _of_jpeg_alone,
           Generators.test_pictures_of_every_format_are_changed, fails_with=UnknownPictureFormat),
    Mutant("modifies what isn't a picture", MemoryGenerator, "modify", instead_of(UnacceptablePicture),
           Generators.test_what_isnt_a_picture_cant_be_changed),
    Mutant("generates without its server", MemoryGenerator, "generate", nothing,
           Generators.test_a_generator_that_is_away_says_so, also=(Failures, "check", nothing)),
]  # fmt: skip


def _away() -> None:
    raise GeneratorUnavailable


def _capped(facts: Any) -> Any:
    if facts.dimensions.pixels >= 10_000 * 5_000:
        raise TooManyPixels(pixels=facts.dimensions.pixels, pixels_max=1)
    return facts
