"""Accounts: registration and authentication."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from spike_core.domain.accounts import USE_NOTED_EVERY, Email, Session, User
from spike_core.domain.api_keys import ApiKey, ApiKeyName
from spike_core.domain.errors import EmailTaken, Unauthenticated, Unavailable
from spike_core.domain.identifiers import ApiKeyId, UserId
from spike_core.domain.ledger import EntryKind
from spike_core.domain.secrets import Secret, SecretHash
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.regeneration import RegenerationPolicies
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.regeneration import SamePolicy
from spike_core.services.transaction_retries import retry_on_conflict

SESSION_LIFETIME: Final = timedelta(days=30)
OPENING_GRANT: Final = Tokens(100)
WELCOME: Final = "Welcome"
_NOTED_MAX: Final = 10_000  # sessions whose noted use is remembered


@frozen(kw_only=True)
class Registered:
    """A new user, with two secrets that are shown only once."""

    user: User
    session_token: Secret
    api_key: Secret
    balance: Tokens


@frozen(kw_only=True)
class Registration:
    """Creates users, each with a wallet, a session and an API key."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    secrets: Secrets
    opening_grant: Tokens = OPENING_GRANT
    policies: RegenerationPolicies = field(factory=SamePolicy)

    @retry_on_conflict
    def register(self, email: Email, *, tokens: Tokens | None = None) -> Registered:
        """Create a user whose wallet holds `tokens`, or the opening grant.

        Raises:
            EmailTaken: another user has this address.
        """
        now = self.clock.now()
        token, key = self.secrets.session_token(), self.secrets.api_key()
        with self.transactions.begin() as tx:
            user, balance = self.add(tx, email, tokens=tokens)
            tx.sessions.add(
                Session(hash=token.hash, user_id=user.id, created_at=now, expires_at=now + SESSION_LIFETIME)
            )
            tx.api_keys.put(
                ApiKey(
                    id=self.ids.new(ApiKeyId),
                    user_id=user.id,
                    name=ApiKeyName("first"),
                    hash=key.hash,
                    shown=key.shown,
                    created_at=now,
                )
            )
        return Registered(user=user, session_token=token, api_key=key, balance=balance)

    def add(self, tx: Transaction, email: Email, *, tokens: Tokens | None = None) -> tuple[User, Tokens]:
        """Store a new user with a wallet and without credentials, and return them and their balance.

        Raises:
            EmailTaken: another user has this address.
        """
        now = self.clock.now()
        user = User(id=self.ids.new(UserId), email=email, created_at=now)
        opening = Wallet.empty(user.id, now=now, policy=self.policies.of(user.id)).credit(
            self.opening_grant if tokens is None else tokens, kind=EntryKind.EARN_BONUS, now=now, reason=WELCOME
        )
        tx.users.add_user(user)
        tx.wallets.open(opening)
        return user, opening.wallet.balance

    def find_or_register(self, email: Email) -> User:
        """Return the user who has this address; the first call registers them, and their secrets are dropped.

        For a program that authenticates its users itself.
        """
        try:
            return self.register(email).user
        except EmailTaken:
            with self.transactions.view() as tx:
                return tx.users.user_by_email(email)


@frozen(kw_only=True)
class Authentication:
    """Authenticates secrets."""

    transactions: Transactions
    clock: Clock
    _noted: dict[SecretHash, datetime] = field(factory=dict, init=False, repr=False)  # sessions, and when

    def authenticate(self, secret: Secret) -> UserId:
        """Return the user whose session token or API key this is.

        Raises:
            Unauthenticated: the secret is unknown, expired or revoked, or the token of a sign-in link.
        """
        return self.credential(secret).user_id

    def credential(self, secret: Secret) -> Session | ApiKey:
        """Return the session or the API key of a secret, and note the use of a session from time to time.

        A mistyped API key is recognized by its checksum, without a query.

        Raises:
            Unauthenticated: as `authenticate`.
        """
        if secret.is_mistyped:
            raise Unauthenticated
        now = self.clock.now()
        with self.transactions.view() as tx:
            if secret.is_api_key:
                return tx.api_keys.by_hash(secret.hash).check_active(now=now)
            session = tx.sessions.get(secret.hash).check_valid(now=now)
        if session.is_use_due(now=now):
            self._note_use(session.hash, now=now)
        return session

    def _note_use(self, hash_: SecretHash, *, now: datetime) -> None:
        """Store when the session was used; a use is no reason for a request to fail, or to wait more than once."""
        noted_at = self._noted.get(hash_)
        if noted_at is not None and now - noted_at < USE_NOTED_EVERY:
            return
        if len(self._noted) >= _NOTED_MAX:
            self._noted.clear()
        self._noted[hash_] = now
        with suppress(Unavailable), self.transactions.begin() as tx:
            tx.sessions.note_use(hash_, now=now)
