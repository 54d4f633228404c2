"""`/api/settings/webhooks`: webhooks, and the log of what was sent to them."""

from http import HTTPStatus

import falcon
from attrs import frozen

from spike_core.domain.errors import TooManyWebhooks, UnsafeWebhookUrl, WebhookDisabled
from spike_core.domain.identifiers import WebhookDeliveryId, WebhookId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.webhook_endpoints import WebhookEndpoints
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.json_bodies import json_object
from spike_http.requests.query import LIMIT, SEQUENCE_CURSOR, ledger_cursor, page_limit
from spike_http.requests.webhooks import WebhookBody, WebhookPatchBody
from spike_http.responses.serialization import as_json
from spike_http.responses.webhooks import (
    AcceptedDeliveryView,
    ChangedWebhookView,
    DeletedWebhookView,
    WebhookDeliveriesView,
    WebhookDeliveryView,
    WebhooksView,
)


@frozen(kw_only=True)
class WebhooksResource:
    """`/api/settings/webhooks`."""

    authenticator: RequestAuthentication
    endpoints: WebhookEndpoints

    @Operation("listWebhooks", answer=WebhooksView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the owner's webhooks, oldest first."""
        owner_id = self.authenticator.user(req)
        resp.media = as_json(WebhooksView.of(self.endpoints.of(owner_id)))

    @Operation(
        "createWebhook",
        answer=ChangedWebhookView,
        status=HTTPStatus.CREATED,
        body=Json(WebhookBody),
        bucket=RateLimitGroup.WEBHOOK,
        errors=(TooManyWebhooks, UnsafeWebhookUrl),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Create a webhook and return its secret; it is never shown again."""
        owner_id = self.authenticator.user(req, bucket=RateLimitGroup.WEBHOOK)
        body = WebhookBody.parse(json_object(req))
        webhook = self.endpoints.create(owner_id, url=body.url, event_types=body.event_types)
        resp.status = falcon.HTTP_CREATED
        resp.cache_control = ["no-store"]
        resp.media = as_json(ChangedWebhookView.of(webhook, has_new_secret=True))


@frozen(kw_only=True)
class WebhookResource:
    """`/api/settings/webhooks/{webhook_id}`."""

    authenticator: RequestAuthentication
    endpoints: WebhookEndpoints

    @Operation(
        "updateWebhook",
        answer=ChangedWebhookView,
        body=Json(WebhookPatchBody),
        bucket=RateLimitGroup.WEBHOOK,
        errors=(UnsafeWebhookUrl,),
    )
    def on_patch(self, req: Request, resp: falcon.Response, webhook_id: str) -> None:
        """Change a webhook, or make a new secret."""
        owner_id = self.authenticator.user(req, bucket=RateLimitGroup.WEBHOOK)
        id_ = WebhookId.parse(webhook_id)
        patch = WebhookPatchBody.parse(json_object(req)).patch
        webhook = self.endpoints.update(owner_id, id_, patch)
        resp.cache_control = ["no-store"]
        resp.media = as_json(ChangedWebhookView.of(webhook, has_new_secret=patch.rotates_secret))

    @Operation("deleteWebhook", answer=DeletedWebhookView)
    def on_delete(self, req: Request, resp: falcon.Response, webhook_id: str) -> None:
        """Delete a webhook, and its log."""
        owner_id = self.authenticator.user(req)
        self.endpoints.remove(owner_id, WebhookId.parse(webhook_id))
        resp.media = as_json(DeletedWebhookView())


@frozen(kw_only=True)
class WebhookTestResource:
    """`/api/settings/webhooks/{webhook_id}/test`."""

    authenticator: RequestAuthentication
    endpoints: WebhookEndpoints

    @Operation(
        "testWebhook",
        answer=AcceptedDeliveryView,
        status=HTTPStatus.ACCEPTED,
        bucket=RateLimitGroup.WEBHOOK,
        errors=(WebhookDisabled,),
    )
    def on_post(self, req: Request, resp: falcon.Response, webhook_id: str) -> None:
        """Send an event of the type `webhook.test`."""
        owner_id = self.authenticator.user(req, bucket=RateLimitGroup.WEBHOOK)
        delivery = self.endpoints.test(owner_id, WebhookId.parse(webhook_id))
        resp.status = falcon.HTTP_ACCEPTED
        resp.media = as_json(AcceptedDeliveryView(delivery=WebhookDeliveryView.of(delivery)))


@frozen(kw_only=True)
class WebhookDeliveriesResource:
    """`/api/settings/webhooks/{webhook_id}/deliveries`."""

    authenticator: RequestAuthentication
    endpoints: WebhookEndpoints

    @Operation("listWebhookDeliveries", answer=WebhookDeliveriesView, query=(LIMIT, SEQUENCE_CURSOR))
    def on_get(self, req: Request, resp: falcon.Response, webhook_id: str) -> None:
        """List what was sent in the last 30 days, newest first."""
        owner_id = self.authenticator.user(req)
        page = self.endpoints.deliveries(
            owner_id, WebhookId.parse(webhook_id), before=ledger_cursor(req), limit=page_limit(req)
        )
        resp.media = as_json(WebhookDeliveriesView.of(page))


@frozen(kw_only=True)
class RedeliverResource:
    """`/api/settings/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver`."""

    authenticator: RequestAuthentication
    endpoints: WebhookEndpoints

    @Operation(
        "redeliver",
        answer=AcceptedDeliveryView,
        status=HTTPStatus.ACCEPTED,
        bucket=RateLimitGroup.WEBHOOK,
        errors=(WebhookDisabled,),
    )
    def on_post(self, req: Request, resp: falcon.Response, webhook_id: str, delivery_id: str) -> None:
        """Send an event again."""
        owner_id = self.authenticator.user(req, bucket=RateLimitGroup.WEBHOOK)
        delivery = self.endpoints.redeliver(owner_id, WebhookId.parse(webhook_id), WebhookDeliveryId.parse(delivery_id))
        resp.status = falcon.HTTP_ACCEPTED
        resp.media = as_json(AcceptedDeliveryView(delivery=WebhookDeliveryView.of(delivery)))
