"""The generator that draws by rules."""

import io
from typing import BinaryIO, Final

from attrs import frozen
from PIL import Image, ImageCms

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable
from spike_core.domain.generation import Prompt
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import EnhancedPicture
from spike_procedural.edits import edited
from spike_procedural.originals import decoded
from spike_procedural.scene import drawn

DRAWN_SIDE_PX_MAX: Final = (
    2048  # scenes are soft: drawn at this size and enlarged they look the same, in a quarter of the time
)
JPEG_QUALITY: Final = 95
JPEG_FULL_CHROMA: Final = 0  # Pillow's number for 4:4:4


@frozen
class ProceduralGenerator:
    """Draws and edits pictures by rules. It holds no state: one serves all threads."""

    def generate(self, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> EnhancedPicture:
        """Return a drawing of what the words name; see the port. No words are refused."""
        try:
            small = size if size.longest_side_px <= DRAWN_SIDE_PX_MAX else size.scaled_to(DRAWN_SIDE_PX_MAX)
            picture = drawn(prompt, negative=negative, size=(small.width_px, small.height_px))
            return _encoded(picture, size)
        except MemoryError as error:
            raise GeneratorUnavailable from error

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,  # noqa: ARG002  # an edit that wasn't asked for isn't made anyway
        size: Dimensions,
    ) -> EnhancedPicture:
        """Return the original after the edits that the words name; see the port."""
        try:
            return _encoded(edited(decoded(original.read(), size), prompt), size)
        except MemoryError as error:
            raise GeneratorUnavailable from error


def _encoded(picture: Image.Image, size: Dimensions) -> EnhancedPicture:
    exact = (size.width_px, size.height_px)
    if picture.size != exact:
        picture = picture.resize(exact, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dateless = profile[:24] + bytes(12) + profile[36:]  # ICC.1:2022, 7.2.8: the same bytes every time
    picture.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_FULL_CHROMA, icc_profile=dateless)
    return EnhancedPicture(content=out.getvalue(), format=PictureFormat.JPEG, dimensions=size)
