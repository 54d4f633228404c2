"""Errors of tokens: wallets, ledgers, prices, and the limits of API keys."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, NotFound, SpikeError, Unavailable


@frozen
class WalletNotFound(NotFound):
    """The owner has no wallet; `Wallets.open` opens one."""

    code: ClassVar[str] = "wallet_not_found"


@frozen
class EntryNotFound(NotFound):
    """The owner's ledger has no entry with this reference."""

    code: ClassVar[str] = "entry_not_found"


@frozen
class DuplicateEntry(Conflict):
    """The ledger already has an entry for this charge, refund or reference."""

    code: ClassVar[str] = "duplicate_entry"


@frozen
class ReferenceReused(Conflict):
    """The reference names a credit or a debit of the same owner with another kind or amount; nothing changed."""

    code: ClassVar[str] = "reference_reused"
    reference: str

    def __str__(self) -> str:
        """Name the reference."""
        return f"the reference {self.reference} was used for another kind or amount"


@frozen
class NotEnoughTokens(SpikeError):
    """The wallet's balance is below the price."""

    code: ClassVar[str] = "not_enough_tokens"
    required: int
    balance: int


@frozen
class ApiKeyLimitReached(SpikeError):
    """The charge would exceed the monthly limit of the API key."""

    code: ClassVar[str] = "api_key_limit_reached"
    required: int
    used: int
    limit: int


@frozen
class PricesUnavailable(Unavailable):
    """The price list can't say the price."""

    code: ClassVar[str] = "prices_unavailable"
