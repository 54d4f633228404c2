"""The laws of `Outbox`."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_job, a_job_id
from spike_contracts.jobs import store
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.transactions import Transactions

SECOND: Final = timedelta(seconds=1)
TAKERS: Final = 4
TAKES: Final = 10
THE_END: Final = datetime.max.replace(tzinfo=UTC)


class OutboxContract:
    """Laws every Outbox adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_message_waits_until_it_is_due(self, transactions: Transactions) -> None:
        now, soon, late = messages = _messages(transactions, 3)
        with transactions.begin() as tx:
            tx.outbox.put(messages)
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=NOON - SECOND, limit=9)) == []
            assert list(tx.outbox.due(now=now.due_at, limit=9)) == [now]
            assert list(tx.outbox.due(now=soon.due_at, limit=9)) == [now, soon]
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [now, soon, late]

    def test_what_is_due_first_comes_first_and_no_more_than_asked_for(self, transactions: Transactions) -> None:
        first, second, third = _messages(transactions, 3)
        with transactions.begin() as tx:
            tx.outbox.put([third, first, second])
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=2)) == [first, second]

    def test_a_second_message_of_a_job_replaces_the_first(self, transactions: Transactions) -> None:
        message, other = _messages(transactions, 2)
        refused = evolve(message, due_at=NOON + 9 * SECOND, refused_since=NOON)
        with transactions.begin() as tx:
            tx.outbox.put([message, other])
            tx.outbox.put([refused])
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [other, refused]
        with transactions.begin() as tx:
            tx.outbox.put([message])
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [message, other]

    def test_a_removed_message_is_forgotten_and_others_stay(self, transactions: Transactions) -> None:
        first, second, third = messages = _messages(transactions, 3)
        with transactions.begin() as tx:
            tx.outbox.put(messages)
            tx.outbox.remove([first.job_id, a_job_id(), third.job_id])
            tx.outbox.remove([first.job_id])
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [second]

    def test_no_messages_and_no_ids_change_nothing(self, transactions: Transactions) -> None:
        [message] = _messages(transactions, 1)
        with transactions.begin() as tx:
            tx.outbox.put([message])
            tx.outbox.put([])
            tx.outbox.remove([])
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [message]

    def test_what_is_taken_is_put_off_and_told_as_it_was(self, transactions: Transactions) -> None:
        first, second, third = _messages(transactions, 3)
        later = third.due_at + SECOND
        with transactions.begin() as tx:
            tx.outbox.put([third, second, first])
            assert list(tx.outbox.take(now=THE_END, until=later, limit=2)) == [first, second]
            assert list(tx.outbox.take(now=third.due_at, until=later, limit=2)) == [third]
            assert list(tx.outbox.take(now=third.due_at, until=later, limit=2)) == []
        with transactions.view() as tx:
            due = tx.outbox.due(now=later, limit=9)
            assert sorted(due, key=lambda each: each.job_id) == [
                evolve(message, due_at=later)
                for message in sorted([first, second, third], key=lambda each: each.job_id)
            ]

    def test_of_many_that_take_at_once_each_gets_others(self, transactions: Transactions) -> None:
        messages = _messages(transactions, TAKERS * TAKES)
        with transactions.begin() as tx:
            tx.outbox.put(messages)
        start = threading.Barrier(TAKERS)

        def take() -> list[OutboxMessage]:
            start.wait()
            taken: list[OutboxMessage] = []
            for _ in range(TAKES * TAKERS):  # a taker that skips locked rows tries again
                with transactions.begin() as tx:
                    taken += tx.outbox.take(now=messages[-1].due_at, until=THE_END, limit=3)
            return taken

        with ThreadPoolExecutor(TAKERS) as pool:
            taken = [message for each in pool.map(lambda _: take(), range(TAKERS)) for message in each]
        assert sorted(taken, key=lambda each: each.due_at) == messages

    def test_messages_share_the_fate_of_their_transaction(self, transactions: Transactions) -> None:
        message, other = _messages(transactions, 2)
        with transactions.begin() as tx:
            tx.outbox.put([message])
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.outbox.put([other])
            tx.outbox.remove([message.job_id])
            raise ZeroDivisionError
        with transactions.view() as tx:
            assert list(tx.outbox.due(now=THE_END, limit=9)) == [message]


def _messages(transactions: Transactions, count: int) -> Sequence[OutboxMessage]:
    """Return messages, a second apart, of stored jobs."""
    jobs = [a_job() for _ in range(count)]
    with transactions.begin() as tx:
        store(tx, *jobs)
    return [OutboxMessage(job_id=job.id, due_at=NOON + number * SECOND) for number, job in enumerate(jobs)]
