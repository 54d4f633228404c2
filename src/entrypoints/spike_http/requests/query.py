"""Query parameters: parsing, and their description in the OpenAPI document."""

from typing import Final

import falcon

from spike_core.domain.cursors import AlbumCursor, ImageCursor, JobCursor
from spike_core.domain.errors import InvalidValue
from spike_core.domain.limits import ALBUM_PAGE_SIZE, PAGE_SIZE, PAGE_SIZE_MAX
from spike_core.domain.tiers import Tier
from spike_http.openapi.operations import Parameter

WAIT_S_MAX: Final = 30
_SEQUENCE_MAX: Final = 2**53

# the parameters in the OpenAPI document
LIMIT: Final = Parameter(
    name="limit",
    schema={"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE},
    description="The most items to return.",
)
ALBUM_LIMIT: Final = Parameter(
    name="limit",
    schema={"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": ALBUM_PAGE_SIZE},
    description="The most items to return.",
)
CURSOR: Final = Parameter(
    name="cursor", schema={"type": "string"}, description="The `nextCursor` of the previous page."
)
SEQUENCE_CURSOR: Final = Parameter(
    name="cursor",
    schema={"type": "integer", "minimum": 1, "maximum": _SEQUENCE_MAX},
    description="The `nextCursor` of the previous page.",
)
SHARE_TOKEN: Final = Parameter(
    name="shareToken", schema={"type": "string"}, description="The share token of an unlisted album."
)
TIER: Final = Parameter(
    name="tier",
    schema={"type": "string"},
    description="Take results of this tier. Without it, the newest of any tier.",
)
WAIT: Final = Parameter(
    name="wait",
    schema={"type": "integer", "minimum": 0, "maximum": WAIT_S_MAX},
    description="Seconds to wait for the work to end.",
)

ALL: Final = Parameter(name="all", schema={"type": "boolean", "default": False}, description="End all of them.")


def flag(req: falcon.Request, parameter: Parameter) -> bool:
    """Return a parameter that is `true` or `false`; false without it.

    Raises:
        InvalidValue: it is something else.
    """
    match req.get_param(parameter.name):
        case "true":
            return True
        case None | "false":
            return False
        case _:
            raise InvalidValue(what=parameter.name, rule="must be true or false")


def tier_parameter(req: falcon.Request) -> Tier | None:
    """Return `?tier`, `None` without it.

    Raises:
        InvalidValue: it can't be a tier's name.
    """
    text = req.get_param(TIER.name)
    return None if text is None else Tier(text)


def page_limit(req: falcon.Request, *, default: int = PAGE_SIZE) -> int:
    """Return `?limit`, or the default.

    Raises:
        InvalidValue: it isn't 1 to `PAGE_SIZE_MAX`.
    """
    limit = _whole("limit", req.get_param("limit"), most=PAGE_SIZE_MAX)
    return default if limit is None else limit


def ledger_cursor(req: falcon.Request) -> int | None:
    """Return `?cursor` of a list of ledger entries, `None` for the first page.

    Raises:
        InvalidValue: it isn't a cursor that a list has returned.
    """
    return _whole("cursor", req.get_param("cursor"), most=_SEQUENCE_MAX)


def image_cursor(req: falcon.Request) -> ImageCursor | None:
    """Return `?cursor` of a list of images, `None` for the first page.

    Raises:
        InvalidValue: it isn't a cursor that a list has returned.
    """
    text = req.get_param("cursor")
    return None if text is None else ImageCursor.parse(text)


def album_cursor(req: falcon.Request) -> AlbumCursor | None:
    """Return `?cursor` of a list of an album's images, `None` for the first page.

    Raises:
        InvalidValue: it isn't a cursor that a list has returned.
    """
    text = req.get_param("cursor")
    return None if text is None else AlbumCursor.parse(text)


def job_cursor(req: falcon.Request) -> JobCursor | None:
    """Return `?cursor` of a list of jobs, `None` for the first page.

    Raises:
        InvalidValue: it isn't a cursor that a list has returned.
    """
    text = req.get_param("cursor")
    return None if text is None else JobCursor.parse(text)


def wait_seconds(req: falcon.Request) -> int:
    """Return `?wait`, by default 0.

    Raises:
        InvalidValue: it isn't 0 to `WAIT_S_MAX`.
    """
    text = req.get_param("wait")
    if text is None or text == "0":
        return 0
    seconds = _whole("wait", text, most=WAIT_S_MAX)
    return 0 if seconds is None else seconds


def _whole(name: str, digits: str | None, *, most: int) -> int | None:
    if digits is None:
        return None
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most)) and 1 <= int(digits) <= most):
        raise InvalidValue(what=name, rule=f"must be a whole number from 1 to {most}")
    return int(digits)
