"""What the core asks of the world: one file per port, its docstrings the contract.

`spike_contracts` holds a suite per port that every adapter passes. The names below are public, and imported on first
use.
"""

from typing import TYPE_CHECKING

from spike_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from spike_core.ports.albums import AlbumRepository
    from spike_core.ports.api_key_charges import ApiKeyCharges
    from spike_core.ports.api_keys import ApiKeyRepository
    from spike_core.ports.audit import AuditPage, AuditReader, Damage, UnreadableRow
    from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
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
    from spike_core.ports.secrets import Secrets
    from spike_core.ports.sessions import SessionRepository
    from spike_core.ports.signed_urls import SignedUrls
    from spike_core.ports.statistics import Statistics
    from spike_core.ports.transactions import Transaction, Transactions
    from spike_core.ports.upscaler import RenderedImage, Upscaler
    from spike_core.ports.users import UserRepository
    from spike_core.ports.wallets import WalletRepository

__all__ = [
    "ADAPTER_API",
    "UNMONITORED",
    "AlbumRepository",
    "ApiKeyCharges",
    "ApiKeyRepository",
    "AuditPage",
    "AuditReader",
    "Authenticator",
    "Blender",
    "BlobStore",
    "Broker",
    "CanvasFitter",
    "Clock",
    "Concurrency",
    "Damage",
    "Database",
    "DatabaseLimits",
    "Downloader",
    "Engine",
    "EngineResources",
    "EventDeliveries",
    "Generator",
    "Heartbeat",
    "IdempotencyRecords",
    "Identity",
    "Ids",
    "ImageProbe",
    "ImageRepository",
    "IncomingRequest",
    "JobQueue",
    "JobRepository",
    "MaintenanceRuns",
    "Metadata",
    "OpenBroker",
    "OpenDatabase",
    "OpenEngine",
    "OpenGenerator",
    "OpenLimiter",
    "OpenStorage",
    "Outbox",
    "PriceList",
    "ProgressMonitor",
    "RateLimiter",
    "RegenerationPolicies",
    "RenderedImage",
    "Secrets",
    "SessionRepository",
    "SignedUrls",
    "Statistics",
    "Storage",
    "StoredObject",
    "Subscriber",
    "Subscriptions",
    "Transaction",
    "Transactions",
    "UnmonitoredProgress",
    "UnreadableRow",
    "Upscaler",
    "UserRepository",
    "WalletRepository",
    "WorkerPool",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spike_core.ports.albums": ("AlbumRepository",),
        "spike_core.ports.api_key_charges": ("ApiKeyCharges",),
        "spike_core.ports.api_keys": ("ApiKeyRepository",),
        "spike_core.ports.audit": ("AuditPage", "AuditReader", "Damage", "UnreadableRow"),
        "spike_core.ports.authenticator": ("Authenticator", "Identity", "IncomingRequest"),
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
        "spike_core.ports.secrets": ("Secrets",),
        "spike_core.ports.sessions": ("SessionRepository",),
        "spike_core.ports.signed_urls": ("SignedUrls",),
        "spike_core.ports.statistics": ("Statistics",),
        "spike_core.ports.transactions": ("Transaction", "Transactions"),
        "spike_core.ports.upscaler": ("RenderedImage", "Upscaler"),
        "spike_core.ports.users": ("UserRepository",),
        "spike_core.ports.wallets": ("WalletRepository",),
    },
)


def __dir__() -> list[str]:
    return __all__
