"""Errors of requests that can't be parsed. Those of the domain, such as `InvalidValue`, are in `spike_core`."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors import InvalidInput, UnacceptablePicture


@frozen
class MalformedBody(InvalidInput):
    """The body doesn't have the format of its content type."""

    code: ClassVar[str] = "malformed_body"


@frozen
class BodyTooLarge(InvalidInput):
    """The body is larger than any valid one."""

    code: ClassVar[str] = "body_too_large"


@frozen
class MissingFields(InvalidInput):
    """A required field is missing."""

    code: ClassVar[str] = "missing_fields"
    suggestion: str


@frozen
class InvalidImageIds(InvalidInput):
    """Some of the image ids have the wrong format."""

    code: ClassVar[str] = "invalid_image_ids"
    invalid_ids: tuple[str, ...]  # the first ones; the parser limits their number


@frozen
class UnknownPricedTier(InvalidInput):
    """The tier doesn't exist or is the free one."""

    code: ClassVar[str] = "unknown_priced_tier"
    pricing: Mapping[str, int]  # the tiers that can be chosen, and their prices in tokens


@frozen
class UnsupportedTransferEncoding(InvalidInput):
    """A part of the form has a `Content-Transfer-Encoding` that changes its bytes, or an unknown one."""

    code: ClassVar[str] = "unsupported_transfer_encoding"


@frozen
class RepeatedField(InvalidInput):
    """The form contains a field twice that may occur once."""

    code: ClassVar[str] = "repeated_field"
    field: str


@frozen
class NoFile(UnacceptablePicture):
    """The form doesn't contain the field of the file, or contains it as a text."""

    code: ClassVar[str] = "no_file"
    suggestion: str

    @classmethod
    def in_field(cls, field: str) -> "NoFile":
        """Return the error of a form without that field."""
        return cls(f"Please choose an image to upload, in the form field named {field}")

    @classmethod
    def without_name(cls, field: str) -> "NoFile":
        """Return the error of a form whose field is a text."""
        return cls(f"Please send the form field named {field} as a file, with a file name")


@frozen
class TooManyFiles(InvalidInput):
    """The form contains more files than a batch may have."""

    code: ClassVar[str] = "too_many_files"
    files_max: int


@frozen
class BatchTooLarge(InvalidInput):
    """The files of the form exceed the size of a batch together."""

    code: ClassVar[str] = "batch_too_large"
    size_bytes_max: int
