"""The laws of `Wallets`."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_job_id, an_opening, an_owner
from spike_core.domain.errors import DuplicateEntry, EntryNotFound, StaleWrite, TransactionUndone, WalletNotFound
from spike_core.domain.identifiers import JobId
from spike_core.domain.ledger import EntryKind, LedgerTotals, Reference
from spike_core.domain.regeneration_policy import INTERVAL_MAX, RegenerationPolicy
from spike_core.domain.tokens import TOKENS_MAX, Tokens
from spike_core.domain.usage import BudgetOverrides, RecentWork, Usage
from spike_core.domain.wallet import Posting, Wallet
from spike_core.ports.transactions import Transactions

# each example works on rows of its own, so that the database may stay
PROPERTY: Final = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
INSTANTS: Final = st.datetimes(timezones=st.just(UTC))
LATER: Final = NOON + timedelta(minutes=1)
ALL_ENTRIES: Final = 1000
POLICY: Final = RegenerationPolicy(interval=timedelta(seconds=1, microseconds=1), cap=Tokens(0))


class WalletsContract:
    """Laws every Wallets adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_an_owner_who_was_never_granted_a_token_has_no_wallet(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            with pytest.raises(WalletNotFound):
                tx.wallets.get(an_owner())
            with pytest.raises(WalletNotFound):
                tx.wallets.lock(an_owner())

    @pytest.mark.parametrize("tokens", [0, 1, 100, TOKENS_MAX])
    def test_an_opened_wallet_is_there_with_its_entries(self, transactions: Transactions, tokens: int) -> None:
        opening = an_opening(tokens)
        with transactions.begin() as tx:
            tx.wallets.open(opening)
        _assert_stored(transactions, opening)

    def test_locking_returns_what_getting_does(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        with transactions.begin() as tx:
            assert tx.wallets.lock(opening.wallet.owner_id) == opening.wallet
            assert tx.wallets.get(opening.wallet.owner_id) == opening.wallet

    def test_posting_stores_the_wallet_and_each_entry(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        posting = opening
        with transactions.begin() as tx:
            wallet = tx.wallets.lock(opening.wallet.owner_id)
            first = wallet.credit(Tokens(1), kind=EntryKind.EARN_REGENERATION, now=LATER, reason="time")
            second = _spending(first.wallet).after(first)
            tx.wallets.post(second)
            posting = second.after(opening)
        _assert_stored(transactions, posting)

    def test_posting_without_entries_moves_the_clock(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        moved = Posting(wallet=evolve(opening.wallet, regenerated_at=LATER))
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            tx.wallets.post(moved)
        _assert_stored(transactions, moved.after(opening))

    def test_usage_limits_and_work_are_stored_with_the_wallet(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        wallet = evolve(
            opening.wallet,
            parked=Tokens(3),
            usage=Usage(free_jobs=1, paid_jobs=2, images=3, stored_bytes=5_000_000_000),
            overrides=BudgetOverrides(free_jobs=0, paid_jobs=7, stored_bytes=6_000_000_000),
            work=RecentWork(milliseconds=1500, until=LATER),
        )
        with transactions.begin() as tx:
            tx.wallets.lock(wallet.owner_id)
            tx.wallets.post(Posting(wallet=wallet))
        _assert_stored(transactions, Posting(wallet=wallet).after(opening))

    def test_a_wallet_is_opened_once(self, transactions: Transactions) -> None:
        """So of two transactions that open one at the same time, one is repeated."""
        opening = _opened(transactions)
        with pytest.raises(TransactionUndone), transactions.begin() as tx:
            tx.wallets.open(opening)
        _assert_stored(transactions, opening)

    def test_posting_leaves_other_wallets_alone(self, transactions: Transactions) -> None:
        opening, other = _opened(transactions), _opened(transactions)
        with transactions.begin() as tx:
            tx.wallets.post(_spending(tx.wallets.lock(opening.wallet.owner_id)))
        _assert_stored(transactions, other)

    def test_a_job_is_charged_once(self, transactions: Transactions) -> None:
        """By any owner and for any reason; a second charge changes nothing, even if the error is caught."""
        job_id = a_job_id()
        opening, other = _opened(transactions), _opened(transactions)
        charged = _spending(opening.wallet, job_id=job_id)
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            tx.wallets.post(charged)
        with transactions.begin() as tx:
            mine, theirs = tx.wallets.lock(opening.wallet.owner_id), tx.wallets.lock(other.wallet.owner_id)
            again = _spending(mine, job_id=job_id)
            otherwise = _spending(mine, job_id=job_id, kind=EntryKind.SPEND_GENERATION)
            for posting in (again, otherwise, _spending(theirs, job_id=job_id)):
                with pytest.raises(DuplicateEntry):
                    tx.wallets.post(posting)
        _assert_stored(transactions, charged.after(opening))
        _assert_stored(transactions, other)

    def test_a_charged_job_is_refunded_once(self, transactions: Transactions) -> None:
        job_id = a_job_id()
        opening = _opened(transactions)
        charged = _spending(opening.wallet, job_id=job_id)
        refunded = charged.wallet.refund(Tokens(2), job_id=job_id, now=LATER, reason="no")
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            tx.wallets.post(charged)
            tx.wallets.post(refunded)
        again = refunded.wallet.refund(Tokens(2), job_id=job_id, now=LATER, reason="no")
        with transactions.begin() as tx, pytest.raises(DuplicateEntry):
            tx.wallets.post(again)
        _assert_stored(transactions, refunded.after(charged).after(opening))

    def test_a_posting_with_one_refused_entry_stores_none_of_them(self, transactions: Transactions) -> None:
        job_id = a_job_id()
        opening = _opened(transactions)
        charged = _spending(opening.wallet, job_id=job_id)
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            tx.wallets.post(charged)
        fresh = _spending(charged.wallet)
        both = _spending(fresh.wallet, job_id=job_id).after(fresh)
        with transactions.begin() as tx, pytest.raises(DuplicateEntry):
            tx.wallets.post(both)
        _assert_stored(transactions, charged.after(opening))
        with transactions.begin() as tx:
            tx.wallets.post(fresh)
        _assert_stored(transactions, fresh.after(charged).after(opening))

    def test_a_lost_update_is_a_bug_that_stores_nothing(self, transactions: Transactions) -> None:
        """Posting a wallet that was read before another transaction's change raises StaleWrite."""
        opening = _opened(transactions)
        charged, stale = _spending(opening.wallet), _spending(opening.wallet)
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            tx.wallets.post(charged)
        with pytest.raises(StaleWrite), transactions.begin() as tx:
            tx.wallets.post(stale)
        with pytest.raises(StaleWrite), transactions.begin() as tx:
            tx.wallets.post(Posting(wallet=evolve(opening.wallet, regenerated_at=LATER)))
        _assert_stored(transactions, charged.after(opening))

    def test_an_entry_is_found_by_its_reference_and_owner(self, transactions: Transactions) -> None:
        """Two owners may have the same reference, an owner several; one that isn't there is no entry."""
        opening, other = _opened(transactions), _opened(transactions)
        mine = _bought(opening.wallet, "pi_1")
        both = _bought(mine.wallet, "pi_2 'é🦊'").after(mine)
        theirs = _bought(other.wallet, "pi_1", tokens=9)
        with transactions.begin() as tx:
            tx.wallets.post(both)
            tx.wallets.post(theirs)
        with transactions.view() as tx:
            assert tx.wallets.entry(opening.wallet.owner_id, Reference("pi_1")) == both.entries[0]
            assert tx.wallets.entry(opening.wallet.owner_id, Reference("pi_2 'é🦊'")) == both.entries[1]
            assert tx.wallets.entry(other.wallet.owner_id, Reference("pi_1")) == theirs.entries[0]
            for owner_id, text in ((other.wallet.owner_id, "pi_2 'é🦊'"), (opening.wallet.owner_id, "PI_1")):
                with pytest.raises(EntryNotFound):
                    tx.wallets.entry(owner_id, Reference(text))
        _assert_stored(transactions, both.after(opening))

    def test_a_reference_is_used_once_by_an_owner(self, transactions: Transactions) -> None:
        """For a credit or a debit; a second use changes nothing, even if the error is caught."""
        opening = _opened(transactions)
        first = _bought(opening.wallet, "pi_1")
        with transactions.begin() as tx:
            tx.wallets.post(first)
        fresh = _bought(first.wallet, "pi_2")
        debit = first.wallet.debit(Tokens(1), now=LATER, reason="back", reference=Reference("pi_1"))
        with transactions.begin() as tx:
            tx.wallets.lock(opening.wallet.owner_id)
            for again in (_bought(first.wallet, "pi_1"), debit, _bought(fresh.wallet, "pi_1").after(fresh)):
                with pytest.raises(DuplicateEntry):
                    tx.wallets.post(again)
        _assert_stored(transactions, first.after(opening))

    def test_a_debit_is_stored_without_a_job(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        first = opening.wallet.debit(Tokens(60), now=LATER, reason="back", reference=Reference("re_1"))
        debited = first.wallet.debit(Tokens(40), now=LATER, reason="again").after(first)
        with transactions.begin() as tx:
            tx.wallets.post(debited)
        _assert_stored(transactions, debited.after(opening))
        with transactions.view() as tx:
            totals = tx.wallets.get(opening.wallet.owner_id).totals
            assert totals == LedgerTotals.of(debited.after(opening).entries)
            assert (totals.spent, totals.balance) == (Tokens(100), Tokens(0))

    def test_the_policy_that_a_wallet_follows_is_stored_with_it(self, transactions: Transactions) -> None:
        opening = _opened(transactions)
        posting = opening
        for policy in (POLICY, None, evolve(POLICY, interval=INTERVAL_MAX, cap=Tokens(TOKENS_MAX))):
            posting = Posting(wallet=evolve(opening.wallet, policy=policy))
            with transactions.begin() as tx:
                tx.wallets.lock(opening.wallet.owner_id)
                tx.wallets.post(posting)
            _assert_stored(transactions, posting.after(opening))

    @PROPERTY
    @given(
        regenerated_at=INSTANTS,
        amounts=st.lists(st.integers(1, 1000).flatmap(lambda n: st.sampled_from([n, -n])), max_size=8),
    )
    def test_the_ledger_explains_every_stored_balance(
        self, transactions: Transactions, regenerated_at: datetime, amounts: list[int]
    ) -> None:
        """Invariant I1, checked on the stored data."""
        posting = an_opening(10_000)
        with transactions.begin() as tx:
            tx.wallets.open(posting)
            for amount in amounts:
                wallet = evolve(tx.wallets.lock(posting.wallet.owner_id), regenerated_at=regenerated_at)
                if amount < 0:
                    moved = _spending(wallet, price=-amount)
                else:
                    moved = wallet.credit(Tokens(amount), kind=EntryKind.EARN_PURCHASE, now=LATER, reason="bought")
                tx.wallets.post(moved)
                posting = moved.after(posting)
        _assert_stored(transactions, posting)
        with transactions.view() as tx:
            assert tx.wallets.get(posting.wallet.owner_id).totals == LedgerTotals.of(posting.entries)


def _opened(transactions: Transactions) -> Posting:
    opening = an_opening(100)
    with transactions.begin() as tx:
        tx.wallets.open(opening)
    return opening


def _spending(
    wallet: Wallet,
    *,
    job_id: JobId | None = None,
    price: int = 2,
    kind: EntryKind = EntryKind.SPEND_ENHANCEMENT,
) -> Posting:
    return wallet.spend(Tokens(price), job_id=job_id or a_job_id(), now=LATER, reason="work", kind=kind)


def _bought(wallet: Wallet, reference: str, *, tokens: int = 5) -> Posting:
    kind = EntryKind.EARN_PURCHASE
    return wallet.credit(Tokens(tokens), kind=kind, now=LATER, reason="bought", reference=Reference(reference))


def _assert_stored(transactions: Transactions, posting: Posting) -> None:
    """Assert that the posting's wallet is stored, with the posting's entries and no others."""
    with transactions.view() as tx:
        assert tx.wallets.get(posting.wallet.owner_id) == posting.wallet
        entries = tx.wallets.entries(posting.wallet.owner_id, limit=ALL_ENTRIES)
    assert tuple(reversed(entries)) == posting.entries
