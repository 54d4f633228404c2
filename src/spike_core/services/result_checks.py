"""Inspection: what a made picture really is, before anybody relies on it."""

import io
from typing import BinaryIO

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidResult, UnacceptablePicture
from spike_core.domain.images import PictureFacts
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import RenderedImage


def inspected(picture: RenderedImage, probe: ImageProbe, *, size: Dimensions) -> PictureFacts:
    """Return what the picture's bytes say: it decodes, has this size, and is what the engine says it is.

    Raises:
        InvalidResult: it isn't.
    """
    try:
        facts = probe.inspect(io.BytesIO(picture.content))
    except UnacceptablePicture as error:
        raise InvalidResult(str(error)) from error
    if facts.dimensions != size:
        raise InvalidResult(f"it is {facts.dimensions}, not {size}")
    if facts.format is not picture.format or facts.dimensions != picture.dimensions:
        raise InvalidResult("it isn't what the engine says it is")
    return facts


def check_fidelity(picture: RenderedImage, original: BinaryIO, probe: ImageProbe) -> None:
    """Check that an enhancement, reduced to its original's size, is its original; its bytes were inspected.

    Raises:
        InvalidResult: it isn't; the measured numbers are told.
        UnacceptablePicture: the original can't be decoded.
        UpscalerUnavailable: the two can't be compared now.
    """
    flaw = probe.compare(io.BytesIO(picture.content), original).flaw
    if flaw:
        raise InvalidResult(flaw)
