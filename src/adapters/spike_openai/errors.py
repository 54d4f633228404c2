"""Errors of the image server, in words for operators.

They never leave the adapter except as the cause of a `GeneratorUnavailable`, so they appear in logs and not in API
responses. The HTTP library's errors aren't chained, because their frames contain the API key.
"""

from attrs import frozen


@frozen
class ImageServerError(Exception):
    """The server can't be used as configured; an immediate retry would fail the same way."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen
class TransientServerError(ImageServerError):
    """A retry may succeed; `pause_s` is the pause that the server asks for in seconds, 0 if it asks for none."""

    pause_s: float = 0.0


@frozen
class FieldRejected(ImageServerError):
    """The server rejects one of the request's fields."""

    field: str
