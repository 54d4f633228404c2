"""Sessions of signed-in browsers and scripts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.accounts import Session, User
from spike_core.domain.errors import Unauthenticated, WalletNotFound
from spike_core.domain.identifiers import OwnerId, UserId
from spike_core.domain.limits import SESSIONS_SHOWN_MAX
from spike_core.domain.secrets import Secret
from spike_core.ports.clock import Clock
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.accounts import SESSION_LIFETIME
from spike_core.services.transaction_retries import retry_on_conflict

LINK_LIFETIME: Final = timedelta(hours=1)


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
    def open(self, user_id: UserId, *, opener: Session | None = None) -> OpenedSession:
        """Store a new session of the user; beyond `sessions_max` the oldest one ends.

        `opener` is the session in which it is opened; what may have been opened by an API key, so may this one.

        Raises:
            UserNotFound: there is no such user.
            Unauthenticated: the opener was closed meanwhile.
        """
        token, now = self.secrets.session_token(), self.clock.now()
        with self.transactions.begin() as tx:
            return self._add(tx, token, user_id, now=now, lifetime=SESSION_LIFETIME, opener=opener)

    def _add(
        self,
        tx: Transaction,
        token: Secret,
        user_id: UserId,
        *,
        now: datetime,
        lifetime: timedelta,
        is_link: bool = False,
        opener: Session | None = None,
    ) -> OpenedSession:
        user = tx.users.user(user_id)
        _lock(tx, user_id)
        if opener is not None:
            tx.sessions.get(opener.hash)
        session = Session(
            hash=token.hash,
            user_id=user_id,
            created_at=now,
            expires_at=now + lifetime,
            is_link=is_link,
            may_descend_from_key=opener is not None and opener.may_descend_from_key,
        )
        tx.sessions.add(session)
        tx.sessions.keep_newest(user_id, count=self.sessions_max)
        return OpenedSession(user=user, token=token, expires_at=session.expires_at)

    @retry_on_conflict
    def open_link(self, user_id: UserId) -> OpenedSession:
        """Store the session of a sign-in link, which can be redeemed once and within `LINK_LIFETIME`.

        Raises:
            UserNotFound: there is no such user.
        """
        token, now = self.secrets.session_token(), self.clock.now()
        with self.transactions.begin() as tx:
            return self._add(tx, token, user_id, now=now, lifetime=LINK_LIFETIME, is_link=True)

    @retry_on_conflict
    def redeem(self, token: Secret) -> OpenedSession:
        """Exchange the session of a sign-in link for a new session; of two attempts at once, one succeeds.

        Raises:
            Unauthenticated: the token is unknown, expired, redeemed, or not that of a sign-in link.
        """
        if token.is_api_key:
            raise Unauthenticated
        now = self.clock.now()
        with self.transactions.view() as tx:  # most tokens that come here are no link's, and write nothing
            link = tx.sessions.get(token.hash).check_redeemable(now=now)
        opened = self.secrets.session_token()
        with self.transactions.begin() as tx:
            if not tx.sessions.remove(link.hash):  # another transaction was faster
                raise Unauthenticated
            return self._add(tx, opened, link.user_id, now=now, lifetime=SESSION_LIFETIME)

    def of(self, user_id: OwnerId) -> Sequence[Session]:
        """Return the user's sessions, the `SESSIONS_SHOWN_MAX` most recently opened, newest first; no links."""
        now = self.clock.now()
        with self.transactions.view() as tx:
            sessions = tx.sessions.of_user(user_id, limit=SESSIONS_SHOWN_MAX)
        return [session for session in sessions if now < session.expires_at and not session.is_link]

    @retry_on_conflict
    def close_all(self, user_id: OwnerId) -> int:
        """Close all of the user's sessions, with unused sign-in links, and return how many. API keys stay valid."""
        with self.transactions.begin() as tx:
            _lock(tx, user_id)
            return tx.sessions.remove_all(user_id)

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


def _lock(tx: Transaction, user_id: OwnerId) -> None:
    """Lock the user's wallet: of two sessions opened at once both count, and none is opened while all are closed."""
    with suppress(WalletNotFound):  # an application's own users may have none
        tx.wallets.lock(user_id)
