"""Rates: how often one caller may ask for what, in fixed windows of time."""

from datetime import datetime, timedelta
from enum import Enum

from attrs import field, frozen, validators


class RateLimitGroup(Enum):
    """What is counted together."""

    UPLOAD = "upload"
    BATCH_UPLOAD = "batch-upload"
    ENHANCE = "enhance"
    PARALLEL_ENHANCE = "parallel-enhance"
    MOVE = "move"
    GET_IMAGE = "get-image"
    ANONYMOUS_UPLOAD = "anonymous-upload"
    ANONYMOUS_MIX = "anonymous-mix"
    GENERATE = "generate"
    MODIFY = "modify"
    GENERAL = "general"  # whatever has no bucket of its own


@frozen(kw_only=True)
class RateLimit:
    """So many requests of a bucket within a window, which begins with a caller's first."""

    bucket: RateLimitGroup
    limit: int = field(validator=validators.ge(1))
    window: timedelta


@frozen(kw_only=True)
class Allowance:
    """What is left to a caller after a request was counted."""

    limit: int
    remaining: int  # 0 for the last request that is allowed, and for those beyond
    is_exceeded: bool  # this request is one too many
    resets_at: datetime  # in whole seconds
