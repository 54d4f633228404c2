"""The session repository port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.accounts import Session
from spike_core.domain.identifiers import OwnerId
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

    def of_user(self, user_id: OwnerId, *, limit: int) -> Sequence[Session]:
        """Return at most `limit` of the user's sessions, expired or not, the most recently opened first.

        Of sessions opened at the same time, the one with the greater hash comes first.
        """

    def note_use(self, hash_: SecretHash, *, now: datetime) -> None:
        """Set `last_used_at` to `now`, unless it is later; nothing happens if there is no such session."""

    def remove(self, hash_: SecretHash) -> int:
        """Delete the session whose token has this hash, if there is one; return 1 if there was, else 0.

        Of two transactions that delete the same session, one gets 1.
        """

    def remove_all(self, user_id: OwnerId) -> int:
        """Delete all of the user's sessions and return how many."""

    def remove_descendants(self, user_id: OwnerId, *, since: datetime, kept: SecretHash | None) -> int:
        """Delete the user's sessions that may descend from a key created at `since`, and return how many.

        These are the ones with `may_descend_from_key` that were opened at that time or later, except `kept`.
        """

    def count(self, user_id: OwnerId) -> int:
        """Return how many sessions of the user are stored, expired or not."""

    def keep_newest(self, user_id: OwnerId, *, count: int) -> None:
        """Delete all but the user's newest `count` sessions."""

    def purge(self, *, expired_before: datetime) -> int:
        """Delete sessions that expired before then and return how many."""
