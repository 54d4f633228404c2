"""The port of the tools: the operations of the REST API, on behalf of one caller."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from attrs import field, frozen

PICTURE_BYTES_MAX: Final = 1_000_000  # of a picture inside a result; larger ones are links only
FILE_BYTES_MAX: Final = 8_000_000  # of a resource, which is in memory, and in base64 too

_ID: Final = re.compile(r"(?:img|job)_\w+", re.ASCII)


def segment(id_: object) -> str:
    """Return the id of an image or a job as a segment of a path; nothing is at that of any other value.

    A word, or an empty text, would be the path of another operation.
    """
    return id_ if isinstance(id_, str) and _ID.fullmatch(id_) else "-"


@frozen(kw_only=True)
class ApiResponse:
    """The response to a request: JSON, an error's too."""

    status: int
    body: Mapping[str, Any]
    is_replayed: bool = False  # the request had had its effect before

    @property
    def is_error(self) -> bool:
        """Whether the request was refused or failed."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def is_missing(self) -> bool:
        """Whether what the request names doesn't exist for the caller."""
        return self.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


@frozen(kw_only=True)
class Picture:
    """An encoded picture."""

    content: bytes = field(repr=False)
    media_type: str


@frozen(kw_only=True)
class OrderKey:
    """The name of an order: a request with the same one has one effect."""

    text: str
    is_unique: bool  # else it may be another order's by chance, and counts for minutes instead of a day


class Api(Protocol):
    """Requests with the caller's credentials. What refuses a request is a response, never raised."""

    @property
    def scopes(self) -> Collection[str]:
        """What the caller may do: `read`, `spend`, `manage`."""

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        key: OrderKey | None = None,
    ) -> ApiResponse:
        """Send a request and return the response; a request that is repeated with the same key has one effect."""

    def upload(
        self, source: Mapping[str, object], *, fields: Mapping[str, str], name: str, key: OrderKey
    ) -> ApiResponse:
        """Upload a picture: `image` in base64 with `mimeType`, or `imageUrl`, which the service fetches."""

    def picture(self, id_text: str) -> Picture | None:
        """Return an image, or a completed job's result, of at most `PICTURE_BYTES_MAX`; else its preview, or `None`.

        The caller has been shown the image or the job.
        """

    def file(self, id_text: str) -> Picture | None:
        """Return an image's original, or a completed job's result, of at most `FILE_BYTES_MAX`; else `None`.

        The caller has been shown the image or the job.
        """
