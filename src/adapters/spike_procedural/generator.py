"""The generator that draws by rules."""

from typing import BinaryIO, Final

from attrs import frozen
from PIL.Image import Image, Resampling

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable
from spike_core.domain.generation import Prompt
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.decoding import decoded_for, on_white
from spike_imaging.encoding import encoded
from spike_procedural.edits import edited
from spike_procedural.scene import drawn

DRAWN_SIDE_PX_MAX: Final = (
    2048  # scenes are soft: drawn at this size and enlarged they look the same, in a quarter of the time
)


@frozen
class ProceduralGenerator:
    """Draws and edits pictures by rules. It is stateless and thread-safe."""

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a drawing of what the prompt names; see the port. No prompt is refused."""
        try:
            small = size if size.longest_side_px <= DRAWN_SIDE_PX_MAX else size.scaled_to(DRAWN_SIDE_PX_MAX)
            picture = drawn(prompt, negative=negative, size=(small.width_px, small.height_px))
            return _finished(picture, size, options)
        except MemoryError as error:
            raise GeneratorUnavailable from error

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,  # noqa: ARG002  # only edits that the prompt names are applied
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return the original after the edits that the prompt names; see the port."""
        try:
            exact = (size.width_px, size.height_px)
            picture = on_white(decoded_for(original.read(), exact)).resize(exact, Resampling.LANCZOS)
            return _finished(edited(picture, prompt), size, options)
        except MemoryError as error:
            raise GeneratorUnavailable from error

    def ping(self) -> None:
        """Do nothing: the generator is always available."""


def _finished(picture: Image, size: Dimensions, options: RenderOptions) -> RenderedImage:
    exact = (size.width_px, size.height_px)
    whole = picture if picture.size == exact else picture.resize(exact, Resampling.LANCZOS)
    return encoded(whole, options=options)
