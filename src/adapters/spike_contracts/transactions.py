"""The laws of `Transactions`."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import pytest

from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import (
    NOON,
    a_body,
    a_job,
    a_job_id,
    an_album,
    an_album_image_id,
    an_image,
    an_opening,
    an_owner,
)
from spike_contracts.users import a_session, a_user
from spike_core.domain.errors import ImageNotFound, InvariantViolated, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import EntryKind
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_core.ports.transactions import Transaction, Transactions

THREADS: Final = 4
CREDITS: Final = 10

WRITES: Final[Sequence[Callable[[Transaction], object]]] = (
    lambda tx: tx.wallets.open(an_opening()),
    lambda tx: tx.wallets.post(an_opening()),
    lambda tx: tx.wallets.lock(an_owner()),
    lambda tx: tx.images.add(an_image()),
    lambda tx: tx.images.count_view(an_image().id),
    lambda tx: tx.jobs.add([a_job()]),
    lambda tx: tx.jobs.replace(job := a_job(), by=job.start(now=NOON)),
    lambda tx: tx.albums.add(an_album()),
    lambda tx: tx.albums.lock(an_album().id),
    lambda tx: tx.albums.replace(an_album()),
    lambda tx: tx.albums.remove(an_album().id),
    lambda tx: tx.albums.remove_images(an_album().id, [an_image().id]),
    lambda tx: tx.albums.append_images(an_album().id, [(an_album_image_id(), an_image().id)], now=NOON),
    lambda tx: tx.users.add_user(a_user()),
    lambda tx: tx.sessions.add(a_session(a_user())),
    lambda tx: tx.api_keys.put(an_api_key(a_user())),
    lambda tx: tx.api_keys.lock(a_user().id),
    lambda tx: tx.outbox.put([OutboxMessage(job_id=a_job_id(), due_at=NOON)]),
    lambda tx: tx.outbox.take(now=NOON, until=NOON, limit=1),
    lambda tx: tx.outbox.remove([a_job_id()]),
)


class Crash(BaseException):
    """An exception that application code doesn't catch, as from a signal or a time limit."""


class TransactionsContract:
    """Laws every Transactions adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_what_was_written_is_there_after_a_clean_exit(self, transactions: Transactions) -> None:
        image = an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == image
        with transactions.begin() as tx:
            assert tx.images.get(image.id) == image

    @pytest.mark.parametrize("error", [ValueError, Crash, KeyboardInterrupt])
    def test_whatever_is_raised_undoes_everything(self, transactions: Transactions, error: type[BaseException]) -> None:
        image, opening = an_image(), an_opening()
        with pytest.raises(error), transactions.begin() as tx:  # noqa: PT012  # all of it belongs to the transaction
            tx.images.add(image)
            tx.wallets.open(opening)
            raise error
        with transactions.view() as tx:
            with pytest.raises(ImageNotFound):
                tx.images.get(image.id)
            with pytest.raises(WalletNotFound):
                tx.wallets.get(opening.wallet.owner_id)

    def test_a_failed_transaction_leaves_the_next_one_alone(self, transactions: Transactions) -> None:
        image = an_image()
        with pytest.raises(Crash), transactions.begin() as tx:  # noqa: PT012  # all of it belongs to the transaction
            tx.images.add(image)
            raise Crash
        with transactions.begin() as tx:
            tx.images.add(image)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == image

    def test_a_transaction_sees_its_own_writes(self, transactions: Transactions) -> None:
        image = an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
            assert tx.images.get(image.id) == image
            assert tx.images.find([image.id]) == {image.id: image}

    def test_nobody_sees_what_isnt_committed(self, transactions: Transactions) -> None:
        image = an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
            with transactions.view() as view, pytest.raises(ImageNotFound):
                view.images.get(image.id)

    def test_a_view_blocks_no_writer_and_sees_the_same_all_along(self, transactions: Transactions) -> None:
        opening = an_opening(10)
        owner_id = opening.wallet.owner_id
        with transactions.begin() as tx:
            tx.wallets.open(opening)
        with transactions.view() as view:
            assert view.wallets.get(owner_id).balance == Tokens(10)
            _credit(transactions, owner_id)
            assert view.wallets.get(owner_id).balance == Tokens(10)
            assert len(view.wallets.entries(owner_id, limit=9)) == 1
        with transactions.view() as view:
            assert view.wallets.get(owner_id).balance == Tokens(11)

    def test_views_dont_wait_for_each_other(self, transactions: Transactions) -> None:
        with transactions.view() as first, transactions.view() as second:
            assert first.images.find([]) == second.images.find([]) == {}

    @pytest.mark.parametrize("write", WRITES)
    def test_writing_through_a_view_is_a_bug(
        self, transactions: Transactions, write: Callable[[Transaction], object]
    ) -> None:
        with transactions.view() as tx, pytest.raises(InvariantViolated, match="read-only"):
            write(tx)

    def test_a_failed_view_leaves_the_next_one_alone(self, transactions: Transactions) -> None:
        with pytest.raises(Crash), transactions.view():
            raise Crash
        with transactions.view() as tx:
            assert tx.images.find([]) == {}

    def test_a_locked_wallet_waits_for_the_one_who_locked_it(self, transactions: Transactions) -> None:
        opening = an_opening(10)
        owner_id = opening.wallet.owner_id
        with transactions.begin() as tx:
            tx.wallets.open(opening)
        credited = threading.Event()

        def credit() -> None:
            _credit(transactions, owner_id)
            credited.set()

        other = threading.Thread(target=credit)
        with transactions.begin() as tx:
            wallet = tx.wallets.lock(owner_id)
            other.start()
            assert not credited.wait(0.05)
            tx.wallets.post(_one_more(wallet.owner_id, tx))
        other.join()
        with transactions.view() as tx:
            assert tx.wallets.get(owner_id).balance == Tokens(12)

    def test_many_threads_lose_no_update(self, transactions: Transactions) -> None:
        opening = an_opening(1)
        owner_id = opening.wallet.owner_id
        with transactions.begin() as tx:
            tx.wallets.open(opening)

        def credit() -> None:
            for _ in range(CREDITS):
                _credit(transactions, owner_id)

        threads = [threading.Thread(target=credit) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transactions.view() as tx:
            assert tx.wallets.get(owner_id).balance == Tokens(1 + THREADS * CREDITS)
            assert len(tx.wallets.entries(owner_id, limit=10_000)) == 1 + THREADS * CREDITS


def _credit(transactions: Transactions, owner_id: OwnerId) -> None:
    with transactions.begin() as tx:
        tx.wallets.post(_one_more(owner_id, tx))


def _one_more(owner_id: OwnerId, tx: Transaction) -> Posting:
    wallet = tx.wallets.lock(owner_id)
    reason = f"gift {a_body()}"
    return wallet.credit(Tokens(1), kind=EntryKind.EARN_BONUS, now=NOON + timedelta(minutes=1), reason=reason)
