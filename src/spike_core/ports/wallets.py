"""The wallets port."""

from typing import Protocol

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.wallet import Posting, Wallet


class Wallets(Protocol):
    """The token wallets of all owners, within one transaction."""

    def get(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet as this transaction sees it.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """

    def lock(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet, locked until the transaction ends: nobody else changes it meanwhile.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """

    def open(self, posting: Posting) -> None:
        """Store a new wallet together with its first entries."""

    def post(self, posting: Posting) -> None:
        """Store a locked wallet together with the entries that explain its change, or neither.

        Raises:
            DuplicateEntry: a job of these entries has been charged, or refunded, before.
            StaleWrite: the wallet has changed since it was read, so it wasn't locked.
        """
