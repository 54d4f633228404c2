"""The generator port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import Prompt
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.upscaler import RenderedImage


class Generator(Protocol):
    """Generates pictures from prompts, and modifies pictures by prompts."""

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a picture of `prompt`, avoiding `negative`, in exactly this size, in sRGB.

        Of the options, format and quality count, as in `Upscaler.enhance`.

        Raises:
            PromptRefused: the prompt is refused; no further attempt can succeed.
            UnusableResult: the generated picture is unusable, and no further attempt can succeed.
            GeneratorUnavailable: another attempt may succeed.
        """

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return the original modified by `prompt`, upright, in exactly this size, in sRGB.

        The options count as in `generate`.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
            PromptRefused: the prompt is refused; no further attempt can succeed.
            UnusableResult: the generated picture is unusable, and no further attempt can succeed.
            GeneratorUnavailable: another attempt may succeed.
        """

    def ping(self) -> None:
        """Check that the generator is available, as far as possible without cost; no picture is generated.

        Raises:
            GeneratorUnavailable: it is unavailable, or its settings are wrong.
        """
