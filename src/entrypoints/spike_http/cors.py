"""Cross-origin resource sharing: which pages of other origins may call the API and read its responses (Fetch, 3.2).

An origin that is listed may also send credentials: the operator trusts its pages as the studio's. With `*` every page
may call what needs no cookie: it can send an API key of its own.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Any, Final, Self

import falcon
from attrs import frozen

from spike_http.context import Request

ANY: Final = "*"
_MAX_AGE_S: Final = 7200  # the longest that Chromium takes
_METHODS: Final = "GET, HEAD, POST, PATCH, DELETE"
_REQUEST_HEADERS: Final = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Modified-Since, If-None-Match, If-Range, "
    "MCP-Protocol-Version, Mcp-Method, Mcp-Name, Range"
)
_EXPOSED: Final = (
    "Accept-Ranges, Allow, Content-Disposition, Content-Length, Content-Range, ETag, "
    "Idempotency-Replayed, Last-Modified, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID"
)
_DEFAULT_PORTS: Final = {"http://": ":80", "https://": ":443"}


@frozen(kw_only=True)
class Origins:
    """The origins of `SPIKE_CORS_ORIGINS`."""

    listed: Collection[str]  # as browsers write them
    is_open: bool  # whether any other may call without credentials

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the setting, which has been validated: origins, or `*`, separated by commas or spaces."""
        found = {_as_browsers_write(part) for part in text.replace(",", " ").split()}
        return cls(listed=frozenset(found - {ANY}), is_open=ANY in found)

    def trusts(self, req: falcon.Request) -> bool:
        """Return whether the request comes from a page of a listed origin."""
        return req.get_header("Origin") in self.listed

    def allowed(self, req: falcon.Request) -> str:
        """Return the value of `Access-Control-Allow-Origin`, empty for an origin that isn't allowed."""
        if self.trusts(req):
            return req.get_header("Origin") or ""
        return ANY if self.is_open else ""


@frozen
class Cors:
    """Answers preflights, for every path, and lets allowed origins read every response, errors too."""

    origins: Origins

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Answer a preflight of an allowed origin."""
        is_preflight = req.method == "OPTIONS" and req.get_header("Access-Control-Request-Method") is not None
        if not is_preflight or not self.origins.allowed(req):
            return
        resp.status = HTTPStatus.NO_CONTENT
        resp.set_header("Access-Control-Allow-Methods", _METHODS)
        resp.set_header("Access-Control-Allow-Headers", _REQUEST_HEADERS)
        resp.set_header("Access-Control-Max-Age", str(_MAX_AGE_S))
        resp.complete = True

    def process_response(
        self,
        req: Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Set the headers."""
        if self.origins.listed:  # so that no cache gives one origin's response to another
            resp.append_header("Vary", "Origin")
        allowed = self.origins.allowed(req)
        if not allowed:
            return
        resp.set_header("Access-Control-Allow-Origin", allowed)
        resp.set_header("Access-Control-Expose-Headers", _EXPOSED)
        if allowed != ANY:
            resp.set_header("Access-Control-Allow-Credentials", "true")


def _as_browsers_write(origin: str) -> str:
    """Return an origin in lower case and without the port that is the scheme's own."""
    plain = origin.lower()
    for scheme, port in _DEFAULT_PORTS.items():
        if plain.startswith(scheme):
            return plain.removesuffix(port)
    return plain
