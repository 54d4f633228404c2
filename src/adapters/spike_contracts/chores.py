"""The laws of `Chores`."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest

from spike_contracts.builders import NOON
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.ports.transactions import Transactions

LEASE: Final = timedelta(minutes=1)
TAKERS: Final = 4
TAKES: Final = 10


class ChoresContract:
    """Laws every Chores adapter keeps. The fixture `transactions` comes from the adapter's test."""

    @pytest.mark.parametrize("chore", MaintenanceTask)
    def test_a_chore_that_was_never_done_is_at_no_round(
        self, transactions: Transactions, chore: MaintenanceTask
    ) -> None:
        with transactions.view() as tx:
            assert tx.chores.get(chore) == MaintenanceRun.before_the_first(chore)
        with transactions.begin() as tx:
            assert tx.chores.lock(chore) == tx.chores.lock(chore) == MaintenanceRun.before_the_first(chore)

    def test_a_round_comes_back_as_it_was_put_and_others_stay(self, transactions: Transactions) -> None:
        first = MaintenanceRun.before_the_first(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE)
        for round_ in (first, first.prolonged(now=NOON + LEASE, lease=LEASE), first.ended()):
            with transactions.begin() as tx:
                tx.chores.lock(MaintenanceTask.ORPHANS)
                tx.chores.put(round_)
            with transactions.view() as tx:
                assert tx.chores.get(MaintenanceTask.ORPHANS) == round_
                assert tx.chores.get(MaintenanceTask.EXPIRY) == MaintenanceRun.before_the_first(MaintenanceTask.EXPIRY)
            with transactions.begin() as tx:
                assert tx.chores.lock(MaintenanceTask.ORPHANS) == round_

    def test_a_transaction_that_fails_begins_no_round(self, transactions: Transactions) -> None:
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # it is the block that fails
            tx.chores.put(tx.chores.lock(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE))
            raise ZeroDivisionError
        with transactions.view() as tx:
            assert tx.chores.get(MaintenanceTask.ORPHANS) == MaintenanceRun.before_the_first(MaintenanceTask.ORPHANS)

    def test_of_several_who_take_at_once_each_gets_a_round_of_its_own(self, transactions: Transactions) -> None:
        """From the very first on, for which there may be nothing yet to lock."""
        together = threading.Barrier(TAKERS)

        def take(_taker: int) -> Sequence[int]:
            numbers: list[int] = []
            together.wait()
            for _ in range(TAKES):
                with transactions.begin() as tx:
                    round_ = tx.chores.lock(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE)
                    tx.chores.put(round_)
                numbers.append(round_.number)
            return numbers

        with ThreadPoolExecutor(TAKERS) as pool:
            taken = [number for numbers in pool.map(take, range(TAKERS)) for number in numbers]
        assert sorted(taken) == list(range(1, TAKERS * TAKES + 1))
