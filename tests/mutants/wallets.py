"""Mutants of wallets, ledgers and statistics."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, instead_of
from spike_contracts.ledger import LedgerContract as Ledger
from spike_contracts.statistics import StatisticsContract as Statistics
from spike_contracts.wallets import WalletsContract as Wallets
from spike_core.domain.errors import DuplicateEntry, EntryNotFound, StaleWrite, TransactionUndone, WalletNotFound
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import EARN_KINDS, EntryKind, LedgerEntry, Reference
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import NO_TOKENS
from spike_core.domain.wallet import Posting
from spike_memory.statistics import MemoryStatistics
from spike_memory.wallets import MemoryWallets


def _with(**changed: Any) -> Any:
    """Return a `post` that stores the wallet with other values."""
    return lambda post, wallets, posting: post(wallets, evolve(posting, wallet=evolve(posting.wallet, **changed)))


def _unhashed(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    post(wallets, evolve(posting, entries=tuple(evolve(entry, hash=NO_HASH) for entry in posting.entries)))


def _unchecked(_post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    state, owner_id = wallets._rows.check_writable(), posting.wallet.owner_id
    state.ledgers[owner_id] = (*state.ledgers.get(owner_id, ()), *posting.entries)
    state.wallets[owner_id] = posting.wallet


def _duplicates_of(kind: EntryKind) -> Any:
    """Return a `post` that lets a job be charged, or refunded, again."""

    def post(right: Any, wallets: MemoryWallets, posting: Posting) -> None:
        try:
            right(wallets, posting)
        except DuplicateEntry:
            if posting.entries[0].kind is not kind:
                raise
            _unchecked(right, wallets, posting)

    return post


def _one_by_one(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    """Store the entries before the one that is refused."""
    try:
        post(wallets, posting)
    except DuplicateEntry:
        state, owner_id = wallets._rows.check_writable(), posting.wallet.owner_id
        state.ledgers[owner_id] = (*state.ledgers.get(owner_id, ()), *posting.entries[:-1])
        raise


def _first_entry_only(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    post(wallets, posting)
    state, owner_id = wallets._rows.state, posting.wallet.owner_id
    state.ledgers[owner_id] = state.ledgers[owner_id][: max(1, len(state.ledgers[owner_id]) - 1)]


def _clock_of_entries(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    if posting.entries:
        post(wallets, posting)


def _to_all(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    post(wallets, posting)
    for owner_id, wallet in wallets._rows.state.wallets.items():
        wallets._rows.state.wallets[owner_id] = evolve(wallet, parked=posting.wallet.balance)


def _opened_again(open_: Any, wallets: MemoryWallets, posting: Posting) -> None:
    wallets._rows.check_writable().ledgers.pop(posting.wallet.owner_id, None)
    wallets._rows.check_writable().wallets.pop(posting.wallet.owner_id, None)
    open_(wallets, posting)


def _opened_without_entries(_open: Any, wallets: MemoryWallets, posting: Posting) -> None:
    state = wallets._rows.check_writable()
    if posting.wallet.owner_id in state.wallets:
        raise TransactionUndone
    state.wallets[posting.wallet.owner_id] = posting.wallet


def _aged(lock: Any, wallets: MemoryWallets, owner_id: Any) -> Any:
    wallet = lock(wallets, owner_id)
    return evolve(wallet, regenerated_at=wallet.regenerated_at + timedelta(minutes=1))


def _entries_of_all(_entries: Any, wallets: MemoryWallets, owner_id: Any, *, before: Any = None, limit: int) -> Any:
    ledgers = [entry for ledger in wallets._rows.state.ledgers.values() for entry in reversed(ledger)]
    return [entry for entry in ledgers if before is None or entry.sequence < before][:limit]


def _oldest_first(entries: Any, wallets: MemoryWallets, owner_id: Any, *, before: Any = None, limit: int) -> Any:
    return entries(wallets, owner_id, before=before, limit=99)[::-1][:limit]


def _with_a_gap(entries: Any, wallets: MemoryWallets, owner_id: Any, *, before: Any = None, limit: int) -> Any:
    return entries(wallets, owner_id, before=before if before is None else before - 1, limit=limit)


def _entry_of_anybody(entry: Any, wallets: MemoryWallets, _owner_id: OwnerId, reference: Reference) -> LedgerEntry:
    for owner_id in wallets._rows.state.ledgers:
        with suppress(EntryNotFound):
            found: LedgerEntry = entry(wallets, owner_id, reference)
            return found
    raise EntryNotFound


def _entry_in_any_case(_entry: Any, wallets: MemoryWallets, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
    for entry in wallets._rows.state.ledgers.get(owner_id, ()):
        if entry.reference is not None and entry.reference.text.lower() == reference.text.lower():
            return entry
    raise EntryNotFound


def _first_entry(_entry: Any, wallets: MemoryWallets, owner_id: OwnerId, _reference: Reference) -> LedgerEntry:
    return wallets._rows.state.ledgers[owner_id][0]


def _renumbered(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    """Store entries with a reference of their own, whatever is there."""
    numbers = count(len(wallets._rows.state.ledgers.get(posting.wallet.owner_id, ())))
    entries = [
        evolve(entry, reference=entry.reference and Reference(f"{entry.reference} {next(numbers)}"))
        for entry in posting.entries
    ]
    post(wallets, evolve(posting, entries=tuple(entries)))


def _wallet_first(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    """Refuse a posting, but keep the wallet that it has without its entries."""
    try:
        post(wallets, posting)
    except DuplicateEntry:
        wallets._rows.check_writable().wallets[posting.wallet.owner_id] = posting.wallet
        raise


def _one_reference_for_all(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    named = {entry.reference for ledger in wallets._rows.state.ledgers.values() for entry in ledger} - {None}
    if named & {entry.reference for entry in posting.entries}:
        raise DuplicateEntry
    post(wallets, posting)


def _debits_unsummed(post: Any, wallets: MemoryWallets, posting: Posting) -> None:
    spent = NO_TOKENS if any(entry.kind not in EARN_KINDS for entry in posting.entries) else posting.wallet.spent
    post(wallets, evolve(posting, wallet=evolve(posting.wallet, spent=spent)))


MUTANTS: Final = [
    Mutant(
        "returns None for an owner without a wallet",
        MemoryWallets,
        "get",
        instead_of(WalletNotFound),
        Wallets.test_an_owner_who_was_never_granted_a_token_has_no_wallet,
    ),
    Mutant(
        "opens a wallet without its entries",
        MemoryWallets,
        "open",
        _opened_without_entries,
        Wallets.test_an_opened_wallet_is_there_with_its_entries,
    ),
    Mutant(
        "returns another state under a lock",
        MemoryWallets,
        "lock",
        _aged,
        Wallets.test_locking_returns_what_getting_does,
    ),
    Mutant(
        "stores the first entries of a posting",
        MemoryWallets,
        "post",
        _first_entry_only,
        Wallets.test_posting_stores_the_wallet_and_each_entry,
    ),
    Mutant(
        "ignores a posting without entries",
        MemoryWallets,
        "post",
        _clock_of_entries,
        Wallets.test_posting_without_entries_moves_the_clock,
    ),
    Mutant(
        "forgets what is parked",
        MemoryWallets,
        "post",
        _with(parked=NO_TOKENS),
        Wallets.test_usage_limits_and_work_are_stored_with_the_wallet,
    ),
    Mutant("opens a wallet again", MemoryWallets, "open", _opened_again, Wallets.test_a_wallet_is_opened_once),
    Mutant(
        "changes the wallets of all owners",
        MemoryWallets,
        "post",
        _to_all,
        Wallets.test_posting_leaves_other_wallets_alone,
    ),
    Mutant(
        "charges a job again",
        MemoryWallets,
        "post",
        _duplicates_of(EntryKind.SPEND_ENHANCEMENT),
        Wallets.test_a_job_is_charged_once,
    ),
    Mutant(
        "refunds a job again",
        MemoryWallets,
        "post",
        _duplicates_of(EntryKind.REFUND),
        Wallets.test_a_charged_job_is_refunded_once,
    ),
    Mutant(
        "stores the entries before a refused one",
        MemoryWallets,
        "post",
        _one_by_one,
        Wallets.test_a_posting_with_one_refused_entry_stores_none_of_them,
    ),
    Mutant(
        "overwrites a wallet that has changed",
        MemoryWallets,
        "post",
        _unchecked,
        Wallets.test_a_lost_update_is_a_bug_that_stores_nothing,
    ),
    Mutant(
        "ignores a posting of a stale wallet",
        MemoryWallets,
        "post",
        instead_of(StaleWrite),
        Wallets.test_a_lost_update_is_a_bug_that_stores_nothing,
    ),
    Mutant(
        "returns entries oldest first",
        MemoryWallets,
        "entries",
        _oldest_first,
        Ledger.test_the_newest_entries_come_first,
    ),
    Mutant(
        "skips an entry between two pages",
        MemoryWallets,
        "entries",
        _with_a_gap,
        Ledger.test_pages_follow_one_another_without_gap_or_overlap,
    ),
    Mutant(
        "keeps no running sums",
        MemoryWallets,
        "post",
        _with(spent=NO_TOKENS),
        Ledger.test_totals_are_summed_by_direction,
        Wallets.test_the_ledger_explains_every_stored_balance,
    ),
    Mutant(
        "forgets the hashes of entries",
        MemoryWallets,
        "post",
        _unhashed,
        Ledger.test_hashes_are_kept_with_the_entries_and_the_newest_with_the_wallet,
    ),
    Mutant(
        "forgets the hash of the newest entry",
        MemoryWallets,
        "post",
        _with(head=NO_HASH),
        Ledger.test_hashes_are_kept_with_the_entries_and_the_newest_with_the_wallet,
    ),
    Mutant(
        "returns the entries of all owners",
        MemoryWallets,
        "entries",
        _entries_of_all,
        Ledger.test_ledgers_of_different_owners_dont_mix,
    ),
    Mutant(
        "returns None for an empty ledger",
        MemoryWallets,
        "entries",
        lambda entries, wallets, owner_id, **asked: entries(wallets, owner_id, **asked) or None,
        Ledger.test_an_owner_without_entries_has_an_empty_ledger,
        fails_with=TypeError,
    ),
    Mutant(
        "returns the newest page where there is no older one",
        MemoryWallets,
        "entries",
        lambda entries, wallets, owner_id, *, before=None, limit: (
            entries(wallets, owner_id, before=before, limit=limit) or entries(wallets, owner_id, limit=limit)
        ),
        Ledger.test_nothing_is_before_the_first_entry,
    ),
    Mutant(
        "counts settled jobs as claimed",
        MemoryStatistics,
        "queue",
        lambda queue, statistics: evolve(queue(statistics), claimed=len(statistics._rows.state.jobs)),
        Statistics.test_jobs_are_counted_by_how_far_they_are,
    ),
    Mutant(
        "counts a refund where there is none",
        MemoryStatistics,
        "refunds",
        lambda refunds, statistics: RefundStatistics(refunds=refunds(statistics).refunds + 1, tokens=0),
        Statistics.test_where_there_is_nothing_everything_is_zero,
    ),
    Mutant(
        "counts no refunds",
        MemoryStatistics,
        "refunds",
        lambda refunds, statistics: RefundStatistics(refunds=0, tokens=0),
        Statistics.test_refunds_are_summed_over_all_owners,
    ),
    Mutant(
        "finds other owners' entries",
        MemoryWallets,
        "entry",
        _entry_of_anybody,
        Wallets.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    Mutant(
        "finds references in any case",
        MemoryWallets,
        "entry",
        _entry_in_any_case,
        Wallets.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    Mutant(
        "finds an owner's first entry",
        MemoryWallets,
        "entry",
        _first_entry,
        Wallets.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    Mutant(
        "has a reference once for all owners",
        MemoryWallets,
        "post",
        _one_reference_for_all,
        Wallets.test_an_entry_is_found_by_its_reference_and_owner,
        fails_with=DuplicateEntry,
    ),
    Mutant(
        "stores a reference twice",
        MemoryWallets,
        "post",
        _renumbered,
        Wallets.test_a_reference_is_used_once_by_an_owner,
    ),
    Mutant(
        "changes the wallet of a refused posting",
        MemoryWallets,
        "post",
        _wallet_first,
        Wallets.test_a_reference_is_used_once_by_an_owner,
    ),
    Mutant(
        "doesn't sum debits",
        MemoryWallets,
        "post",
        _debits_unsummed,
        Wallets.test_a_debit_is_stored_without_a_job,
    ),
    Mutant(
        "forgets the policy",
        MemoryWallets,
        "post",
        _with(policy=None),
        Wallets.test_the_policy_that_a_wallet_follows_is_stored_with_it,
    ),
]
