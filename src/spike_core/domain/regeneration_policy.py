"""The regeneration policy: how fast and how far a wallet fills by itself."""

from datetime import timedelta
from typing import Final

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.tokens import Tokens

INTERVAL_MAX: Final = timedelta(days=36_500)


@frozen(kw_only=True)
class RegenerationPolicy:
    """One token every `interval`, while balance and parked tokens together are below `cap`. A cap of zero gives none.

    >>> RegenerationPolicy(interval=timedelta(minutes=5), cap=Tokens(20)).cap
    Tokens(amount=20)

    Raises:
        InvalidValue: the interval isn't longer than zero and at most `INTERVAL_MAX`.
    """

    interval: timedelta = field(default=timedelta(minutes=15))
    cap: Tokens = Tokens(100)

    @interval.validator
    def _positive(self, _attribute: object, value: timedelta) -> None:
        if not timedelta(0) < value <= INTERVAL_MAX:
            rule = f"must be longer than zero and at most {INTERVAL_MAX.days} days"
            raise InvalidValue(what="the regeneration interval", rule=rule)
