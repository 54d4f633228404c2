"""The generator port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import Prompt
from spike_core.ports.upscaler import RenderedImage


class Generator(Protocol):
    """Makes pictures from words, and changes pictures by words."""

    def generate(self, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return a picture of what `prompt` says, without what `negative` says, in exactly this size and in sRGB.

        Raises:
            PromptRefused: these words won't do; no further attempt can succeed.
            UnusableResult: there is a picture and it can't be used; no further attempt would end otherwise.
            GeneratorUnavailable: it can't work now; another attempt may succeed.
        """

    def modify(self, original: BinaryIO, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return the original changed as `prompt` says, upright, in exactly this size and in sRGB.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
            PromptRefused: these words won't do; no further attempt can succeed.
            UnusableResult: there is a picture and it can't be used; no further attempt would end otherwise.
            GeneratorUnavailable: it can't work now; another attempt may succeed.
        """

    def ping(self) -> None:
        """Check, as well as that can be done for nothing, that it can be asked: no picture is made.

        Raises:
            GeneratorUnavailable: it can't work now, or its settings are wrong.
        """
