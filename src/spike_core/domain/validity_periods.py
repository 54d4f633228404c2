"""Validity periods: from when until when a signed URL is valid."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from attrs import frozen

_SECOND: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=36_500)


@frozen(kw_only=True)
class ValidityPeriod:
    """A period in whole seconds. Those of URLs that are signed shortly after each other are the same.

    So the URL of an object stays the same for a while, and browsers can cache what it leads to.

    >>> now = datetime(2026, 11, 29, 10, 7, tzinfo=UTC)
    >>> period = ValidityPeriod.of(now, valid_for=timedelta(hours=1))
    >>> period.begins.isoformat(), period.ends.isoformat()
    ('2026-11-29T10:00:00+00:00', '2026-11-29T11:30:00+00:00')
    """

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, now: datetime, *, valid_for: timedelta, length_max: timedelta = _LONGEST) -> Self:
        """Return the period that has begun at `now` and lasts at least `valid_for` longer.

        It lasts at most half of that longer. It stays the same for half of `valid_for`, for less where it would exceed
        `length_max`.
        """
        valid_s = math.ceil(valid_for / _SECOND)
        step_s = max(1, min(valid_s // 2, math.floor(length_max / _SECOND) - valid_s))
        begins_s = math.floor(now.timestamp() / step_s) * step_s
        length_s = min(valid_s + step_s, math.floor(length_max / _SECOND))
        return cls(begins=datetime.fromtimestamp(begins_s, UTC), ends=datetime.fromtimestamp(begins_s + length_s, UTC))
