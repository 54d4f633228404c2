"""Checks of an engine's result before it is used."""

import io
from typing import BinaryIO

from spike_core.domain.catalog import RESULT_PIXELS_MAX
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidResult, TooManyPixels, UnacceptablePicture
from spike_core.domain.images import PictureFacts
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX, PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import RenderedImage


def inspected(
    picture: RenderedImage, probe: ImageProbe, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS
) -> PictureFacts:
    """Return the picture's facts if it decodes, has this size and format, and matches the engine's description.

    Raises:
        InvalidResult: it doesn't.
    """
    try:
        facts = _facts(picture, probe, size)
    except UnacceptablePicture as error:
        raise InvalidResult(str(error)) from error
    if facts.dimensions != size:
        raise InvalidResult(f"it is {facts.dimensions}, not {size}")
    if facts.format is not picture.format or facts.dimensions != picture.dimensions:
        raise InvalidResult("it doesn't match the engine's description")
    if options.format not in {None, facts.format}:
        raise InvalidResult(f"it is {facts.format.value}, not in the ordered format")
    return facts


def inspected_original(content: BinaryIO, probe: ImageProbe) -> PictureFacts:
    """Return the facts of a picture that was accepted, even if it is larger than what is accepted now.

    A probe that knows no other limit than its own isn't asked for one, unless the picture needs it.

    Raises:
        UnacceptablePicture: it can't be decoded.
    """
    try:
        return probe.inspect(content)
    except TooManyPixels:
        content.seek(0)
        return probe.inspect(content, pixels_max=ACCEPTED_PIXELS_MAX)


def check_fidelity(picture: RenderedImage, original: BinaryIO, probe: ImageProbe) -> None:
    """Check that an inspected enhancement, reduced to its original's size, matches its original.

    Raises:
        InvalidResult: it doesn't; the message has the measured numbers.
        UnacceptablePicture: the original can't be decoded.
        UpscalerUnavailable: the two can't be compared now.
    """
    flaw = probe.compare(io.BytesIO(picture.content), original).flaw
    if flaw:
        raise InvalidResult(flaw)


def _facts(picture: RenderedImage, probe: ImageProbe, size: Dimensions) -> PictureFacts:
    content = io.BytesIO(picture.content)
    return (
        probe.inspect(content)
        if size.pixels <= PICTURE_PIXELS_MAX
        else probe.inspect(content, pixels_max=RESULT_PIXELS_MAX)
    )
