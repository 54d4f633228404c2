"""Statistics over all owners, for metrics."""

from datetime import datetime

from attrs import field, frozen, validators

_NONE_OR_MORE = validators.ge(0)


@frozen(kw_only=True)
class QueueStatistics:
    """The number of unsettled jobs by state."""

    waiting: int = field(validator=_NONE_OR_MORE)  # held back by fair scheduling
    announced: int = field(validator=_NONE_OR_MORE)  # in the outbox
    started: int = field(validator=_NONE_OR_MORE)  # in a worker queue
    claimed: int = field(validator=_NONE_OR_MORE)  # leased to a worker
    oldest_unclaimed_at: datetime | None  # when the oldest job not yet claimed was accepted


@frozen(kw_only=True)
class RefundStatistics:
    """The number of refunds and their sum, over all time."""

    refunds: int = field(validator=_NONE_OR_MORE)
    tokens: int = field(validator=_NONE_OR_MORE)
