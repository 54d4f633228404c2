"""What handlers say of themselves: the facts of an operation that its route and its types can't tell."""

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
    """Whom a handler answers."""

    USER = "user"  # credentials are required
    OPTIONAL_USER = "visitor"  # credentials are required for what isn't public
    ANONYMOUS = "stranger"  # nobody is asked; counted by address
    PUBLIC = "anybody"  # nobody is asked, nothing is counted


@frozen(kw_only=True)
class Parameter:
    """One thing that clients may say in the query."""

    name: str
    schema: JsonSchema
    description: str


@frozen
class Json:
    """A JSON body that is parsed into this class."""

    parsed: type
    fields: Mapping[str, JsonSchema] = field(factory=dict)  # keywords beside those that the class gives


@frozen(kw_only=True)
class Form:
    """A multipart form."""

    fields: Mapping[str, JsonSchema]
    required: frozenset[str]


@frozen(kw_only=True)
class Picture:
    """An answer that is a picture and not JSON."""

    media_types: tuple[str, ...]


@frozen(kw_only=True)
class Text:
    """An answer that is plain text and not JSON."""

    media_type: str


@frozen(kw_only=True)
class Operation:
    """One thing that clients can do. As a decorator it marks the handler that does it."""

    id: str = field(kw_only=False)
    answer: type | Picture | Text
    status: HTTPStatus = HTTPStatus.OK
    also: Mapping[HTTPStatus, type] = field(factory=dict)  # answers that are neither errors nor the usual one
    access: Access = Access.USER
    bucket: RateLimitGroup = RateLimitGroup.GENERAL
    body: Json | Form | None = None
    query: tuple[Parameter, ...] = ()
    errors: tuple[type[SpikeError], ...] = ()  # beside those that follow from the rest
    has_etag: bool = False

    def __call__(self, handler: HandlerType) -> HandlerType:
        """Mark a handler as doing this."""
        setattr(handler, _ATTRIBUTE, self)
        return handler


def operations_of(resource: object) -> Mapping[str, Operation]:
    """Return the operations of a resource, by HTTP method."""
    handlers = {method: getattr(resource, f"on_{method.lower()}", None) for method in falcon.HTTP_METHODS}
    return {method: getattr(handler, _ATTRIBUTE) for method, handler in handlers.items() if handler}
