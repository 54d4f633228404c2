"""Tokens: the unit of payment, a whole number that is never negative."""

from typing import Final, Self

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue

TOKENS_MAX: Final = 2**53 - 1  # the largest integer that every JSON parser keeps exact (RFC 8259, section 6)


@frozen(order=True)
class Tokens:
    """An amount of tokens: a whole number from 0 to `TOKENS_MAX`.

    >>> Tokens(3) + Tokens(4)
    Tokens(amount=7)
    >>> Tokens(3) - Tokens(4)
    Traceback (most recent call last):
    spike_core.domain.errors.InvalidValue: ...

    Raises:
        InvalidValue: the amount isn't a whole number in that range. Booleans are rejected.
    """

    amount: int = field()

    @amount.validator
    def _whole_and_in_range(self, _attribute: object, value: object) -> None:
        if type(value) is not int or not 0 <= value <= TOKENS_MAX:
            raise InvalidValue(what="tokens", rule=f"must be a whole number from 0 to {TOKENS_MAX}")

    def __add__(self, other: Self) -> Self:
        return type(self)(self.amount + other.amount)

    def __sub__(self, other: Self) -> Self:
        """Return the difference.

        Raises:
            InvalidValue: `other` is the larger one.
        """
        return type(self)(self.amount - other.amount)

    def __bool__(self) -> bool:
        return self.amount > 0

    def __str__(self) -> str:
        return str(self.amount)


NO_TOKENS: Final = Tokens(0)
