"""Descriptions of operations, as decorators of their handlers: what routes and types don't contain."""

from collections.abc import Callable, Mapping
from enum import Enum
from http import HTTPStatus
from typing import Final, TypeVar

import falcon
from attrs import field, frozen

from spike_core.domain.errors import SpikeError
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http.openapi.notes import JsonSchema

_ATTRIBUTE: Final = "__spike_operation__"
HandlerType = TypeVar("HandlerType", bound=Callable[..., None])


class Access(Enum):
    """Which callers a handler answers."""

    USER = "user"  # credentials are required
    OPTIONAL_USER = "optional user"  # credentials are required only for what isn't public
    ANONYMOUS = "anonymous"  # no credentials; requests are counted by client address
    PUBLIC = "public"  # no credentials, no rate limit


@frozen(kw_only=True)
class Parameter:
    """A query parameter."""

    name: str
    schema: JsonSchema
    description: str


@frozen
class Json:
    """A JSON body, parsed into a class."""

    parsed: type
    fields: Mapping[str, JsonSchema] = field(factory=dict)  # in addition to the class's


@frozen(kw_only=True)
class Form:
    """A multipart form."""

    fields: Mapping[str, JsonSchema]
    required: frozenset[str]


@frozen(kw_only=True)
class Picture:
    """A response that is a picture instead of JSON."""

    media_types: tuple[str, ...]


@frozen(kw_only=True)
class Text:
    """A response that is plain text instead of JSON."""

    media_type: str


@frozen(kw_only=True)
class Operation:
    """An operation of the API. As a decorator, it marks its handler."""

    id: str = field(kw_only=False)
    answer: type | Picture | Text
    status: HTTPStatus = HTTPStatus.OK
    also: Mapping[HTTPStatus, type] = field(factory=dict)  # further responses that aren't errors
    access: Access = Access.USER
    bucket: RateLimitGroup = RateLimitGroup.GENERAL
    body: Json | Form | None = None
    query: tuple[Parameter, ...] = ()
    errors: tuple[type[SpikeError], ...] = ()  # in addition to those that the other fields imply
    has_etag: bool = False
    has_ranges: bool = False

    def __call__(self, handler: HandlerType) -> HandlerType:
        """Mark a handler as implementing this operation."""
        setattr(handler, _ATTRIBUTE, self)
        return handler


def operations_of(resource: object) -> Mapping[str, Operation]:
    """Return the operations of a resource, by HTTP method."""
    handlers = {method: getattr(resource, f"on_{method.lower()}", None) for method in falcon.HTTP_METHODS}
    return {method: getattr(handler, _ATTRIBUTE) for method, handler in handlers.items() if handler}
