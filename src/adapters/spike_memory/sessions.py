"""Sessions in memory."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.accounts import Session
from spike_core.domain.errors import InvariantViolated, Unauthenticated
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

    def purge(self, *, expired_before: datetime) -> int:
        """Forget sessions that expired earlier."""
        sessions = self._rows.check_writable().sessions
        expired = [hash_ for hash_, session in sessions.items() if session.expires_at < expired_before]
        for hash_ in expired:
            del sessions[hash_]
        return len(expired)
