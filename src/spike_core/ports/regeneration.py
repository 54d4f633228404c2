"""The regeneration policies port."""

from typing import Protocol

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.regeneration_policy import RegenerationPolicy


class RegenerationPolicies(Protocol):
    """Decides how each owner's wallet fills by itself, for example by the owner's plan."""

    def of(self, owner_id: OwnerId) -> RegenerationPolicy:
        """Return the owner's policy, of any owner, also one that it has never heard of.

        It is asked whenever a wallet is read or changed, within the transaction that holds the wallet's lock, and by
        several threads at once. So it answers from memory, without a network or a database, and raises nothing.

        After it has answered otherwise than before, a wallet regenerates by the earlier policy until its next change,
        and by the new one from then on; `Wallets.regenerate` is such a change. So no balance is lower than one shown
        before.
        """
