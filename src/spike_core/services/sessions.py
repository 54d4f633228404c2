"""Sessions of signed-in browsers and scripts."""

from contextlib import suppress
from datetime import datetime

from attrs import frozen

from spike_core.domain.accounts import Session, User
from spike_core.domain.errors import WalletNotFound
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import Secret
from spike_core.ports.clock import Clock
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.services.accounts import SESSION_LIFETIME
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class OpenedSession:
    """A new session, with its token, which is shown only once."""

    user: User
    token: Secret
    expires_at: datetime


@frozen(kw_only=True)
class Sessions:
    """Opens and closes sessions. Each has its own token; closing one leaves the user's others open."""

    transactions: Transactions
    clock: Clock
    secrets: Secrets
    sessions_max: int = 20  # of one user

    @retry_on_conflict
    def open(self, user_id: UserId) -> OpenedSession:
        """Store a new session of the user; beyond `sessions_max` the oldest one ends.

        Raises:
            UserNotFound: there is no such user.
        """
        now = self.clock.now()
        token = self.secrets.session_token()
        session = Session(hash=token.hash, user_id=user_id, created_at=now, expires_at=now + SESSION_LIFETIME)
        with self.transactions.begin() as tx:
            user = tx.users.user(user_id)
            with suppress(WalletNotFound):  # an application's own users may have none
                tx.wallets.lock(user_id)  # of two sessions opened at once, both count
            tx.sessions.add(session)
            tx.sessions.keep_newest(user_id, count=self.sessions_max)
        return OpenedSession(user=user, token=token, expires_at=session.expires_at)

    @retry_on_conflict
    def close(self, token: Secret) -> None:
        """Close the token's session, if there is one."""
        with self.transactions.begin() as tx:
            tx.sessions.remove(token.hash)

    @retry_on_conflict
    def purge(self) -> int:
        """Delete expired sessions and return how many.

        Raises:
            DatabaseUnavailable: a later run continues.
        """
        with self.transactions.begin() as tx:
            return tx.sessions.purge(expired_before=self.clock.now())

    def user(self, user_id: UserId) -> User:
        """Return the user.

        Raises:
            UserNotFound: no user has this id.
        """
        with self.transactions.view() as tx:
            return tx.users.user(user_id)
