"""The typed context of a request: what the service adds to it."""

import time
from collections.abc import Mapping
from contextvars import Token
from typing import TYPE_CHECKING, Any, ClassVar

import falcon
from attrs import define, field

from spike_core.domain.accounts import ExternalIdentity, Session
from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import SpikeError
from spike_core.domain.idempotency import RequestDigest
from spike_core.domain.identifiers import RequestId

if TYPE_CHECKING:
    from spike_http.errors import ErrorMessage
    from spike_http.rate_limits import CountedRequest


@define(eq=False)
class RequestContext:
    """Data about one request, shared by the modules that handle it in turn."""

    began_at_s: float = field(factory=time.monotonic)
    request_id: RequestId = field(init=False, repr=False)  # set by `RequestMiddleware` before anything else runs
    log_tokens: Mapping[str, Token[Any]] = field(factory=dict, repr=False)  # undo what `RequestMiddleware` binds
    counted: "CountedRequest | None" = None  # set by `RequestLimiter`; `None` if the request isn't counted
    payload: RequestDigest | None = None  # set by parsers if the client sent an Idempotency-Key
    api_key: ApiKey | None = None  # set by `RequestAuthentication` if it is the request's credential
    session: Session | None = None  # set by `RequestAuthentication` if it is the request's credential
    external: ExternalIdentity | None = None  # set by `RequestAuthentication` if another program signed the user in
    is_head: bool = False  # set by `HeadAsGet`, which passes the request on as GET
    messages: "Mapping[type[SpikeError], ErrorMessage]" = field(factory=dict)  # the resource's own messages


class Request(falcon.Request):
    """A Falcon request whose `context` is typed."""

    context_type: ClassVar[type] = RequestContext
    context: RequestContext  # type: ignore[assignment]  # Falcon declares its untyped default
