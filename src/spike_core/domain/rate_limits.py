"""Rate limits: how many requests one caller may make per fixed window."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from attrs import field, frozen, validators


class RateLimitGroup(Enum):
    """A group of requests that share one count per caller."""

    UPLOAD = "upload"
    BATCH_UPLOAD = "batch-upload"
    ENHANCE = "enhance"
    PARALLEL_ENHANCE = "parallel-enhance"
    MOVE = "move"
    GET_IMAGE = "get-image"
    ANALYZE = "analyze"
    ANONYMOUS_UPLOAD = "anonymous-upload"
    ANONYMOUS_MIX = "anonymous-mix"
    GENERATE = "generate"
    MODIFY = "modify"
    CANCEL = "cancel"  # of jobs that a worker has begun
    DOWNLOAD = "download"  # of several pictures in one file
    WEBHOOK = "webhook"  # that create, change or test one, or send something again
    GENERAL = "general"  # requests without a group of their own


DEFAULT_LIMITS: Final[Mapping[RateLimitGroup, int]] = {
    RateLimitGroup.UPLOAD: 30,
    RateLimitGroup.BATCH_UPLOAD: 30,
    RateLimitGroup.ENHANCE: 50,
    RateLimitGroup.PARALLEL_ENHANCE: 50,
    RateLimitGroup.MOVE: 50,
    RateLimitGroup.GET_IMAGE: 100,
    RateLimitGroup.ANALYZE: 50,
    RateLimitGroup.ANONYMOUS_UPLOAD: 10,
    RateLimitGroup.ANONYMOUS_MIX: 5,
    RateLimitGroup.GENERATE: 50,
    RateLimitGroup.MODIFY: 50,
    RateLimitGroup.CANCEL: 20,
    RateLimitGroup.DOWNLOAD: 30,
    RateLimitGroup.WEBHOOK: 60,
    RateLimitGroup.GENERAL: 0,
}
"""Requests per window and caller; 0 is no limit."""

DEFAULT_WINDOW: Final = timedelta(minutes=15)


@frozen(kw_only=True)
class RateLimit:
    """At most `limit` requests of a group per window; a window begins with the caller's first request."""

    bucket: RateLimitGroup
    limit: int = field(validator=validators.ge(1))
    window: timedelta


@frozen(kw_only=True)
class Allowance:
    """A caller's remaining requests after one was counted."""

    limit: int
    remaining: int  # 0 for the last allowed request and for all beyond it
    is_exceeded: bool  # this request exceeds the limit
    resets_at: datetime  # in whole seconds
