"""The image probe port."""

from typing import BinaryIO, Protocol

from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX


class ImageProbe(Protocol):
    """Identifies and measures pictures by their content, and compares results with their originals.

    File names and declared types are ignored.
    """

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Return the picture's identity; `content` is rewound afterwards.

        Accepts and rejects the same pictures as `inspect`, for the same reasons; it may decode less where that makes no
        difference. Its limit of pixels is the probe's own: `EngineResources.pixels_max`, or `PICTURE_PIXELS_MAX`.

        Raises:
            UnacceptablePicture: as in `inspect`.
        """

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Decode the whole picture and return its facts; `content` is rewound afterwards.

        Uploads may have `PICTURE_PIXELS_MAX` pixels. A result is inspected with its own limit, `RESULT_PIXELS_MAX`,
        where it is to be larger.

        The header is checked before anything is decoded, so a small file that declares a huge picture costs nothing.

        Raises:
            EmptyFile: the file is empty.
            UnknownPictureFormat: the file isn't a picture in an accepted format.
            UnsupportedPicture: the format, or the variant of it, isn't supported.
            AnimatedPicture: it has more than one frame.
            MultiplePages: it has more than one full page.
            TooManyPixels: it declares more than `pixels_max`.
            UndecodablePicture: it is truncated or corrupt.
            TooSlowToDecode: it exceeds the limit on processor time, where there is one.
        """

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Decode both and return how a result differs from its original; both are rewound afterwards.

        Every pixel counts, at any pair of sizes: upright, in sRGB, premultiplied by alpha. The result may have
        `RESULT_PIXELS_MAX` pixels.

        Raises:
            UnacceptablePicture: one of the two can't be decoded.
            UpscalerUnavailable: another attempt may succeed.
        """
