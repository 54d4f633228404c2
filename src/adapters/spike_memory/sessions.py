"""Sessions in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.accounts import Session
from spike_core.domain.errors import InvariantViolated, Unauthenticated
from spike_core.domain.identifiers import OwnerId
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

    def of_user(self, user_id: OwnerId, *, limit: int) -> Sequence[Session]:
        """Return the user's sessions, newest first."""
        found = [session for session in self._rows.state.sessions.values() if session.user_id == user_id]
        return sorted(found, key=lambda session: (session.created_at, session.hash), reverse=True)[:limit]

    def note_use(self, hash_: SecretHash, *, now: datetime) -> None:
        """Set when the session was last used."""
        sessions = self._rows.check_writable().sessions
        if hash_ in sessions and sessions[hash_].last_used_at < now:
            sessions[hash_] = evolve(sessions[hash_], last_used_at=now)

    def remove(self, hash_: SecretHash) -> int:
        """Remove the session with this hash."""
        return self._remove(lambda session: session.hash == hash_)

    def remove_all(self, user_id: OwnerId) -> int:
        """Remove the user's sessions."""
        return self._remove(lambda session: session.user_id == user_id)

    def remove_descendants(self, user_id: OwnerId, *, since: datetime, kept: SecretHash | None) -> int:
        """Remove sessions that may descend from a key."""
        return self._remove(
            lambda session: (
                session.user_id == user_id
                and session.may_descend_from_key
                and session.created_at >= since
                and session.hash != kept
            )
        )

    def count(self, user_id: OwnerId) -> int:
        """Return how many sessions of the user there are."""
        return sum(session.user_id == user_id for session in self._rows.state.sessions.values())

    def keep_newest(self, user_id: OwnerId, *, count: int) -> None:
        """Remove the user's older sessions."""
        sessions = self._rows.check_writable().sessions
        own = [session for session in sessions.values() if session.user_id == user_id]
        for session in sorted(own, key=lambda session: session.created_at, reverse=True)[count:]:
            del sessions[session.hash]

    def purge(self, *, expired_before: datetime) -> int:
        """Forget sessions that expired earlier."""
        return self._remove(lambda session: session.expires_at < expired_before)

    def _remove(self, ends: Callable[[Session], bool]) -> int:
        sessions = self._rows.check_writable().sessions
        ended = [hash_ for hash_, session in sessions.items() if ends(session)]
        for hash_ in ended:
            del sessions[hash_]
        return len(ended)
