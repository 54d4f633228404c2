"""The laws of `Ledger`."""

import pytest

from spike_contracts.builders import NOON, a_job_id, an_opening, an_owner
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_core.ports.transactions import Transactions


class LedgerContract:
    """Laws every Ledger adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_the_newest_entries_come_first(self, transactions: Transactions) -> None:
        posting = _a_history(transactions)
        newest_first = list(reversed(posting.entries))
        with transactions.view() as tx:
            assert list(tx.wallets.entries(posting.wallet.owner_id, limit=100)) == newest_first
            assert list(tx.wallets.entries(posting.wallet.owner_id, limit=2)) == newest_first[:2]

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_pages_follow_one_another_without_gap_or_overlap(self, transactions: Transactions, limit: int) -> None:
        posting = _a_history(transactions)
        read: list[LedgerEntry] = []
        with transactions.view() as tx:
            while page := tx.wallets.entries(
                posting.wallet.owner_id, before=read[-1].sequence if read else None, limit=limit
            ):
                assert len(page) <= limit
                read.extend(page)
        assert read == list(reversed(posting.entries))

    def test_nothing_is_before_the_first_entry(self, transactions: Transactions) -> None:
        posting = _a_history(transactions)
        with transactions.view() as tx:
            assert list(tx.wallets.entries(posting.wallet.owner_id, before=1, limit=100)) == []

    def test_totals_are_summed_by_direction(self, transactions: Transactions) -> None:
        posting = _a_history(transactions)
        with transactions.view() as tx:
            totals = tx.wallets.get(posting.wallet.owner_id).totals
            entries = tx.wallets.entries(posting.wallet.owner_id, limit=100)
        assert totals == LedgerTotals.of(entries)
        assert totals == LedgerTotals(earned=Tokens(103), spent=Tokens(12), refunded=Tokens(2), entries=5)
        assert totals.balance == posting.wallet.balance

    def test_hashes_are_kept_with_the_entries_and_the_newest_with_the_wallet(self, transactions: Transactions) -> None:
        posting = _a_history(transactions)
        with transactions.view() as tx:
            entries = tx.wallets.entries(posting.wallet.owner_id, limit=100)
            wallet = tx.wallets.get(posting.wallet.owner_id)
        assert [entry.hash for entry in reversed(entries)] == [entry.hash for entry in posting.entries]
        assert wallet.head == entries[0].hash == entries[0].hash_after(entries[1].hash)

    def test_ledgers_of_different_owners_dont_mix(self, transactions: Transactions) -> None:
        posting, other = _a_history(transactions), _a_history(transactions)
        with transactions.view() as tx:
            for each in (posting, other):
                assert tx.wallets.get(each.wallet.owner_id).totals.entries == len(each.entries)
                owners = {entry.owner_id for entry in tx.wallets.entries(each.wallet.owner_id, limit=100)}
                assert owners == {each.wallet.owner_id}

    def test_an_owner_without_entries_has_an_empty_ledger(self, transactions: Transactions) -> None:
        empty = an_opening(0)
        with transactions.begin() as tx:
            tx.wallets.open(empty)
        with transactions.view() as tx:
            for owner_id in (an_owner(), empty.wallet.owner_id):
                assert list(tx.wallets.entries(owner_id, limit=100)) == []


def _a_history(transactions: Transactions) -> Posting:
    """Store a wallet with five entries, at least one of each sign."""
    job_id = a_job_id()
    opening = an_opening(100)
    minted = opening.wallet.credit(Tokens(3), kind=EntryKind.EARN_REGENERATION, now=NOON, reason="time")
    spent = minted.wallet.spend(Tokens(2), job_id=job_id, now=NOON, reason="work")
    made = spent.wallet.spend(Tokens(10), job_id=a_job_id(), now=NOON, reason="art", kind=EntryKind.SPEND_GENERATION)
    refunded = made.wallet.refund(Tokens(2), job_id=job_id, now=NOON, reason="no")
    with transactions.begin() as tx:
        tx.wallets.open(opening)
        for posting in (minted, spent, made, refunded):
            tx.wallets.post(posting)
    return refunded.after(made).after(spent).after(minted).after(opening)
