"""Spike's hexagon: the domain, its ports and the services that join them.

The names below are public; so are those of `spike_core.errors` and `spike_core.ports`. They are imported on first use.
Embed the core by `compose` over adapters of your choice. It imports the standard library, attrs and cattrs.

    >>> from spike_core import Email, Tokens
    >>> Email.parse("Ada@Example.org")
    Email(text='ada@example.org')
    >>> Tokens(3) + Tokens(4)
    Tokens(amount=7)
"""

from typing import TYPE_CHECKING

from spike_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from spike_core.application import Application, Policies, Ports, compose
    from spike_core.codec import event_document
    from spike_core.domain.accounts import Email, User
    from spike_core.domain.albums import Album, AlbumDescription, AlbumName, AlbumPatch, Privacy
    from spike_core.domain.analysis import Analysis, PictureKind
    from spike_core.domain.api_keys import ApiKey, ApiKeyName, Scope
    from spike_core.domain.catalog import SPECIFIED, Catalog, Offer
    from spike_core.domain.dimensions import Dimensions
    from spike_core.domain.errors import Forbidden, InvalidInput, NotEnoughTokens, NotFound, SpikeError, Unavailable
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
    from spike_core.domain.generation import AspectRatio, Prompt
    from spike_core.domain.identifiers import AlbumId, BatchId, ImageId, JobId, OwnerId, UserId
    from spike_core.domain.images import Image, ImageName, MetadataPolicy
    from spike_core.domain.jobs import (
        CancelledJob,
        ClaimedJob,
        CompletedJob,
        FailedJob,
        Job,
        JobStatus,
        PendingJob,
        RefundedJob,
        StartedJob,
    )
    from spike_core.domain.ledger import EntryKind, LedgerEntry, Reference
    from spike_core.domain.limits import JobLimits, UploadLimits
    from spike_core.domain.objects import ObjectKey, PictureFormat
    from spike_core.domain.orders import Order, TaskKind
    from spike_core.domain.priorities import Priority
    from spike_core.domain.rate_limits import RateLimit, RateLimitGroup
    from spike_core.domain.regeneration_policy import RegenerationPolicy
    from spike_core.domain.render_options import Mode, RenderOptions
    from spike_core.domain.secrets import Secret
    from spike_core.domain.tiers import Tier
    from spike_core.domain.tokens import Tokens
    from spike_core.domain.usage import Budget, Budgets
    from spike_core.domain.wallet import Wallet

__all__ = [
    "SPECIFIED",
    "Album",
    "AlbumDescription",
    "AlbumId",
    "AlbumName",
    "AlbumPatch",
    "Analysis",
    "ApiKey",
    "ApiKeyName",
    "Application",
    "AspectRatio",
    "BatchId",
    "Budget",
    "Budgets",
    "CancelledJob",
    "Catalog",
    "ClaimedJob",
    "CompletedJob",
    "Dimensions",
    "Email",
    "EntryKind",
    "Event",
    "FailedJob",
    "Forbidden",
    "Image",
    "ImageDeleted",
    "ImageId",
    "ImageName",
    "ImageUploaded",
    "InvalidInput",
    "Job",
    "JobCancelled",
    "JobCompleted",
    "JobFailed",
    "JobId",
    "JobLimits",
    "JobRefunded",
    "JobStatus",
    "LedgerEntry",
    "MetadataPolicy",
    "Mode",
    "NotEnoughTokens",
    "NotFound",
    "ObjectKey",
    "Offer",
    "Order",
    "OwnerId",
    "PendingJob",
    "PictureFormat",
    "PictureKind",
    "Policies",
    "Ports",
    "Priority",
    "Privacy",
    "Prompt",
    "RateLimit",
    "RateLimitGroup",
    "Reference",
    "RefundedJob",
    "RegenerationPolicy",
    "RenderOptions",
    "Scope",
    "Secret",
    "SpikeError",
    "StartedJob",
    "TaskKind",
    "Tier",
    "Tokens",
    "TokensMoved",
    "Unavailable",
    "UploadLimits",
    "User",
    "UserId",
    "Wallet",
    "compose",
    "event_document",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spike_core.application": ("Application", "Policies", "Ports", "compose"),
        "spike_core.codec": ("event_document",),
        "spike_core.domain.accounts": ("Email", "User"),
        "spike_core.domain.albums": ("Album", "AlbumDescription", "AlbumName", "AlbumPatch", "Privacy"),
        "spike_core.domain.analysis": ("Analysis", "PictureKind"),
        "spike_core.domain.api_keys": ("ApiKey", "ApiKeyName", "Scope"),
        "spike_core.domain.catalog": ("SPECIFIED", "Catalog", "Offer"),
        "spike_core.domain.dimensions": ("Dimensions",),
        "spike_core.domain.errors": (
            "Forbidden",
            "InvalidInput",
            "NotEnoughTokens",
            "NotFound",
            "SpikeError",
            "Unavailable",
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
        "spike_core.domain.generation": ("AspectRatio", "Prompt"),
        "spike_core.domain.identifiers": ("AlbumId", "BatchId", "ImageId", "JobId", "OwnerId", "UserId"),
        "spike_core.domain.images": ("Image", "ImageName", "MetadataPolicy"),
        "spike_core.domain.jobs": (
            "CancelledJob",
            "ClaimedJob",
            "CompletedJob",
            "FailedJob",
            "Job",
            "JobStatus",
            "PendingJob",
            "RefundedJob",
            "StartedJob",
        ),
        "spike_core.domain.ledger": ("EntryKind", "LedgerEntry", "Reference"),
        "spike_core.domain.limits": ("JobLimits", "UploadLimits"),
        "spike_core.domain.objects": ("ObjectKey", "PictureFormat"),
        "spike_core.domain.orders": ("Order", "TaskKind"),
        "spike_core.domain.priorities": ("Priority",),
        "spike_core.domain.rate_limits": ("RateLimit", "RateLimitGroup"),
        "spike_core.domain.regeneration_policy": ("RegenerationPolicy",),
        "spike_core.domain.render_options": ("Mode", "RenderOptions"),
        "spike_core.domain.secrets": ("Secret",),
        "spike_core.domain.tiers": ("Tier",),
        "spike_core.domain.tokens": ("Tokens",),
        "spike_core.domain.usage": ("Budget", "Budgets"),
        "spike_core.domain.wallet": ("Wallet",),
    },
)


def __dir__() -> list[str]:
    return __all__
