"""A deadline on a monotonic clock."""

from collections.abc import Callable
from typing import Self

import httpcore2
from attrs import evolve, frozen


@frozen(kw_only=True)
class Deadline:
    """A point in time by which an exchange must be over."""

    ends_at_s: float
    monotonic: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, *, monotonic: Callable[[], float]) -> Self:
        """Return the deadline this many seconds from now."""
        return cls(ends_at_s=monotonic() + seconds, monotonic=monotonic)

    def sooner(self, seconds: float) -> Self:
        """Return the deadline this many seconds from now, or this one where it is earlier."""
        return evolve(self, ends_at_s=min(self.ends_at_s, self.monotonic() + seconds))

    @property
    def left_s(self) -> float:
        """The seconds that are left; negative after the deadline."""
        return self.ends_at_s - self.monotonic()

    def timeout_s(self, wanted_s: float | None) -> float:
        """Return the timeout of one wait: the seconds that are left, at most `wanted_s`.

        Raises:
            ReadTimeout: the deadline has passed.
        """
        left_s = self.left_s
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return left_s if wanted_s is None else min(left_s, wanted_s)
