"""What the core asks of the world: one file per port, its docstrings the contract.

`spike_contracts` holds a suite per port that every adapter passes. The names below are public, and imported on first
use: the ports, and the types that their signatures name.
"""

from typing import TYPE_CHECKING

from spike_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from spike_core.domain.accounts import Email, ExternalIdentity, Session, User
    from spike_core.domain.albums import Album, AlbumCount, AlbumImage, AlbumSummary
    from spike_core.domain.analysis import Analysis
    from spike_core.domain.api_keys import ApiKey, ApiKeyCharge, Month, Scope
    from spike_core.domain.cursors import AlbumCursor, ImageCursor, JobCursor, StartCursor
    from spike_core.domain.deletions import DueDeletion
    from spike_core.domain.dimensions import Dimensions
    from spike_core.domain.event_deliveries import AddressedEvent, Backlog, Delivery, SubscriberName, Subscription
    from spike_core.domain.events import (
        Event,
        ImageDeleted,
        ImageUploaded,
        JobCancelled,
        JobCompleted,
        JobFailed,
        JobRefunded,
        TokensMoved,
    )
    from spike_core.domain.fidelity import Comparison
    from spike_core.domain.generation import Prompt
    from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse
    from spike_core.domain.identifiers import (
        AlbumId,
        AlbumImageId,
        ApiKeyId,
        BatchId,
        Identifier,
        ImageId,
        JobId,
        OwnerId,
        UserId,
        WebhookDeliveryId,
        WebhookId,
    )
    from spike_core.domain.image_lists import ImageOrder, ImageState, ListCursor, ListedImage, NameCursor
    from spike_core.domain.images import Image, PictureFacts, PictureIdentity
    from spike_core.domain.jobs import (
        CancelledJob,
        ClaimedJob,
        CompletedJob,
        FailedJob,
        Job,
        PendingJob,
        RefundedJob,
        StartedJob,
    )
    from spike_core.domain.ledger import LedgerEntry, LedgerPosition, Reference
    from spike_core.domain.limits import PICTURE_PIXELS_MAX
    from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
    from spike_core.domain.objects import ObjectKey, PictureFormat
    from spike_core.domain.orders import Order
    from spike_core.domain.outbox import OutboxMessage
    from spike_core.domain.priorities import Priority
    from spike_core.domain.queue_order import QueueOrder, WaitingOwner
    from spike_core.domain.rate_limits import Allowance, RateLimit
    from spike_core.domain.regeneration_policy import RegenerationPolicy
    from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions
    from spike_core.domain.renditions import MissingRenditions, Pictured, Rendition, Renditions
    from spike_core.domain.secrets import Secret, SecretHash
    from spike_core.domain.statistics import QueueStatistics, RefundStatistics
    from spike_core.domain.tiers import Tier
    from spike_core.domain.tokens import Tokens
    from spike_core.domain.wallet import CountedUsage, Posting, Wallet
    from spike_core.domain.webhooks import ClaimedWebhook, Webhook, WebhookAttempt, WebhookDelivery, WebhookMessage
    from spike_core.ports.albums import AlbumRepository
    from spike_core.ports.api_key_charges import ApiKeyCharges
    from spike_core.ports.api_keys import ApiKeyRepository
    from spike_core.ports.audit import AuditPage, AuditReader, Damage, UnreadableRow
    from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
    from spike_core.ports.background import Background, Urgency
    from spike_core.ports.blender import Blender
    from spike_core.ports.blobs import BlobStore, StoredObject
    from spike_core.ports.broker import Broker, WorkerPool
    from spike_core.ports.canvas_fitter import CanvasFitter
    from spike_core.ports.clock import Clock
    from spike_core.ports.concurrency import Concurrency
    from spike_core.ports.downloader import Downloader
    from spike_core.ports.events import EventDeliveries, Subscriber, Subscriptions
    from spike_core.ports.factories import (
        ADAPTER_API,
        Database,
        DatabaseLimits,
        Engine,
        EngineResources,
        OpenBroker,
        OpenDatabase,
        OpenEngine,
        OpenGenerator,
        OpenLimiter,
        OpenStorage,
        Storage,
    )
    from spike_core.ports.generator import Generator
    from spike_core.ports.heartbeat import Heartbeat
    from spike_core.ports.idempotency import IdempotencyRecords
    from spike_core.ports.ids import Ids
    from spike_core.ports.images import ImageRepository
    from spike_core.ports.jobs import JobRepository
    from spike_core.ports.limiter import RateLimiter
    from spike_core.ports.maintenance import MaintenanceRuns
    from spike_core.ports.metadata import Metadata
    from spike_core.ports.outbox import Outbox
    from spike_core.ports.price_list import PriceList
    from spike_core.ports.probe import ImageProbe
    from spike_core.ports.progress import UNMONITORED, ProgressMonitor, UnmonitoredProgress
    from spike_core.ports.queue import JobQueue
    from spike_core.ports.regeneration import RegenerationPolicies
    from spike_core.ports.rendition_maker import MadeRenditions, RenditionMaker
    from spike_core.ports.renditions import RenditionRepository
    from spike_core.ports.secrets import Secrets
    from spike_core.ports.sessions import SessionRepository
    from spike_core.ports.signed_urls import SignedUrls
    from spike_core.ports.statistics import Statistics
    from spike_core.ports.transactions import Transaction, Transactions
    from spike_core.ports.upscaler import RenderedImage, Upscaler
    from spike_core.ports.users import UserRepository
    from spike_core.ports.wallets import WalletRepository
    from spike_core.ports.webhooks import WebhookDeliveries, WebhookRepository, WebhookSender

__all__ = [
    "ADAPTER_API",
    "DEFAULT_OPTIONS",
    "PICTURE_PIXELS_MAX",
    "UNMONITORED",
    "AddressedEvent",
    "Album",
    "AlbumCount",
    "AlbumCursor",
    "AlbumId",
    "AlbumImage",
    "AlbumImageId",
    "AlbumRepository",
    "AlbumSummary",
    "Allowance",
    "Analysis",
    "ApiKey",
    "ApiKeyCharge",
    "ApiKeyCharges",
    "ApiKeyId",
    "ApiKeyRepository",
    "AuditPage",
    "AuditReader",
    "Authenticator",
    "Background",
    "Backlog",
    "BatchId",
    "Blender",
    "BlobStore",
    "Broker",
    "CancelledJob",
    "CanvasFitter",
    "ClaimedJob",
    "ClaimedWebhook",
    "Clock",
    "Comparison",
    "CompletedJob",
    "Concurrency",
    "CountedUsage",
    "Damage",
    "Database",
    "DatabaseLimits",
    "Delivery",
    "Dimensions",
    "Downloader",
    "DueDeletion",
    "Email",
    "Engine",
    "EngineResources",
    "Event",
    "EventDeliveries",
    "ExternalIdentity",
    "FailedJob",
    "Generator",
    "Heartbeat",
    "IdempotencyKey",
    "IdempotencyRecord",
    "IdempotencyRecords",
    "Identifier",
    "Identity",
    "Ids",
    "Image",
    "ImageCursor",
    "ImageDeleted",
    "ImageId",
    "ImageOrder",
    "ImageProbe",
    "ImageRepository",
    "ImageState",
    "ImageUploaded",
    "IncomingRequest",
    "Job",
    "JobCancelled",
    "JobCompleted",
    "JobCursor",
    "JobFailed",
    "JobId",
    "JobQueue",
    "JobRefunded",
    "JobRepository",
    "LedgerEntry",
    "LedgerPosition",
    "ListCursor",
    "ListedImage",
    "MadeRenditions",
    "MaintenanceRun",
    "MaintenanceRuns",
    "MaintenanceTask",
    "Metadata",
    "MissingRenditions",
    "Mode",
    "Month",
    "NameCursor",
    "ObjectKey",
    "OpenBroker",
    "OpenDatabase",
    "OpenEngine",
    "OpenGenerator",
    "OpenLimiter",
    "OpenStorage",
    "Order",
    "Outbox",
    "OutboxMessage",
    "OwnerId",
    "PendingJob",
    "PictureFacts",
    "PictureFormat",
    "PictureIdentity",
    "Pictured",
    "Posting",
    "PriceList",
    "Priority",
    "ProgressMonitor",
    "Prompt",
    "QueueOrder",
    "QueueStatistics",
    "RateLimit",
    "RateLimiter",
    "RecordedResponse",
    "Reference",
    "RefundStatistics",
    "RefundedJob",
    "RegenerationPolicies",
    "RegenerationPolicy",
    "RenderOptions",
    "RenderedImage",
    "Rendition",
    "RenditionMaker",
    "RenditionRepository",
    "Renditions",
    "Scope",
    "Secret",
    "SecretHash",
    "Secrets",
    "Session",
    "SessionRepository",
    "SignedUrls",
    "StartCursor",
    "StartedJob",
    "Statistics",
    "Storage",
    "StoredObject",
    "Subscriber",
    "SubscriberName",
    "Subscription",
    "Subscriptions",
    "Tier",
    "Tokens",
    "TokensMoved",
    "Transaction",
    "Transactions",
    "UnmonitoredProgress",
    "UnreadableRow",
    "Upscaler",
    "Urgency",
    "User",
    "UserId",
    "UserRepository",
    "WaitingOwner",
    "Wallet",
    "WalletRepository",
    "Webhook",
    "WebhookAttempt",
    "WebhookDeliveries",
    "WebhookDelivery",
    "WebhookDeliveryId",
    "WebhookId",
    "WebhookMessage",
    "WebhookRepository",
    "WebhookSender",
    "WorkerPool",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spike_core.domain.accounts": ("Email", "ExternalIdentity", "Session", "User"),
        "spike_core.domain.albums": ("Album", "AlbumCount", "AlbumImage", "AlbumSummary"),
        "spike_core.domain.analysis": ("Analysis",),
        "spike_core.domain.api_keys": ("ApiKey", "ApiKeyCharge", "Month", "Scope"),
        "spike_core.domain.cursors": ("AlbumCursor", "ImageCursor", "JobCursor", "StartCursor"),
        "spike_core.domain.deletions": ("DueDeletion",),
        "spike_core.domain.dimensions": ("Dimensions",),
        "spike_core.domain.event_deliveries": (
            "AddressedEvent",
            "Backlog",
            "Delivery",
            "SubscriberName",
            "Subscription",
        ),
        "spike_core.domain.events": (
            "Event",
            "ImageDeleted",
            "ImageUploaded",
            "JobCancelled",
            "JobCompleted",
            "JobFailed",
            "JobRefunded",
            "TokensMoved",
        ),
        "spike_core.domain.fidelity": ("Comparison",),
        "spike_core.domain.generation": ("Prompt",),
        "spike_core.domain.idempotency": ("IdempotencyKey", "IdempotencyRecord", "RecordedResponse"),
        "spike_core.domain.identifiers": (
            "AlbumId",
            "AlbumImageId",
            "ApiKeyId",
            "BatchId",
            "Identifier",
            "ImageId",
            "JobId",
            "OwnerId",
            "UserId",
            "WebhookDeliveryId",
            "WebhookId",
        ),
        "spike_core.domain.image_lists": ("ImageOrder", "ImageState", "ListCursor", "ListedImage", "NameCursor"),
        "spike_core.domain.images": ("Image", "PictureFacts", "PictureIdentity"),
        "spike_core.domain.jobs": (
            "CancelledJob",
            "ClaimedJob",
            "CompletedJob",
            "FailedJob",
            "Job",
            "PendingJob",
            "RefundedJob",
            "StartedJob",
        ),
        "spike_core.domain.ledger": ("LedgerEntry", "LedgerPosition", "Reference"),
        "spike_core.domain.limits": ("PICTURE_PIXELS_MAX",),
        "spike_core.domain.maintenance": ("MaintenanceRun", "MaintenanceTask"),
        "spike_core.domain.objects": ("ObjectKey", "PictureFormat"),
        "spike_core.domain.orders": ("Order",),
        "spike_core.domain.outbox": ("OutboxMessage",),
        "spike_core.domain.priorities": ("Priority",),
        "spike_core.domain.queue_order": ("QueueOrder", "WaitingOwner"),
        "spike_core.domain.rate_limits": ("Allowance", "RateLimit"),
        "spike_core.domain.regeneration_policy": ("RegenerationPolicy",),
        "spike_core.domain.render_options": ("DEFAULT_OPTIONS", "Mode", "RenderOptions"),
        "spike_core.domain.renditions": ("MissingRenditions", "Pictured", "Rendition", "Renditions"),
        "spike_core.domain.secrets": ("Secret", "SecretHash"),
        "spike_core.domain.statistics": ("QueueStatistics", "RefundStatistics"),
        "spike_core.domain.tiers": ("Tier",),
        "spike_core.domain.tokens": ("Tokens",),
        "spike_core.domain.wallet": ("CountedUsage", "Posting", "Wallet"),
        "spike_core.domain.webhooks": (
            "ClaimedWebhook",
            "Webhook",
            "WebhookAttempt",
            "WebhookDelivery",
            "WebhookMessage",
        ),
        "spike_core.ports.albums": ("AlbumRepository",),
        "spike_core.ports.api_key_charges": ("ApiKeyCharges",),
        "spike_core.ports.api_keys": ("ApiKeyRepository",),
        "spike_core.ports.audit": ("AuditPage", "AuditReader", "Damage", "UnreadableRow"),
        "spike_core.ports.authenticator": ("Authenticator", "Identity", "IncomingRequest"),
        "spike_core.ports.background": ("Background", "Urgency"),
        "spike_core.ports.blender": ("Blender",),
        "spike_core.ports.blobs": ("BlobStore", "StoredObject"),
        "spike_core.ports.broker": ("Broker", "WorkerPool"),
        "spike_core.ports.canvas_fitter": ("CanvasFitter",),
        "spike_core.ports.clock": ("Clock",),
        "spike_core.ports.concurrency": ("Concurrency",),
        "spike_core.ports.downloader": ("Downloader",),
        "spike_core.ports.events": ("EventDeliveries", "Subscriber", "Subscriptions"),
        "spike_core.ports.factories": (
            "ADAPTER_API",
            "Database",
            "DatabaseLimits",
            "Engine",
            "EngineResources",
            "OpenBroker",
            "OpenDatabase",
            "OpenEngine",
            "OpenGenerator",
            "OpenLimiter",
            "OpenStorage",
            "Storage",
        ),
        "spike_core.ports.generator": ("Generator",),
        "spike_core.ports.heartbeat": ("Heartbeat",),
        "spike_core.ports.idempotency": ("IdempotencyRecords",),
        "spike_core.ports.ids": ("Ids",),
        "spike_core.ports.images": ("ImageRepository",),
        "spike_core.ports.jobs": ("JobRepository",),
        "spike_core.ports.limiter": ("RateLimiter",),
        "spike_core.ports.maintenance": ("MaintenanceRuns",),
        "spike_core.ports.metadata": ("Metadata",),
        "spike_core.ports.outbox": ("Outbox",),
        "spike_core.ports.price_list": ("PriceList",),
        "spike_core.ports.probe": ("ImageProbe",),
        "spike_core.ports.progress": ("ProgressMonitor", "UNMONITORED", "UnmonitoredProgress"),
        "spike_core.ports.queue": ("JobQueue",),
        "spike_core.ports.regeneration": ("RegenerationPolicies",),
        "spike_core.ports.rendition_maker": ("MadeRenditions", "RenditionMaker"),
        "spike_core.ports.renditions": ("RenditionRepository",),
        "spike_core.ports.secrets": ("Secrets",),
        "spike_core.ports.sessions": ("SessionRepository",),
        "spike_core.ports.signed_urls": ("SignedUrls",),
        "spike_core.ports.statistics": ("Statistics",),
        "spike_core.ports.transactions": ("Transaction", "Transactions"),
        "spike_core.ports.upscaler": ("RenderedImage", "Upscaler"),
        "spike_core.ports.users": ("UserRepository",),
        "spike_core.ports.wallets": ("WalletRepository",),
        "spike_core.ports.webhooks": ("WebhookDeliveries", "WebhookRepository", "WebhookSender"),
    },
)


def __dir__() -> list[str]:
    return __all__
