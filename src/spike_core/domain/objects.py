"""Object keys: the names of objects in the blob store.

The API defines `images/{imageId}.{ext}` for the object that viewers get of an image and `enhanced/{jobId}.{ext}` for
results. A later attempt's result carries the attempt's number (`enhanced/{jobId}-2.jpg`), so no attempt can overwrite
another's. A picture inside a job's request is `inputs/{jobId}.{ext}`. An original that only its owner may read has an
unguessable name, `originals/{imageId}-{24 characters}.{ext}`. Renditions are
`thumbnails/{imageId or jobId}-{24 characters}.webp` and `previews/…`, and `cards/{jobId}-{24 characters}.jpg`: no two
attempts to make them share a key.
"""

import re
from enum import Enum
from typing import Final, Self

from attrs import field, frozen, validators

from spike_core.domain.errors import InvalidIdentifier
from spike_core.domain.identifiers import BODY_LENGTH, ImageId, JobId


class PictureFormat(Enum):
    """A picture's file format. The names are the API's."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"
    TIFF = "TIFF"
    HEIC = "HEIC"  # and HEIF of any brand whose picture is coded in HEVC

    @property
    def extension(self) -> str:
        """The file name extension, without a dot."""
        return _EXTENSIONS[self]

    @property
    def media_type(self) -> str:
        """The IANA media type."""
        return f"image/{self.value.lower()}"


_EXTENSIONS: Final = {
    PictureFormat.JPEG: "jpg",
    PictureFormat.PNG: "png",
    PictureFormat.WEBP: "webp",
    PictureFormat.GIF: "gif",
    PictureFormat.AVIF: "avif",
    PictureFormat.TIFF: "tiff",
    PictureFormat.HEIC: "heic",
}
_FORMATS: Final = {extension: format_ for format_, extension in _EXTENSIONS.items()}
_KEY: Final = re.compile(
    r"(?P<kind>images|enhanced|inputs|originals|thumbnails|previews|cards)/(?P<owner>[a-z0-9_]+)(?:-(?P<suffix>[a-z0-9]+))?\.(?P<extension>[a-z0-9]+)"
)
# the suffixes allowed after the owner's id
_SUFFIXES: Final = {
    "enhanced": re.compile(r"|[2-9]|[1-9][0-9]{1,5}"),
    **dict.fromkeys(("originals", "thumbnails", "previews", "cards"), re.compile(f"[a-z0-9]{{{BODY_LENGTH}}}")),
}
_NO_SUFFIX: Final = re.compile("")


@frozen(order=True)
class ObjectKey:
    """The name of one object: its kind, its owner's id, its extension. Safe as a relative path."""

    text: str

    @classmethod
    def of_original(cls, image_id: ImageId, format_: PictureFormat) -> Self:
        """Return the key of an image's original, if every viewer may read it, or of its copy without metadata."""
        return cls(f"images/{image_id}.{format_.extension}")

    @classmethod
    def of_hidden_original(cls, image_id: ImageId, format_: PictureFormat, *, body: str) -> Self:
        """Return the key of an original that only its owner may read; `body` is 24 unguessable characters."""
        return cls.parse(f"originals/{image_id}-{body}.{format_.extension}")

    @classmethod
    def of_result(cls, job_id: JobId, format_: PictureFormat, *, attempt: int) -> Self:
        """Return the key of the result of a job's attempt number `attempt`, counted from 1."""
        suffix = "" if attempt == 1 else f"-{attempt}"
        return cls(f"enhanced/{job_id}{suffix}.{format_.extension}")

    @classmethod
    def of_input(cls, job_id: JobId, format_: PictureFormat) -> Self:
        """Return the key of the picture inside a job's request."""
        return cls(f"inputs/{job_id}.{format_.extension}")

    @classmethod
    def of_thumbnail(cls, of: ImageId | JobId, *, body: str) -> Self:
        """Return the key of the thumbnail of an original or a result; `body` is 24 characters that are used once."""
        return cls.parse(f"thumbnails/{of}-{body}.webp")

    @classmethod
    def of_preview(cls, of: ImageId | JobId, *, body: str) -> Self:
        """Return the key of the preview, likewise."""
        return cls.parse(f"previews/{of}-{body}.webp")

    @classmethod
    def of_card(cls, job_id: JobId, *, body: str) -> Self:
        """Return the key of the preview card of a result, likewise."""
        return cls.parse(f"cards/{job_id}-{body}.jpg")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that `text` spells.

        Raises:
            InvalidIdentifier: it isn't an object key.
        """
        match = _KEY.fullmatch(text)
        if match is None or match["extension"] not in _FORMATS:
            raise InvalidIdentifier(kind="object key", text=text)
        if _SUFFIXES.get(match["kind"], _NO_SUFFIX).fullmatch(match["suffix"] or "") is None:
            raise InvalidIdentifier(kind="object key", text=text)
        _owner(match["kind"], match["owner"])
        return cls(text)

    @property
    def owner(self) -> ImageId | JobId:
        """The image or job that the object belongs to."""
        match = _KEY.fullmatch(self.text)
        assert match is not None, "keys are built by the methods above"
        return _owner(match["kind"], match["owner"])

    @property
    def is_hidden(self) -> bool:
        """Whether this is an original that only its owner may read."""
        return self.text.startswith("originals/")

    @property
    def is_rendition(self) -> bool:
        """Whether this is a rendition, which can be made anew."""
        return self.text.startswith(("thumbnails/", "previews/", "cards/"))

    @property
    def format(self) -> PictureFormat:
        """What the object's bytes are."""
        return _FORMATS[self.text.rpartition(".")[2]]

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen(kw_only=True)
class ContentDigest:
    """An object's size and SHA-256, as they were when it was stored."""

    size_bytes: int = field(validator=validators.ge(1))
    sha256: bytes | None = field(repr=False)  # `None` if an older release stored the object


def _owner(kind: str, text: str) -> ImageId | JobId:
    match kind:
        case "images" | "originals":
            return ImageId.parse(text)
        case "thumbnails" | "previews":
            return ImageId.parse(text) if text.startswith("img_") else JobId.parse(text)
        case _:
            return JobId.parse(text)
