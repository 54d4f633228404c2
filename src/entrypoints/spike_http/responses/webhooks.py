"""Webhooks in responses. A secret is shown when it is made, and never again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from spike_core.domain.identifiers import EventId, WebhookDeliveryId, WebhookId
from spike_core.domain.webhooks import DisabledBecause, LoggedAttempt, Webhook, WebhookDelivery, WebhookState
from spike_core.services.webhook_endpoints import DeliveryPage


@frozen(kw_only=True)
class WebhookView:
    """A webhook, without its secret."""

    id: WebhookId
    url: str
    events: list[str]
    created_at: datetime
    enabled: bool
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None
    failing_since: datetime | None

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookView":
        """Return the view of a webhook."""
        return cls(
            id=webhook.id,
            url=webhook.url,
            events=sorted(webhook.event_types),
            created_at=webhook.created_at,
            enabled=webhook.disabled_at is None,
            disabled_at=webhook.disabled_at,
            disabled_because=webhook.disabled_because,
            failing_since=webhook.failing_since,
        )


@frozen(kw_only=True)
class WebhooksView:
    """The answer to `GET /api/settings/webhooks`."""

    webhooks: list[WebhookView]

    @classmethod
    def of(cls, webhooks: Sequence[Webhook]) -> "WebhooksView":
        """Return the view of an owner's webhooks."""
        return cls(webhooks=[WebhookView.of(webhook) for webhook in webhooks])


@frozen(kw_only=True)
class ChangedWebhookView:
    """The answer to a request that creates or changes a webhook."""

    success: bool = True
    webhook: WebhookView
    secret: str | None  # if the request has made it

    @classmethod
    def of(cls, webhook: Webhook, *, has_new_secret: bool) -> "ChangedWebhookView":
        """Return the view of a webhook, and of its secret if that is new."""
        return cls(webhook=WebhookView.of(webhook), secret=webhook.secret.text if has_new_secret else None)


@frozen(kw_only=True)
class DeletedWebhookView:
    """The answer to `DELETE /api/settings/webhooks/{webhook_id}`."""

    success: bool = True
    message: str = "Webhook deleted successfully"


@frozen(kw_only=True)
class WebhookAttemptView:
    """An attempt to send something."""

    at: datetime
    milliseconds: int
    response_status: int | None
    error: str | None

    @classmethod
    def of(cls, attempt: LoggedAttempt) -> "WebhookAttemptView":
        """Return the view of an attempt."""
        return cls(
            at=attempt.at,
            milliseconds=attempt.took // timedelta(milliseconds=1),
            response_status=attempt.status,
            error=attempt.detail or None,
        )


@frozen(kw_only=True)
class WebhookDeliveryView:
    """A delivery in a log."""

    id: WebhookDeliveryId
    event_id: EventId
    type: str
    state: WebhookState
    created_at: datetime
    attempts: int
    attempted_at: datetime | None
    response_status: int | None
    error: str | None
    next_attempt_at: datetime | None
    log: list[WebhookAttemptView]

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "WebhookDeliveryView":
        """Return the view of a delivery."""
        return cls(
            id=delivery.id,
            event_id=delivery.event.id,
            type=delivery.event_type,
            state=delivery.state,
            created_at=delivery.created_at,
            attempts=delivery.attempts,
            attempted_at=delivery.attempted_at,
            response_status=delivery.status,
            error=delivery.detail or None,
            next_attempt_at=delivery.due_at,
            log=[WebhookAttemptView.of(attempt) for attempt in delivery.log],
        )


@frozen(kw_only=True)
class AcceptedDeliveryView:
    """The answer to a request to send something."""

    success: bool = True
    delivery: WebhookDeliveryView


@frozen(kw_only=True)
class WebhookDeliveriesView:
    """The answer to `GET /api/settings/webhooks/{webhook_id}/deliveries`, newest first."""

    deliveries: list[WebhookDeliveryView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, page: DeliveryPage) -> "WebhookDeliveriesView":
        """Return the view of a page."""
        return cls(
            deliveries=[WebhookDeliveryView.of(each) for each in page.deliveries],
            next_cursor=None if page.next_before is None else str(page.next_before),
            has_more=page.next_before is not None,
        )
