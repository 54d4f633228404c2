"""Regeneration: tokens that come back with time, as a pure function.

The laws (invariant I5): it never lifts a wallet above the cap, never lowers it, and reading often or seldom gives the
same balance and the same clock.
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.ledger import EntryKind
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting, Wallet


@frozen(kw_only=True)
class RegenerationPolicy:
    """One token every `interval`, while the balance is below `cap`.

    Raises:
        InvalidValue: the interval isn't longer than zero.
    """

    interval: timedelta = field(default=timedelta(minutes=15))
    cap: Tokens = Tokens(100)

    @interval.validator
    def _positive(self, _attribute: object, value: timedelta) -> None:
        if value <= timedelta(0):
            raise InvalidValue(what="the regeneration interval", rule="must be longer than zero")


REASON: Final = "Tokens regenerated"


def regenerate(wallet: Wallet, policy: RegenerationPolicy, *, now: datetime) -> Posting:
    """Fold in the tokens that have come back by `now`.

    n whole intervals give n tokens and move the clock by n intervals, so the remainder is never lost. At or above
    the cap the clock moves to `now`, so a full wallet stores up nothing. A clock that ran backwards mints nothing.
    """
    elapsed = now - wallet.regenerated_at
    if elapsed <= timedelta(0):
        return Posting(wallet=wallet)
    room = max(0, policy.cap.amount - wallet.balance.amount)
    intervals = elapsed // policy.interval
    counted_up_to = now if intervals >= room else wallet.regenerated_at + intervals * policy.interval
    moved = evolve(wallet, regenerated_at=counted_up_to)
    minted = Tokens(min(intervals, room))
    return moved.credit(minted, kind=EntryKind.EARN_REGENERATION, now=now, reason=REASON)


def next_token_at(wallet: Wallet, policy: RegenerationPolicy) -> datetime | None:
    """Return when a regenerated wallet gets its next token, or `None` for a full one, which gets none."""
    if wallet.balance >= policy.cap:
        return None
    return wallet.regenerated_at + policy.interval
