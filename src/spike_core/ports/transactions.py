"""The transactions port: repositories exist only within a transaction."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from spike_core.ports.albums import AlbumRepository
from spike_core.ports.api_key_charges import ApiKeyCharges
from spike_core.ports.api_keys import ApiKeyRepository
from spike_core.ports.audit import AuditReader
from spike_core.ports.events import EventDeliveries, Subscriptions
from spike_core.ports.idempotency import IdempotencyRecords
from spike_core.ports.images import ImageRepository
from spike_core.ports.jobs import JobRepository
from spike_core.ports.maintenance import MaintenanceRuns
from spike_core.ports.outbox import Outbox
from spike_core.ports.renditions import RenditionRepository
from spike_core.ports.sessions import SessionRepository
from spike_core.ports.statistics import Statistics
from spike_core.ports.users import UserRepository
from spike_core.ports.wallets import WalletRepository
from spike_core.ports.webhooks import WebhookDeliveries, WebhookRepository


class Transaction(Protocol):
    """One unit of work: all writes through its repositories are stored together or not at all."""

    @property
    def wallets(self) -> WalletRepository:
        """The wallets and their ledgers."""

    @property
    def images(self) -> ImageRepository:
        """The images."""

    @property
    def jobs(self) -> JobRepository:
        """The jobs."""

    @property
    def renditions(self) -> RenditionRepository:
        """The renditions of images and results."""

    @property
    def albums(self) -> AlbumRepository:
        """The albums and the order of their images."""

    @property
    def users(self) -> UserRepository:
        """The users."""

    @property
    def sessions(self) -> SessionRepository:
        """The sessions."""

    @property
    def api_keys(self) -> ApiKeyRepository:
        """The API keys."""

    @property
    def api_key_charges(self) -> ApiKeyCharges:
        """What API keys with a monthly limit have spent."""

    @property
    def outbox(self) -> Outbox:
        """The messages to the worker queue."""

    @property
    def subscriptions(self) -> Subscriptions:
        """The subscribers to domain events."""

    @property
    def event_deliveries(self) -> EventDeliveries:
        """The domain events to be handed to subscribers."""

    @property
    def webhooks(self) -> WebhookRepository:
        """The webhooks, and who sends to them."""

    @property
    def webhook_deliveries(self) -> WebhookDeliveries:
        """The deliveries to webhooks."""

    @property
    def maintenance_runs(self) -> MaintenanceRuns:
        """The latest run of each maintenance task."""

    @property
    def idempotency_records(self) -> IdempotencyRecords:
        """The idempotency records."""

    @property
    def statistics(self) -> Statistics:
        """Statistics over all owners."""

    @property
    def audit(self) -> AuditReader:
        """All rows, page by page, for the audit."""


class Transactions(Protocol):
    """Begins transactions. Network calls and image work must stay outside.

    An adapter may let an app share a transaction of its own with the use cases that one context calls. There, what
    `begin` begins is a part of the app's transaction: it is undone by itself if it fails, and with the app's otherwise.
    """

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that commits on a clean exit and rolls back on any exception.

        Raises:
            DatabaseUnavailable: the database can't be reached, or stays locked.
            TransactionUndone: it was undone in favor of another; `begin` may be called again.
            SharedTransactionUndone: it was, and so was the app's transaction that it is part of.
        """

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot that blocks no writer and isn't blocked by one.

        Writing through it is a bug and fails an assertion.

        Raises:
            DatabaseUnavailable: the database can't be reached.
        """

    def when_committed(self, action: Callable[[], object]) -> None:
        """Call `action` when what this context has written is committed: at once, unless an app shares a transaction.

        There it is called after the app has committed, and not at all if the app rolls back, or the process ends
        before; so it only hastens what another process would do later. Called within `begin`, it is a bug.
        """
        action()  # an adapter without shared transactions inherits this
