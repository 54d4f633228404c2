"""The session repository port."""

from datetime import datetime
from typing import Protocol

from spike_core.domain.accounts import Session
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import SecretHash


class SessionRepository(Protocol):
    """All sessions, within one transaction."""

    def add(self, session: Session) -> None:
        """Store a new session of a stored user."""

    def get(self, hash_: SecretHash) -> Session:
        """Return the session whose token has this hash, expired or not.

        Raises:
            Unauthenticated: there is no such session.
        """

    def remove(self, hash_: SecretHash) -> None:
        """Delete the session whose token has this hash, if there is one."""

    def count(self, user_id: UserId) -> int:
        """Return how many sessions of the user are stored, expired or not."""

    def keep_newest(self, user_id: UserId, *, count: int) -> None:
        """Delete all but the user's newest `count` sessions."""

    def purge(self, *, expired_before: datetime) -> int:
        """Delete sessions that expired before then and return how many."""
