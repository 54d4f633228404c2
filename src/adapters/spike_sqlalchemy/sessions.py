"""Sessions in a database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from spike_core.domain.accounts import Session
from spike_core.domain.errors import Unauthenticated
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.secrets import SecretHash
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.rows import session_of, session_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import sessions

_ADD: Final = Prepared(insert(sessions).inline())
_GET: Final = Prepared(select(sessions).where(sessions.c.hash == bindparam("secret_hash")))
_OF_USER: Final = Prepared(
    select(sessions)
    .where(sessions.c.user_id == bindparam("user"))
    .order_by(sessions.c.created_at.desc(), sessions.c.hash.desc())
    .limit(bindparam("rows_max"))
)
_NOTE_USE: Final = Prepared(
    update(sessions)
    .where(
        sessions.c.hash == bindparam("secret_hash"),
        or_(sessions.c.last_used_at.is_(None), sessions.c.last_used_at < bindparam("used_at")),
    )
    .values(last_used_at=bindparam("used_at"))
)
_REMOVE: Final = Prepared(delete(sessions).where(sessions.c.hash == bindparam("secret_hash")))
_REMOVE_ALL: Final = Prepared(delete(sessions).where(sessions.c.user_id == bindparam("user")))
_REMOVE_DESCENDANTS: Final = Prepared(
    delete(sessions).where(
        sessions.c.user_id == bindparam("user"),
        sessions.c.may_descend_from_key,
        sessions.c.created_at >= bindparam("since"),
        sessions.c.hash != bindparam("kept_hash"),
    )
)
_COUNT: Final = Prepared(select(func.count()).select_from(sessions).where(sessions.c.user_id == bindparam("user")))
_TRIM: Final = Prepared(
    delete(sessions).where(
        sessions.c.user_id == bindparam("user"),
        sessions.c.hash.not_in(
            select(sessions.c.hash)
            .where(sessions.c.user_id == bindparam("user"))
            .order_by(sessions.c.created_at.desc(), sessions.c.hash)
            .limit(bindparam("kept"))
        ),
    )
)
_PURGE: Final = Prepared(delete(sessions).where(sessions.c.expires_at < bindparam("expired_before")))


@frozen
class SqlAlchemySessions:
    """See the port."""

    _statements: Statements

    def add(self, session: Session) -> None:
        """Store a new session."""
        self._statements.write_all(_ADD, [session_row(session)])

    def get(self, hash_: SecretHash) -> Session:
        """Return the session with this hash."""
        for row in self._statements.rows(_GET, {"secret_hash": hash_.text}):
            return session_of(row)
        raise Unauthenticated

    def of_user(self, user_id: OwnerId, *, limit: int) -> Sequence[Session]:
        """Return the user's sessions, newest first."""
        rows = self._statements.rows(_OF_USER, {"user": user_id.text, "rows_max": limit})
        return [session_of(row) for row in rows]

    def note_use(self, hash_: SecretHash, *, now: datetime) -> None:
        """Set when the session was last used."""
        self._statements.write(_NOTE_USE, {"secret_hash": hash_.text, "used_at": now})

    def remove(self, hash_: SecretHash) -> int:
        """Remove the session with this hash."""
        return self._statements.write(_REMOVE, {"secret_hash": hash_.text})

    def remove_all(self, user_id: OwnerId) -> int:
        """Remove the user's sessions."""
        return self._statements.write(_REMOVE_ALL, {"user": user_id.text})

    def remove_descendants(self, user_id: OwnerId, *, since: datetime, kept: SecretHash | None) -> int:
        """Remove sessions that may descend from a key."""
        parameters = {"user": user_id.text, "since": since, "kept_hash": kept.text if kept else ""}
        return self._statements.write(_REMOVE_DESCENDANTS, parameters)

    def count(self, user_id: OwnerId) -> int:
        """Return how many sessions of the user there are."""
        [(number,)] = self._statements.rows(_COUNT, {"user": user_id.text})
        return int(number)

    def keep_newest(self, user_id: OwnerId, *, count: int) -> None:
        """Remove the user's older sessions."""
        self._statements.write(_TRIM, {"user": user_id.text, "kept": count})

    def purge(self, *, expired_before: datetime) -> int:
        """Forget sessions that expired earlier."""
        return self._statements.write(_PURGE, {"expired_before": expired_before})
