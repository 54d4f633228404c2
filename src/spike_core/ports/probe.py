"""The image probe port."""

from typing import BinaryIO, Protocol

from spike_core.domain.images import PictureFacts


class ImageProbe(Protocol):
    """Tells what a picture's bytes are. Names and declared types don't count."""

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Decode the whole picture and return what it is; `content` is rewound afterwards.

        The header is judged before anything is decoded, so a small file that announces a huge picture costs nothing.

        Raises:
            EmptyFile: there are no bytes.
            UnknownPictureFormat: it isn't an allowed picture.
            AnimatedPicture: it has more than one frame.
            TooManyPixels: it announces more than `PICTURE_PIXELS_MAX`.
            UndecodablePicture: it is truncated or corrupt.
        """
