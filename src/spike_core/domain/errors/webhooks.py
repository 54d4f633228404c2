"""Errors of webhooks."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, InvalidInput, NotFound


@frozen
class WebhookNotFound(NotFound):
    """No webhook has this id, or it belongs to another owner."""

    code: ClassVar[str] = "webhook_not_found"


@frozen
class WebhookDeliveryNotFound(NotFound):
    """The webhook has no delivery with this id, or it is older than the log."""

    code: ClassVar[str] = "webhook_delivery_not_found"


@frozen
class TooManyWebhooks(Conflict):
    """The owner has the maximum number of webhooks; one must be deleted first."""

    code: ClassVar[str] = "too_many_webhooks"
    webhooks_max: int


@frozen
class WebhookDisabled(Conflict):
    """The webhook is disabled, so nothing is sent to it."""

    code: ClassVar[str] = "webhook_disabled"


@frozen
class UnsafeWebhookUrl(InvalidInput):
    """The URL isn't http or https, or leads to a host that isn't public."""

    code: ClassVar[str] = "unsafe_webhook_url"
