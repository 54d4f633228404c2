"""Sessions in responses."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from spike_core.domain.accounts import Email, Session, User
from spike_core.domain.identifiers import OwnerId


@frozen(kw_only=True)
class UserView:
    """The signed-in user."""

    id: OwnerId
    email: Email | None  # null where the app that embeds Spike has users of its own


@frozen(kw_only=True)
class SessionView:
    """The answer to `GET /api/session` and `POST /api/session`."""

    success: bool = True
    user: UserView | None  # null if no user is signed in

    @classmethod
    def of(cls, user: User | None) -> "SessionView":
        """Return the view of the signed-in user, if there is one."""
        return cls(user=None if user is None else UserView(id=user.id, email=user.email))

    @classmethod
    def of_owner(cls, owner_id: OwnerId) -> "SessionView":
        """Return the view of an owner whom Spike has no account of."""
        return cls(user=UserView(id=owner_id, email=None))


@frozen(kw_only=True)
class ListedSessionView:
    """A session in a list, without its token."""

    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool


@frozen(kw_only=True)
class SessionsView:
    """The answer to `GET /api/sessions`."""

    success: bool = True
    sessions: list[ListedSessionView]

    @classmethod
    def of(cls, sessions: Sequence[Session], *, current: Session | None) -> "SessionsView":
        """Return the view of a user's sessions; `current` is that of the request, if it has one."""
        return cls(
            sessions=[
                ListedSessionView(
                    created_at=session.created_at,
                    last_used_at=session.last_used_at,
                    expires_at=session.expires_at,
                    is_current=current is not None and session.hash == current.hash,
                )
                for session in sessions
            ]
        )


@frozen(kw_only=True)
class ClosedSessionView:
    """The answer to `DELETE /api/session`."""

    success: bool = True
    still_signed_in: bool  # by another program, whose sign-in Spike can't end
