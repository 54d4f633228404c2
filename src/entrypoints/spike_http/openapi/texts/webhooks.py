"""Webhooks."""

from collections.abc import Mapping
from typing import Any, Final

from spike_http.openapi.texts.examples import DELIVERY_ID, WEBHOOK_ID
from spike_http.openapi.texts.operation_text import OperationText

_URL: Final = "https://app.example.org/spike"
_EVENTS: Final = ["job.completed", "job.refunded"]
_SECRET: Final = "whsec_M2Zaa1QwdlE4bVh3MlJiWTZuTGM5cEpkQTVoRzFzRXVLaVZvN3RNekM0eA=="  # noqa: S105  # an example
_WEBHOOK: Final[Mapping[str, Any]] = {
    "id": WEBHOOK_ID,
    "url": _URL,
    "events": _EVENTS,
    "createdAt": "2025-12-12T10:30:00Z",
    "enabled": True,
    "disabledAt": None,
    "disabledBecause": None,
    "failingSince": None,
}
_DELIVERY: Final[Mapping[str, Any]] = {
    "id": DELIVERY_ID,
    "eventId": "evt_0f1e2d3c4b5a69788796a5b4",
    "type": "job.completed",
    "state": "PENDING",
    "createdAt": "2025-12-12T10:30:00Z",
    "attempts": 1,
    "attemptedAt": "2025-12-12T10:30:01Z",
    "responseStatus": 503,
    "error": "the receiver answered 503",
    "nextAttemptAt": "2025-12-12T10:30:06Z",
    "log": [
        {
            "at": "2025-12-12T10:30:01Z",
            "milliseconds": 48,
            "responseStatus": 503,
            "error": "the receiver answered 503",
        },
    ],
}
_QUEUED: Final[Mapping[str, Any]] = {
    **_DELIVERY,
    "attempts": 0,
    "attemptedAt": None,
    "responseStatus": None,
    "error": None,
    "nextAttemptAt": "2025-12-12T10:30:00Z",
    "log": [],
}
_MISSING: Final = "There is no such webhook, or it belongs to another user."
_DISABLED: Final = "The webhook is disabled."

WEBHOOKS: Final[Mapping[str, OperationText]] = {
    "listWebhooks": OperationText(
        summary="List webhooks",
        description="""
List your webhooks, oldest first. One that is disabled says why: see `disabledBecause`.
""",
        response={"webhooks": [_WEBHOOK]},
    ),
    "createWebhook": OperationText(
        summary="Create a webhook",
        description="""
Have events sent to a URL, from now on. The response is the only one that contains the secret, with which you verify the
signatures. You may have five webhooks.

Each event is a `POST` request with a small JSON body, signed as [Standard Webhooks](https://www.standardwebhooks.com) has
it. Any status from 200 to 299 within 15 seconds accepts it. Otherwise it is sent again after 5 s, 5 min, 30 min, 2 h, 5 h,
10 h, 14 h, 20 h and 24 h; then it is given up. A `Retry-After` of up to an hour is kept. An event may arrive twice: its `webhook-id` is the same then. Those about
one image, or one job without an image, arrive in order. The status 410 disables the webhook, and so do five days without a
success.
""",
        errors={
            400: "A field is missing or breaks its rule, or the URL leads to a host that isn't public.",
            409: "You already have five webhooks.",
        },
        fields={
            "url": "An http or https URL of a public host, on port 80 or 443.",
            "events": "The types of events that are sent there.",
        },
        request={"url": _URL, "events": _EVENTS},
        response={"success": True, "webhook": _WEBHOOK, "secret": _SECRET},
    ),
    "updateWebhook": OperationText(
        summary="Change a webhook",
        description="""
Change a webhook. What is missing or null stays. Enabling a webhook sends what has waited in the meantime.

`rotateSecret` makes a new secret, which only this response contains. For one day each request is signed with both, so that
you can change yours at any time in between.
""",
        errors={
            400: "A field breaks its rule, or the URL leads to a host that isn't public.",
            404: _MISSING,
        },
        fields={
            "url": "An http or https URL of a public host, on port 80 or 443.",
            "events": "The types of events that are sent there.",
            "enabled": "Whether anything is sent.",
            "rotateSecret": "Whether to make a new secret.",
        },
        path={"webhookId": WEBHOOK_ID},
        request={"rotateSecret": True},
        response={"success": True, "webhook": _WEBHOOK, "secret": _SECRET},
    ),
    "deleteWebhook": OperationText(
        summary="Delete a webhook",
        description="""
Delete a webhook and the log of its deliveries. A request that is just being sent may still arrive.
""",
        errors={404: _MISSING},
        path={"webhookId": WEBHOOK_ID},
        response={"success": True, "message": "Webhook deleted successfully"},
    ),
    "testWebhook": OperationText(
        summary="Test a webhook",
        description="""
Send an event of the type `webhook.test`, soon. What became of it is in the list of deliveries.
""",
        errors={404: _MISSING, 409: _DISABLED},
        path={"webhookId": WEBHOOK_ID},
        response={"success": True, "delivery": {**_QUEUED, "type": "webhook.test"}},
    ),
    "listWebhookDeliveries": OperationText(
        summary="List deliveries",
        description="""
List what was, is or will be sent to a webhook, newest first, of the last 30 days. To read the next page, send `nextCursor`
as `cursor`; it is null on the last page.
""",
        errors={400: "`limit` or `cursor` is not valid.", 404: _MISSING},
        path={"webhookId": WEBHOOK_ID},
        query={"limit": 20},
        response={"deliveries": [_DELIVERY], "nextCursor": "41", "hasMore": True},
    ),
    "redeliver": OperationText(
        summary="Send a delivery again",
        description="""
Send an event again, soon, whatever became of it, and with all attempts before it. Its `webhook-id` stays the same.
""",
        errors={404: "There is no such webhook or delivery, or it belongs to another user.", 409: _DISABLED},
        path={"webhookId": WEBHOOK_ID, "deliveryId": DELIVERY_ID},
        response={"success": True, "delivery": _QUEUED},
    ),
}
