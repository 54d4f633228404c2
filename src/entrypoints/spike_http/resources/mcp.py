"""`/mcp`: the Model Context Protocol over HTTP (streamable HTTP, without sessions and streams)."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import falcon
from attrs import frozen

from spike_core.domain.api_keys import Scope
from spike_core.domain.errors import Forbidden, Unauthenticated
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead
from spike_http.context import Request
from spike_http.cors import Origins
from spike_http.in_process_api import InProcess, InProcessApi
from spike_http.requests.errors import BodyTooLarge, MalformedBody
from spike_http.requests.inline_images import json_value
from spike_http.serving.base_urls import BaseUrls
from spike_http.serving.bodies import RPC_PATH
from spike_mcp import McpServer, Reply
from spike_mcp.protocol import INVALID_REQUEST, PARSE_ERROR, ProtocolError, failure

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"


@frozen(kw_only=True)
class McpResource:
    """`/mcp`."""

    server: Callable[[], McpServer]  # which is built at the first request
    application: InProcess
    authenticator: RequestAuthentication
    bulkhead: Bulkhead
    base_urls: BaseUrls
    trusted_origins: Origins

    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Answer one message. It counts, as a request or by the requests of the API that it leads to."""
        origin = req.get_header("Origin")
        if origin is not None and not self.trusted_origins.trusts(req) and not self.base_urls.is_own(req, origin):
            raise Forbidden
        try:
            identity = self.authenticator.identity(req)
        except Unauthenticated:
            url = self.base_urls.base_url(req) + METADATA_PATH
            is_invalid = 'error="invalid_token", ' if req.auth else ""
            resp.set_header("WWW-Authenticate", f'Bearer {is_invalid}resource_metadata="{url}"')
            raise
        server = self.server()
        with self.bulkhead.place(identity.owner_id.text) as place:
            api = InProcessApi(application=self.application, req=req, resp=resp, identity=identity, place=place)
            try:
                message = json_value(req, place=place, limits=self.application.limits)
            except MalformedBody:
                reply = failure(None, ProtocolError(PARSE_ERROR, "The body isn't JSON"), is_stateless=True)
            except BodyTooLarge:  # any other 400 would be taken for a server that knows `initialize` alone
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                error = ProtocolError(INVALID_REQUEST, "The body is too large", status=status)
                reply = failure(None, error, is_stateless=True)
            else:
                headers = {name.lower(): value for name, value in req.headers.items()}
                reply = server.handle(message, headers, api)
            if not api.has_called:
                self.authenticator.count(req, RateLimitGroup.GENERAL, caller=identity.owner_id)
            _send(resp, reply)


@frozen(kw_only=True)
class MetadataResource:
    """`/.well-known/oauth-protected-resource`: how `/mcp` is protected (RFC 9728)."""

    base_urls: BaseUrls

    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Send the metadata. No authorization server issues tokens: users create API keys in their account."""
        base = self.base_urls.base_url(req)
        resp.media = {
            "resource": base + RPC_PATH,
            "resource_name": "Spike",
            "bearer_methods_supported": ["header"],
            "scopes_supported": [scope.value for scope in Scope],
            "resource_documentation": f"{base}/docs",
        }


def _send(resp: falcon.Response, reply: Reply) -> None:
    resp.status = int(reply.status)
    if reply.status != HTTPStatus.ACCEPTED:
        resp.media = reply.body
