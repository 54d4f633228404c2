"""Wallets: balances and their history; opening them, credits and debits."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.accounts import Email
from spike_core.domain.errors import EntryNotFound, InvalidValue, ReferenceReused, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import EARN_KINDS, EntryKind, LedgerEntry, LedgerTotals, Reference
from spike_core.domain.limits import PAGE_SIZE, check_page_size
from spike_core.domain.regeneration import next_token_at
from spike_core.domain.tokens import TOKENS_MAX, Tokens
from spike_core.domain.wallet import Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.accounts import OPENING_GRANT, WELCOME
from spike_core.services.billing import Billing
from spike_core.services.transaction_retries import retry_on_conflict
from spike_core.services.users import owner_id_of


@frozen(kw_only=True)
class Account:
    """A wallet after regeneration, with its ledger's totals."""

    wallet: Wallet
    cap: Tokens
    next_token_at: datetime | None  # `None` while the wallet is full
    totals: LedgerTotals


@frozen(kw_only=True)
class HistoryPage:
    """A page of a wallet's ledger, newest first."""

    entries: Sequence[LedgerEntry]
    next_before: int | None  # where the next page starts, `None` behind the last


@frozen(kw_only=True)
class Wallets:
    """Reads wallets and their history, opens them, and adds and takes tokens."""

    transactions: Transactions
    clock: Clock
    billing: Billing
    opening_grant: Tokens = OPENING_GRANT

    def account(self, owner_id: OwnerId) -> Account:
        """Return the owner's account. Regenerated tokens are included but not yet stored.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        with self.transactions.view() as tx:
            stored = tx.wallets.get(owner_id)
            wallet = self.billing.balance(tx, owner_id, now=self.clock.now())
        policy = self.billing.policies.of(owner_id)
        return Account(
            wallet=wallet,
            cap=policy.cap,
            next_token_at=next_token_at(wallet, policy),
            totals=evolve(stored.totals, earned=stored.totals.earned + (wallet.balance - stored.balance)),
        )

    def history(self, owner_id: OwnerId, *, before: int | None = None, limit: int = PAGE_SIZE) -> HistoryPage:
        """Return a page of the owner's ledger, newest first; `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            entries = tx.wallets.entries(owner_id, before=before, limit=limit + 1)
        page = entries[:limit]
        return HistoryPage(entries=page, next_before=page[-1].sequence if len(entries) > limit else None)

    def entry(self, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
        """Return the ledger entry of the credit or debit with this reference.

        Raises:
            EntryNotFound: the owner's ledger has none.
        """
        with self.transactions.view() as tx:
            return tx.wallets.entry(owner_id, reference)

    @retry_on_conflict
    def open(self, owner_id: OwnerId, *, tokens: Tokens | None = None) -> Wallet:
        """Open the owner's wallet with `tokens`, or the opening grant, and return it; one that is open stays as it is.

        Raises:
            InvalidIdentifier: the id isn't one that an owner may have.
        """
        OwnerId.parse(owner_id.text)
        with self.transactions.view() as tx, suppress(WalletNotFound):
            return tx.wallets.get(owner_id)
        now = self.clock.now()
        opening = Wallet.empty(owner_id, now=now, policy=self.billing.policies.of(owner_id)).credit(
            self.opening_grant if tokens is None else tokens, kind=EntryKind.EARN_BONUS, now=now, reason=WELCOME
        )
        with self.transactions.begin() as tx:
            tx.wallets.open(opening)  # if another transaction has, this one is repeated
        return opening.wallet

    def credit(
        self,
        owner_id: OwnerId,
        tokens: Tokens,
        *,
        reference: Reference,
        kind: EntryKind = EntryKind.EARN_PURCHASE,
        reason: str = "Tokens bought",
    ) -> LedgerEntry:
        """Add tokens to the owner's wallet once, and return the ledger entry; `reference` says what they are for.

        The same reference with the same tokens and kind returns the entry of the first time, and changes nothing, so
        whatever calls this may be repeated. Tokens are added above the cap if need be.

        Raises:
            InvalidValue: no tokens, a kind that doesn't add any, or more than a wallet can hold.
            InvalidIdentifier: the id isn't one that an owner may have.
            ReferenceReused: a credit or debit of this owner with other tokens or kind has the reference.
            WalletNotFound: the owner has no wallet; `open` it first.
        """
        if kind not in EARN_KINDS:
            raise InvalidValue(what="the kind of a credit", rule="must be one that adds tokens")
        return self._once(owner_id, tokens, kind=kind, reason=reason, reference=reference)

    def debit(
        self, owner_id: OwnerId, tokens: Tokens, *, reference: Reference, reason: str = "Tokens taken back"
    ) -> LedgerEntry:
        """Take tokens from the owner's wallet once, and return the ledger entry; as `credit`.

        Raises:
            NotEnoughTokens: the balance is below that; nothing changed, and the reference can be used again.
            InvalidValue: no tokens.
            InvalidIdentifier, ReferenceReused, WalletNotFound: as `credit`.
        """
        return self._once(owner_id, tokens, kind=EntryKind.SPEND_ADJUSTMENT, reason=reason, reference=reference)

    @retry_on_conflict
    def regenerate(self, owner_id: OwnerId) -> Wallet:
        """Store the tokens that the owner's wallet has regenerated, and return it. From now on it follows its policy.

        Only a change of policy makes this necessary: until the next change of the wallet it follows the earlier one.

        Raises:
            WalletNotFound: the owner has no wallet.
        """
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, owner_id, now=self.clock.now())
            tx.wallets.post(posting)
        return posting.wallet

    def grant(self, owner: Email | OwnerId, tokens: Tokens, *, reason: str = "Granted by the operator") -> Tokens:
        """Add tokens to the wallet of a user, by address, or of any owner, by id, and return the new balance.

        Raises:
            InvalidValue: the wallet can't hold so many.
            UserNotFound: no user has this address.
            WalletNotFound: the owner has no wallet; `open` it first.
        """
        with self.transactions.view() as tx:
            owner_id = owner_id_of(tx, owner)
        if not tokens:
            return self.regenerate(owner_id).balance
        return self._once(owner_id, tokens, kind=EntryKind.EARN_ADJUSTMENT, reason=reason).balance_after

    @retry_on_conflict
    def _once(
        self, owner_id: OwnerId, tokens: Tokens, *, kind: EntryKind, reason: str, reference: Reference | None = None
    ) -> LedgerEntry:
        """Add or take tokens unless an entry has the reference; the wallet's lock makes two at once follow each other.

        Raises:
            InvalidValue, NotEnoughTokens, ReferenceReused, WalletNotFound: as `credit` and `debit`.
        """
        if not tokens:
            raise InvalidValue(what="tokens", rule="must be at least 1")
        OwnerId.parse(owner_id.text)  # the anonymous owner has a wallet, but never tokens
        with self.transactions.begin() as tx:
            now = self.clock.now()
            posting = self.billing.lock(tx, owner_id, now=now)
            if reference is not None:
                with suppress(EntryNotFound):
                    return _same(tx.wallets.entry(owner_id, reference), tokens, kind, reference)
            if kind is EntryKind.SPEND_ADJUSTMENT:
                moved = posting.wallet.debit(tokens, now=now, reason=reason, reference=reference)
            else:
                if posting.wallet.totals.earned.amount + tokens.amount > TOKENS_MAX:
                    raise InvalidValue(
                        what="tokens", rule=f"must leave the wallet below {TOKENS_MAX} tokens earned in all"
                    )
                moved = posting.wallet.credit(tokens, kind=kind, now=now, reason=reason, reference=reference)
            tx.wallets.post(moved.after(posting))
        [entry] = moved.entries
        return entry


def _same(entry: LedgerEntry, tokens: Tokens, kind: EntryKind, reference: Reference) -> LedgerEntry:
    """Return the entry if it is of this kind and this many tokens.

    Raises:
        ReferenceReused: it isn't.
    """
    if (abs(entry.amount), entry.kind) != (tokens.amount, kind):
        raise ReferenceReused(reference.text)
    return entry
