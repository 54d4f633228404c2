"""`/api/settings/api-keys`: list, create, revoke."""

from http import HTTPStatus

import falcon
from attrs import frozen

from spike_core.domain.errors import SessionRequired, TooManyApiKeys
from spike_core.domain.identifiers import ApiKeyId, UserId
from spike_core.services.api_key_limits import ApiKeyLimits
from spike_core.services.api_keys import ApiKeys
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.api_keys import ApiKeyBody
from spike_http.requests.json_bodies import json_object
from spike_http.responses.api_keys import ApiKeysView, CreatedApiKeyView, NewApiKeyView, RevokedApiKeyView
from spike_http.responses.serialization import as_json


@frozen(kw_only=True)
class ApiKeysResource:
    """`/api/settings/api-keys`."""

    authenticator: RequestAuthentication
    api_keys: ApiKeys
    api_key_limits: ApiKeyLimits

    @Operation("listApiKeys", answer=ApiKeysView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the user's keys, newest first."""
        user_id = self.authenticator.user(req)
        keys = self.api_keys.of(user_id)
        spent = self.api_key_limits.spent(keys)
        resp.media = as_json(ApiKeysView.of(keys, spent=spent, now=self.api_keys.clock.now()))

    @Operation(
        "createApiKey",
        answer=CreatedApiKeyView,
        status=HTTPStatus.CREATED,
        body=Json(ApiKeyBody),
        errors=(TooManyApiKeys,),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Create a key and return it; it is never shown again."""
        user_id = self.authenticator.user(req)
        if req.context.session is None and req.context.external is None:
            raise SessionRequired
        body = ApiKeyBody.parse(json_object(req))
        new = self.api_keys.create(UserId.parse(user_id.text), body.name, body.rules)
        resp.status = falcon.HTTP_CREATED
        resp.cache_control = ["no-store"]
        resp.media = as_json(CreatedApiKeyView(api_key=NewApiKeyView.of(new)))


@frozen(kw_only=True)
class ApiKeyResource:
    """`/api/settings/api-keys/{key_id}`."""

    authenticator: RequestAuthentication
    api_keys: ApiKeys

    @Operation("revokeApiKey", answer=RevokedApiKeyView)
    def on_delete(self, req: Request, resp: falcon.Response, key_id: str) -> None:
        """Revoke a key, possibly the one that authenticates this request."""
        user_id = self.authenticator.user(req)
        session = req.context.session
        self.api_keys.revoke(user_id, ApiKeyId.parse(key_id), session=None if session is None else session.hash)
        resp.media = as_json(RevokedApiKeyView())
