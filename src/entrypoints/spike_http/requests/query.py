"""Query parameters: parsing, and their description in the OpenAPI document."""

from collections.abc import Sequence
from enum import Enum
from typing import Final, TypeVar

import falcon

from spike_core.domain.catalog import TIER_NAME
from spike_core.domain.cursors import AlbumCursor, JobCursor
from spike_core.domain.errors import InvalidIdentifier, InvalidValue
from spike_core.domain.identifiers import ImageId
from spike_core.domain.image_lists import ImageFilter, ImageOrder, ImageState, ListCursor, parse_list_cursor
from spike_core.domain.limits import (
    ALBUM_PAGE_SIZE,
    LAYOUT_PAGE_SIZE_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    SEARCH_CHARS_MAX,
)
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
LAYOUT_LIMIT: Final = Parameter(
    name="limit",
    schema={"type": "integer", "minimum": 1, "maximum": LAYOUT_PAGE_SIZE_MAX, "default": LAYOUT_PAGE_SIZE_MAX},
    description="The most items to return.",
)
ORDER: Final = Parameter(
    name="order",
    schema={"type": "string", "enum": [order.value for order in ImageOrder], "default": ImageOrder.NEWEST.value},
    description="The order of the list. A cursor belongs to one order.",
)
SEARCH: Final = Parameter(
    name="search",
    schema={"type": "string", "maxLength": SEARCH_CHARS_MAX},
    description="Words that all occur in the name, in upper or lower case.",
)
STATE: Final = Parameter(
    name="state",
    schema={"type": "string", "enum": [state.value for state in ImageState]},
    description="What the jobs of the image say: none completed, one unfinished, one completed, the newest failed.",
)
COMPLETED_TIER: Final = Parameter(
    name="tier", schema={"type": "string"}, description="A tier at which a job is completed."
)
IDS: Final = Parameter(
    name="ids",
    schema={"type": "string"},
    description=f"At most {PAGE_SIZE_MAX} ids of images, separated by commas, instead of a page.",
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


Member = TypeVar("Member", bound=Enum)


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
    return None if text is None else sold_tier(text)


def sold_tier(text: str) -> Tier:
    """Return a tier that may have been sold at some time, whether or not it is on offer.

    Raises:
        InvalidValue: no tier can have this name.
    """
    if TIER_NAME.fullmatch(text) is None:
        raise InvalidValue(what="tier", rule="must be the name of a tier")
    return Tier(text)


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


def layout_limit(req: falcon.Request) -> int:
    """Return `?limit` of a layout, by default `LAYOUT_PAGE_SIZE_MAX`.

    Raises:
        InvalidValue: it isn't 1 to `LAYOUT_PAGE_SIZE_MAX`.
    """
    limit = _whole("limit", req.get_param("limit"), most=LAYOUT_PAGE_SIZE_MAX)
    return LAYOUT_PAGE_SIZE_MAX if limit is None else limit


def image_order(req: falcon.Request) -> ImageOrder:
    """Return `?order`, by default the newest first.

    Raises:
        InvalidValue: there is no such order.
    """
    return _member("order", req.get_param("order"), ImageOrder) or ImageOrder.NEWEST


def image_filter(req: falcon.Request) -> ImageFilter:
    """Return what `?search`, `?state` and `?tier` narrow a list of images down to.

    Raises:
        InvalidValue: one of them isn't valid.
    """
    tier = req.get_param("tier")
    return ImageFilter(
        search=req.get_param("search") or "",
        state=_member("state", req.get_param("state"), ImageState),
        tier=None if tier is None else sold_tier(tier),
    )


def image_ids(req: falcon.Request) -> Sequence[ImageId] | None:
    """Return `?ids`, `None` without it.

    Raises:
        InvalidValue: one of them isn't an image's.
    """
    text = req.get_param("ids")
    try:
        return None if text is None else [ImageId.parse(id_) for id_ in text.split(",")]
    except InvalidIdentifier as error:
        raise InvalidValue(what="ids", rule="must be ids of images, separated by commas") from error


def image_cursor(req: falcon.Request, order: ImageOrder) -> ListCursor | None:
    """Return `?cursor` of a list of images in this order, `None` for the first page.

    Raises:
        InvalidValue: it isn't a cursor that such a list has returned.
    """
    text = req.get_param("cursor")
    return None if text is None else parse_list_cursor(text, order)


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


def _member(name: str, text: str | None, kind: type[Member]) -> Member | None:
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError as error:
        raise InvalidValue(what=name, rule=f"must be one of {', '.join(each.value for each in kind)}") from error
