"""Errors of files, pictures and albums of them: what Spike doesn't accept, can't fetch or doesn't have."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, InvalidInput, NotFound, Unavailable


@frozen
class InvalidFileName(InvalidInput):
    """A file name has path parts, a leading dot, control characters, or is empty or too long."""

    code: ClassVar[str] = "invalid_file_name"


@frozen
class UnacceptablePicture(InvalidInput):
    """The file isn't a picture that Spike accepts."""

    code: ClassVar[str] = "unacceptable_picture"


@frozen
class EmptyFile(UnacceptablePicture):
    """The file is empty."""

    code: ClassVar[str] = "empty_file"


@frozen
class FileTooLarge(UnacceptablePicture):
    """The file exceeds the upload limit."""

    code: ClassVar[str] = "file_too_large"
    size_bytes_max: int


@frozen
class SourceTooLarge(UnacceptablePicture):
    """A picture inside a request body, or fetched from a URL, exceeds its size limit."""

    code: ClassVar[str] = "source_too_large"
    size_bytes_max: int


@frozen
class UnknownPictureFormat(UnacceptablePicture):
    """The file's content is in none of the accepted formats, whatever its name."""

    code: ClassVar[str] = "unknown_picture_format"


@frozen
class UndecodablePicture(UnacceptablePicture):
    """The header is valid but the rest can't be decoded: the file is truncated or corrupt."""

    code: ClassVar[str] = "undecodable_picture"


@frozen
class TooSlowToDecode(UnacceptablePicture):
    """Decoding the picture exceeds the limit on processor time."""

    code: ClassVar[str] = "too_slow_to_decode"


@frozen
class UnsupportedPicture(UnacceptablePicture):
    """The file is intact, but in a format or variant that Spike doesn't read."""

    code: ClassVar[str] = "unsupported_picture"
    name: str  # of the format or kind, as in "Camera RAW (DNG)"; begins a sentence
    advice: str  # what to do instead, as in "Export it as JPEG"

    def __str__(self) -> str:
        """Name what isn't supported and what to do instead."""
        return f"{self.name} is not supported. {self.advice}."


@frozen
class MultiplePages(UnacceptablePicture):
    """The file has several full pages; taking only the first would drop the others silently."""

    code: ClassVar[str] = "multiple_pages"
    pages: int


@frozen
class AnimatedPicture(UnacceptablePicture):
    """The picture has more than one frame; taking only the first would drop the others silently."""

    code: ClassVar[str] = "animated_picture"


@frozen
class TooManyPixels(UnacceptablePicture):
    """The header declares more pixels than Spike decodes."""

    code: ClassVar[str] = "too_many_pixels"
    pixels: int
    pixels_max: int


@frozen
class ContainsLocation(InvalidInput):
    """The picture's metadata contain its location, which must not become public."""

    code: ClassVar[str] = "contains_location"


@frozen
class UnsafeAddress(InvalidInput):
    """The URL isn't on the public web, or redirects to one that isn't."""

    code: ClassVar[str] = "unsafe_address"


@frozen
class DownloadFailed(InvalidInput):
    """The URL couldn't be fetched: no response, no response in time, or no file in it."""

    code: ClassVar[str] = "download_failed"


@frozen
class UploadExpired(Unavailable):
    """The upload took so long that its object may have been collected as an orphan; it must be repeated."""

    code: ClassVar[str] = "upload_expired"


@frozen
class ImageNotFound(NotFound):
    """No image has this id."""

    code: ClassVar[str] = "image_not_found"


@frozen
class AlbumNotFound(NotFound):
    """No album has this id."""

    code: ClassVar[str] = "album_not_found"


@frozen
class AlbumFull(Conflict):
    """The album would exceed its maximum number of images."""

    code: ClassVar[str] = "album_full"
    images_max: int


@frozen
class TooManyAlbums(Conflict):
    """The owner has the maximum number of albums."""

    code: ClassVar[str] = "too_many_albums"
    albums_max: int
