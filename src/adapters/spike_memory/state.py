"""The whole database as one value: copied at the start of a transaction, put in place at its end."""

from datetime import datetime
from typing import Self

from attrs import Factory, define, fields, frozen

from spike_core.domain.accounts import Email, ExternalIdentity, Session, User
from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.api_keys import ApiKey, ApiKeyCharge
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.event_deliveries import SubscriberName, Subscription
from spike_core.domain.events import Event
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord
from spike_core.domain.identifiers import AlbumId, ApiKeyId, ImageId, JobId, OwnerId, UserId, WebhookId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.renditions import Pictured
from spike_core.domain.secrets import SecretHash
from spike_core.domain.wallet import Wallet
from spike_core.domain.webhooks import Webhook, WebhookDelivery


@frozen(kw_only=True)
class StoredDelivery:
    """An event that is to be handed to a subscriber."""

    subscriber: SubscriberName
    event: Event
    recorded_at: datetime
    due_at: datetime
    attempts: int = 0
    is_displaced: bool = False  # since it was claimed, another one of its subject was
    failing_since: datetime | None = None
    set_aside_at: datetime | None = None


@frozen(kw_only=True)
class StoredWebhook:
    """A webhook, when it is due, and who sends to it."""

    webhook: Webhook
    due_at: datetime | None = None
    claim: int = 0
    claimed_until: datetime | None = None


@define
class State:
    """All rows, by their id. The rows are immutable, so a copy of the dictionaries is a snapshot."""

    wallets: dict[OwnerId, Wallet] = Factory(dict)
    ledgers: dict[OwnerId, tuple[LedgerEntry, ...]] = Factory(dict)
    images: dict[ImageId, Image] = Factory(dict)
    removed: dict[ImageId, tuple[datetime, DueDeletion]] = Factory(dict)  # hidden images, and when each is due
    jobs: dict[JobId, Job] = Factory(dict)
    albums: dict[AlbumId, Album] = Factory(dict)
    places: dict[AlbumId, tuple[AlbumImage, ...]] = Factory(dict)
    users: dict[Email, User] = Factory(dict)
    identities: dict[ExternalIdentity, UserId] = Factory(dict)
    sessions: dict[SecretHash, Session] = Factory(dict)
    api_keys: dict[ApiKeyId, ApiKey] = Factory(dict)
    api_key_charges: dict[JobId, ApiKeyCharge] = Factory(dict)
    receipts: dict[tuple[str, IdempotencyKey], IdempotencyRecord] = Factory(dict)
    outbox: dict[JobId, OutboxMessage] = Factory(dict)
    subscriptions: dict[SubscriberName, Subscription] = Factory(dict)
    event_deliveries: dict[int, StoredDelivery] = Factory(dict)  # by position
    webhooks: dict[WebhookId, StoredWebhook] = Factory(dict)
    webhook_deliveries: dict[int, WebhookDelivery] = Factory(dict)  # by position
    maintenance_runs: dict[MaintenanceTask, MaintenanceRun] = Factory(dict)
    rendition_attempts: dict[Pictured, int] = Factory(dict)

    def copy(self) -> Self:
        """Return a state that changes independently of this one."""
        return type(self)(**{field.name: dict(getattr(self, field.name)) for field in fields(type(self))})


@frozen
class Rows:
    """What a repository works on: a state, and whether it may be written."""

    state: State
    writable: bool

    def check_writable(self) -> State:
        """Return the state for writing; in a view that is a bug."""
        if not self.writable:
            raise InvariantViolated("a view is read-only")
        return self.state
