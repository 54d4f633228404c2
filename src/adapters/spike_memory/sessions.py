"""Sessions in memory."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.accounts import Session
from spike_core.domain.errors import InvariantViolated, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import SecretHash
from spike_memory.state import Rows


@frozen
class MemorySessions:
    """See the port."""

    _rows: Rows

    def add(self, session: Session) -> None:
        """Store a new session."""
        state = self._rows.check_writable()
        if session.hash in state.sessions:
            raise InvariantViolated("a new session's token is new")
        state.sessions[session.hash] = session

    def get(self, hash_: SecretHash) -> Session:
        """Return the session with this hash."""
        try:
            return self._rows.state.sessions[hash_]
        except KeyError as error:
            raise Unauthenticated from error

    def remove(self, hash_: SecretHash) -> None:
        """Remove the session with this hash."""
        self._rows.check_writable().sessions.pop(hash_, None)

    def count(self, user_id: UserId) -> int:
        """Return how many sessions of the user there are."""
        return sum(session.user_id == user_id for session in self._rows.state.sessions.values())

    def keep_newest(self, user_id: UserId, *, count: int) -> None:
        """Remove the user's older sessions."""
        sessions = self._rows.check_writable().sessions
        own = [session for session in sessions.values() if session.user_id == user_id]
        for session in sorted(own, key=lambda session: session.created_at, reverse=True)[count:]:
            del sessions[session.hash]

    def purge(self, *, expired_before: datetime) -> int:
        """Forget sessions that expired earlier."""
        sessions = self._rows.check_writable().sessions
        expired = [hash_ for hash_, session in sessions.items() if session.expires_at < expired_before]
        for hash_ in expired:
            del sessions[hash_]
        return len(expired)
