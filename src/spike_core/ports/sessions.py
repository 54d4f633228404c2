"""The sessions port."""

from datetime import datetime
from typing import Protocol

from spike_core.domain.accounts import SecretHash, Session


class Sessions(Protocol):
    """Browsers that are signed in, within one transaction."""

    def add(self, session: Session) -> None:
        """Store a new session; its user is there."""

    def get(self, hash_: SecretHash) -> Session:
        """Return the session whose token has this hash, expired or not.

        Raises:
            Unauthenticated: there is none.
        """

    def remove(self, hash_: SecretHash) -> None:
        """Remove the session whose token has this hash; nothing where there is none."""

    def purge(self, *, expired_before: datetime) -> int:
        """Forget sessions that expired earlier, and return how many."""
