"""A probe and engines for made-up pictures: the domain's rules without an image library.

A made-up picture is a line of text: `b"picture JPEG 640x480"`, with `blank`, `animated`, `corrupt` or `located` behind.
"""

import re
from typing import BinaryIO, Final

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    PromptRefused,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
)
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import UNWATCHED, Watch

_FORMATS: Final = "|".join(format_.value for format_ in PictureFormat).encode()
_PICTURE: Final = re.compile(
    rb"picture (" + _FORMATS + rb") ([1-9]\d{0,5})x([1-9]\d{0,5})(?: (blank|animated|corrupt|located))?"
)


def a_picture(size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = "") -> bytes:
    """Return a made-up picture; `flaw` is empty, `blank`, `animated`, `corrupt` or `located`."""
    return f"picture {format_.value} {size} {flaw}".strip().encode()


class MemoryProbe:
    """Reads made-up pictures."""

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Return what the picture is; see the port."""
        data = content.read()
        content.seek(0)
        if not data:
            raise EmptyFile
        match = _PICTURE.fullmatch(data)
        if match is None:
            raise UnknownPictureFormat
        size = Dimensions(width_px=int(match[2]), height_px=int(match[3]))
        if match[4] == b"animated":
            raise AnimatedPicture
        if size.pixels > PICTURE_PIXELS_MAX:
            raise TooManyPixels(pixels=size.pixels, pixels_max=PICTURE_PIXELS_MAX)
        if match[4] == b"corrupt":
            raise UndecodablePicture
        return PictureFacts(
            format=PictureFormat(match[1].decode()),
            dimensions=size,
            is_blank=match[4] == b"blank",
            has_location=match[4] == b"located",
        )


class MemoryUpscaler:
    """Makes up pictures of the wanted size."""

    def enhance(self, original: BinaryIO, *, size: Dimensions, watch: Watch = UNWATCHED) -> EnhancedPicture:
        """Return a made-up picture; see the port."""
        facts = MemoryProbe().inspect(original)
        watch.report(0.5)
        flaw = "blank" if facts.is_blank else ""
        watch.report(1.0)
        return EnhancedPicture(
            content=a_picture(size, PictureFormat.JPEG, flaw),
            format=PictureFormat.JPEG,
            dimensions=size,
            method="made up",
        )


class MemoryBlender:
    """Merges made-up pictures."""

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return a made-up picture; see the port."""
        facts, other = MemoryProbe().inspect(original), MemoryProbe().inspect(source)
        limited = min(facts.dimensions, size, key=lambda dimensions: dimensions.longest_side_px)
        flaw = "blank" if facts.is_blank and other.is_blank else ""
        return a_picture(facts.dimensions.scaled_to(limited.longest_side_px), PictureFormat.PNG, flaw)


class MemoryGenerator:
    """Makes up pictures from words; the prompt `refuse` is refused."""

    def generate(self, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> EnhancedPicture:  # noqa: ARG002  # the port's
        """Return a made-up picture; see the port."""
        if prompt.text == "refuse":
            raise PromptRefused
        return EnhancedPicture(content=a_picture(size), format=PictureFormat.JPEG, dimensions=size)

    def modify(
        self, original: BinaryIO, prompt: Prompt, *, negative: Prompt | None, size: Dimensions
    ) -> EnhancedPicture:
        """Return a made-up picture; see the port."""
        MemoryProbe().inspect(original)
        return self.generate(prompt, negative=negative, size=size)
