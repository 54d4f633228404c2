"""Tallies: how much of something there is, for those who watch over the service."""

from datetime import datetime

from attrs import field, frozen, validators

_NONE_OR_MORE = validators.ge(0)


@frozen(kw_only=True)
class QueueStatistics:
    """The jobs that haven't ended, by how far they are."""

    waiting: int = field(validator=_NONE_OR_MORE)  # for their owner's turn
    announced: int = field(validator=_NONE_OR_MORE)  # to be handed to the worker queue
    started: int = field(validator=_NONE_OR_MORE)  # handed over
    claimed: int = field(validator=_NONE_OR_MORE)  # in work
    oldest_unclaimed_at: datetime | None  # when the job was accepted that waits longest for a worker


@frozen(kw_only=True)
class RefundStatistics:
    """All refunds there ever were."""

    refunds: int = field(validator=_NONE_OR_MORE)
    tokens: int = field(validator=_NONE_OR_MORE)
