"""The image probe port."""

from typing import BinaryIO, Protocol

from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity


class ImageProbe(Protocol):
    """Tells what a picture's bytes are, and how a result differs from its original.

    Names and declared types don't count.
    """

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Return what the picture is, without a look at it; `content` is rewound afterwards.

        It tells the same as `inspect`, and refuses the same pictures for the same reasons; it may decode less, where
        that can make no difference.

        Raises:
            UnacceptablePicture: as in `inspect`.
        """

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Decode the whole picture and return what it is; `content` is rewound afterwards.

        The header is judged before anything is decoded, so a small file that announces a huge picture costs nothing.

        Raises:
            EmptyFile: there are no bytes.
            UnknownPictureFormat: it isn't an allowed picture.
            UnsupportedPicture: it is of a format, or a kind of one, that isn't read.
            AnimatedPicture: it has more than one frame.
            MultiplePages: it has more than one full page.
            TooManyPixels: it announces more than `PICTURE_PIXELS_MAX`.
            UndecodablePicture: it is truncated or corrupt.
        """

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Decode both whole and return how a result differs from its original; both are rewound afterwards.

        Every pixel counts, at whatever size either is, as it is seen: upright, in sRGB, colors times alpha.

        Raises:
            UnacceptablePicture: one of the two can't be decoded; as in `inspect`, which tells which.
            UpscalerUnavailable: another attempt may succeed.
        """
