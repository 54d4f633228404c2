"""The laws of `AuditReader`."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import pytest
from attrs import evolve

from spike_contracts.builders import (
    NOON,
    a_body,
    a_job,
    a_job_id,
    an_album,
    an_album_id,
    an_album_image_id,
    an_image,
    an_image_id,
    an_opening,
    an_owner,
    image_id_of,
)
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_contracts.users import a_user
from spike_core.domain.accounts import Email, User
from spike_core.domain.albums import AlbumCount, AlbumImage
from spike_core.domain.identifiers import Identifier, JobId, OwnerId
from spike_core.domain.jobs import SettledJob
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import CountedUsage, Posting
from spike_core.ports.audit import AuditPage
from spike_core.ports.transactions import Transaction, Transactions

Id = TypeVar("Id", bound=Identifier)
Row = TypeVar("Row")

MANY: Final = 1200  # more than an adapter may request at once


class AuditReaderContract:
    """Laws every AuditReader adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_pages_hold_every_row_once_ordered_by_id(self, transactions: Transactions, limit: int) -> None:
        openings, jobs = [an_opening(n) for n in (0, 1, 2)], a_job_of_each_kind()
        extra = an_image()
        with transactions.begin() as tx:
            for opening in reversed(openings):
                tx.wallets.open(opening)
            store(tx, *reversed(jobs))
            tx.images.add(extra)
        with transactions.view() as tx:
            wallets = _walk(lambda after: tx.audit.wallets(after=after, limit=limit), lambda row: row.owner_id)
            images = _walk(lambda after: tx.audit.images(after=after, limit=limit), lambda row: row.id)
            stored = _walk(lambda after: tx.audit.jobs(after=after, limit=limit), lambda row: row.id)
        assert wallets == [opening.wallet for opening in openings]
        assert [image.id for image in images] == sorted([*map(image_id_of, jobs), extra.id])
        assert stored == sorted(jobs, key=lambda job: job.id)

    def test_the_images_of_albums_are_counted(self, transactions: Transactions) -> None:
        image, albums = an_image(), [an_album() for _ in range(3)]
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.albums.add(albums[0])
            tx.albums.add(albums[1])
            tx.albums.lock(albums[1].id)
            tx.albums.append_images(albums[1].id, [(an_album_image_id(), image.id)], now=NOON)
        with transactions.view() as tx:
            counts = tx.audit.album_counts([album.id for album in albums])
            assert tx.audit.album_counts([albums[0].id]) == [AlbumCount(album_id=albums[0].id, kept=0, counted=0)]
        assert sorted(counts, key=lambda count: count.counted) == [
            AlbumCount(album_id=album.id, kept=number, counted=number) for number, album in enumerate(albums[:2])
        ]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_a_page_tells_where_the_next_one_starts(self, transactions: Transactions, limit: int) -> None:
        """Users, albums and the places in them; the last page has no next."""
        image = an_image()
        mine = [an_album(owner_id=image.owner_id) for _ in range(3)]
        users = [User(id=a_user().id, email=Email(f"{n}@example.org"), created_at=NOON) for n in range(3)]
        places: list[AlbumImage] = []
        with transactions.begin() as tx:
            tx.images.add(image)
            for user, album in zip(reversed(users), reversed(mine), strict=True):
                tx.users.add_user(user)
                tx.albums.add(album)
                tx.albums.lock(album.id)
                places += tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
        with transactions.view() as tx:
            assert _pages(lambda after: tx.audit.users(after=after, limit=limit), limit) == users
            assert _pages(lambda after: tx.audit.albums(after=after, limit=limit), limit) == mine
            found = _pages(lambda after: tx.audit.places(after=after, limit=limit), limit)
            assert found == sorted(places, key=lambda place: place.id)

    def test_rows_are_found_by_their_ids(self, transactions: Transactions) -> None:
        """Images that are being deleted on request alone."""
        jobs, opening, album = a_job_of_each_kind(), an_opening(), an_album()
        user = User(id=a_user().id, email=Email("ada@example.org"), created_at=NOON)
        hidden, shown = an_image(), an_image()
        with transactions.begin() as tx:
            store(tx, *jobs)
            tx.images.add(hidden, shown)
            tx.images.begin_deletion(hidden.id, now=NOON)
            tx.wallets.open(opening)
            tx.albums.add(album)
            tx.users.add_user(user)
        with transactions.view() as tx:
            ids = [hidden.id, shown.id, an_image_id()]
            assert list(tx.audit.images_among(ids, deleting=False)) == [shown]
            assert sorted(image.id for image in tx.audit.images_among(ids, deleting=True)) == sorted(ids[:2])
            found = tx.audit.jobs_among([jobs[0].id, jobs[1].id, a_job_id()])
            assert sorted(job.id for job in found) == sorted(job.id for job in jobs[:2])
            assert list(tx.audit.albums_among([album.id, an_album_id()])) == [album]
            assert tx.audit.wallets_among([opening.wallet.owner_id, user.id]) == {opening.wallet.owner_id}
            assert tx.audit.users_among([opening.wallet.owner_id, user.id]) == {user.id}
            many = [an_owner() for _ in range(MANY)]
            assert tx.audit.wallets_among([*many, opening.wallet.owner_id]) == {opening.wallet.owner_id}

    def test_nothing_is_damaged_in_a_sound_database(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            store(tx, *a_job_of_each_kind())
        with transactions.view() as tx:
            assert list(tx.audit.damage()) == []
            assert tx.audit.unchained_until() is None
            for page in (tx.audit.images(limit=99), tx.audit.jobs(limit=99)):
                assert len(page) > 0
                assert page.damaged == frozenset()

    def test_a_page_is_never_larger_than_asked_for(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            store(tx, *a_job_of_each_kind())
        with transactions.view() as tx:
            assert len(tx.audit.jobs(limit=2)) == 2
            assert len(tx.audit.images(limit=2)) == 2

    def test_there_is_nothing_in_an_empty_database(self, transactions: Transactions) -> None:
        with transactions.view() as tx:
            assert list(tx.audit.wallets(limit=9)) == []
            assert list(tx.audit.images(limit=9)) == []
            assert list(tx.audit.jobs(limit=9)) == []
            assert list(tx.audit.messages(limit=9)) == []
            assert list(tx.audit.entries_of([a_job_id()])) == []

    def test_messages_are_all_there_due_or_not_ordered_by_their_job(self, transactions: Transactions) -> None:
        jobs = sorted((a_job() for _ in range(5)), key=lambda job: job.id)
        messages = [
            OutboxMessage(
                job_id=job.id, due_at=NOON + timedelta(days=number - 2), refused_since=NOON if number % 2 else None
            )
            for number, job in enumerate(jobs)
        ]
        with transactions.begin() as tx:
            store(tx, *jobs)
            tx.outbox.put(messages[::-1])
        with transactions.view() as tx:
            for limit in (1, 2, 100):

                def page(after: JobId | None, limit: int = limit) -> Sequence[OutboxMessage]:
                    found = tx.audit.messages(after=after, limit=limit)
                    assert len(found) <= limit
                    return found

                assert _walk(page, lambda message: message.job_id) == messages

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_all_ledgers_are_read_by_owner_and_number_up_to_an_owner(
        self, transactions: Transactions, limit: int
    ) -> None:
        histories = [_with_two_charges(transactions) for _ in range(3)]
        everything = [entry for history in histories for entry in history.entries]
        first, second, _ = (history.wallet.owner_id for history in histories)
        with transactions.view() as tx:
            assert _ledger(tx, None, an_owner(), limit) == everything
            assert _ledger(tx, None, second, limit) == everything[:6]
            assert _ledger(tx, LedgerPosition.after(first), second, limit) == everything[3:6]
            assert _ledger(tx, LedgerPosition(first, 2), first, limit) == everything[2:3]
            assert _ledger(tx, LedgerPosition.after(second), second, limit) == []
            assert _ledger(tx, LedgerPosition.after(first), None, limit) == everything[3:]

    def test_refunds_are_counted_in_all_ledgers(self, transactions: Transactions) -> None:
        for _ in range(2):
            history = _with_two_charges(transactions)
            [charge] = history.entries[-1:]
            assert charge.job_id is not None
            with transactions.begin() as tx:
                wallet = tx.wallets.lock(history.wallet.owner_id)
                tx.wallets.post(wallet.refund(Tokens(3), job_id=charge.job_id, now=NOON, reason="no"))
        with transactions.view() as tx:
            assert tx.audit.refunds() == tx.statistics.refunds() == RefundStatistics(refunds=2, tokens=6)

    def test_the_entries_of_a_job_are_found_in_all_ledgers(self, transactions: Transactions) -> None:
        """Charges and refunds of any owner, but no entries of other jobs or of none."""
        job, other = a_job(), a_job()
        mine, theirs = an_opening(), an_opening()
        charged = mine.wallet.spend(Tokens(2), job_id=job.id, now=NOON, reason="work")
        more = charged.wallet.spend(Tokens(2), job_id=other.id, now=NOON, reason="work")
        refunded = theirs.wallet.refund(Tokens(2), job_id=job.id, now=NOON, reason="to the wrong one")
        with transactions.begin() as tx:
            for opening in (mine, theirs):
                tx.wallets.open(opening)
            for posting in (charged, more, refunded):
                tx.wallets.post(posting)
        with transactions.view() as tx:
            found = tx.audit.entries_of([job.id])
            both = tx.audit.entries_of([*(a_job_id() for _ in range(MANY)), job.id, other.id])
            assert list(tx.audit.entries_of([])) == []
        assert _by_owner(found) == _by_owner([*charged.entries, *refunded.entries])
        assert _by_owner(both) == _by_owner([*charged.entries, *more.entries, *refunded.entries])

    def test_usage_is_what_an_owners_jobs_and_images_add_up_to(self, transactions: Transactions) -> None:
        """Hidden images and results count; jobs that have ended aren't open, and other owners' rows don't count."""
        ada, jobs = an_owner(), a_job_of_each_kind()
        images = [an_image(owner_id=ada), an_image(owner_id=ada)]
        hidden, located = (
            images[0],
            evolve(images[1], original=ObjectKey.of_hidden_original(images[1].id, PictureFormat.JPEG, body=a_body())),
        )
        own = [evolve(job, spec=evolve(job.spec, owner_id=ada)) for job in jobs]
        with transactions.begin() as tx:
            store(tx, *own)
            store(tx, a_job())
            tx.images.add(hidden, located)
            tx.images.begin_deletion(hidden.id, now=NOON)
        with transactions.view() as tx:
            counted = tx.audit.usage(ada)
            assert tx.audit.usage(an_owner()) == CountedUsage()
            shown = [image for image in tx.audit.images(limit=99) if image.owner_id == ada]
        assert len(shown) > 1
        assert counted.usage == Usage.of(images=[hidden, *shown], jobs=own)
        assert counted.usage.open_jobs == 3
        assert counted.parked == sum((job.spec.charged for job in own if not isinstance(job, SettledJob)), Tokens(0))

    def test_wallets_whose_sums_are_wrong_are_found_page_by_page(self, transactions: Transactions) -> None:
        postings = [an_opening(1) for _ in range(4)]
        owners = [posting.wallet.owner_id for posting in postings]
        images = [an_image(owner_id=owner_id) for owner_id in owners[:3]]
        right = Usage.of(images=images[:1])
        sums = [right, Usage(), evolve(right, images=2), Usage(free_jobs=1)]
        with transactions.begin() as tx:
            tx.images.add(*images)
            for posting, usage in zip(postings, sums, strict=True):
                tx.wallets.open(evolve(posting, wallet=evolve(posting.wallet, usage=usage)))
        with transactions.view() as tx:
            found = tx.audit.miscounted(limit=2)
            found = [*found, *tx.audit.miscounted(after=found[-1][0].owner_id, limit=2)]
        assert [wallet.owner_id for wallet, _ in found] == owners[1:]
        assert [wallet.usage for wallet, _ in found] == sums[1:]
        assert [counted.usage for _, counted in found] == [right, right, Usage()]


def _with_two_charges(transactions: Transactions) -> Posting:
    """Store a wallet with three entries."""
    opening = an_opening()
    first = opening.wallet.spend(Tokens(2), job_id=a_job_id(), now=NOON, reason="work")
    second = first.wallet.spend(Tokens(3), job_id=a_job_id(), now=NOON, reason="work")
    with transactions.begin() as tx:
        tx.wallets.open(opening)
        tx.wallets.post(second.after(first))
    return second.after(first).after(opening)


def _ledger(tx: Transaction, after: LedgerPosition | None, until: OwnerId | None, limit: int) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    while page := tx.audit.ledger(after=after, until=until, limit=limit):
        assert len(page) <= limit
        entries.extend(page)
        after = LedgerPosition(page[-1].owner_id, page[-1].sequence)
    return entries


def _pages(page: Callable[[Id | None], AuditPage[Row, Id]], limit: int) -> list[Row]:
    rows: list[Row] = []
    after: Id | None = None
    while True:
        found = page(after)
        assert len(found) <= limit
        rows.extend(found)
        if found.next is None:
            return rows
        after = found.next


def _walk(page: Callable[[Id | None], Sequence[Row]], id_of: Callable[[Row], Id]) -> list[Row]:
    rows: list[Row] = []
    while more := page(id_of(rows[-1]) if rows else None):
        rows.extend(more)
    return rows


def _by_owner(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    return sorted(entries, key=lambda entry: (entry.owner_id, entry.sequence))
