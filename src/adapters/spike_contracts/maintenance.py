"""The laws of `MaintenanceRuns`."""

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


class MaintenanceRunsContract:
    """Laws every MaintenanceRuns adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @pytest.mark.parametrize("task", MaintenanceTask)
    def test_a_task_that_has_never_run_has_run_number_0(
        self, transactions: Transactions, task: MaintenanceTask
    ) -> None:
        with transactions.view() as tx:
            assert tx.maintenance_runs.get(task) == MaintenanceRun.never_run(task)
        with transactions.begin() as tx:
            assert tx.maintenance_runs.lock(task) == tx.maintenance_runs.lock(task) == MaintenanceRun.never_run(task)

    def test_a_round_comes_back_as_it_was_put_and_others_stay(self, transactions: Transactions) -> None:
        first = MaintenanceRun.never_run(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE)
        for run in (first, first.renewed(now=NOON + LEASE, lease=LEASE), first.at("images/x"), first.ended()):
            with transactions.begin() as tx:
                tx.maintenance_runs.lock(MaintenanceTask.ORPHANS)
                tx.maintenance_runs.put(run)
            with transactions.view() as tx:
                assert tx.maintenance_runs.get(MaintenanceTask.ORPHANS) == run
                assert tx.maintenance_runs.get(MaintenanceTask.EXPIRY) == MaintenanceRun.never_run(
                    MaintenanceTask.EXPIRY
                )
            with transactions.begin() as tx:
                assert tx.maintenance_runs.lock(MaintenanceTask.ORPHANS) == run

    def test_a_transaction_that_fails_begins_no_round(self, transactions: Transactions) -> None:
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # it is the block that fails
            tx.maintenance_runs.put(tx.maintenance_runs.lock(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE))
            raise ZeroDivisionError
        with transactions.view() as tx:
            assert tx.maintenance_runs.get(MaintenanceTask.ORPHANS) == MaintenanceRun.never_run(MaintenanceTask.ORPHANS)

    def test_of_several_who_take_at_once_each_gets_a_round_of_its_own(self, transactions: Transactions) -> None:
        """Also the first run, for which no row exists yet that could be locked."""
        together = threading.Barrier(TAKERS)

        def take(_taker: int) -> Sequence[int]:
            numbers: list[int] = []
            together.wait()
            for _ in range(TAKES):
                with transactions.begin() as tx:
                    run = tx.maintenance_runs.lock(MaintenanceTask.ORPHANS).next(now=NOON, lease=LEASE)
                    tx.maintenance_runs.put(run)
                numbers.append(run.number)
            return numbers

        with ThreadPoolExecutor(TAKERS) as pool:
            taken = [number for numbers in pool.map(take, range(TAKERS)) for number in numbers]
        assert sorted(taken) == list(range(1, TAKERS * TAKES + 1))
