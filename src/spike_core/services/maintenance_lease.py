"""The maintenance lease: which process runs a maintenance task, and when."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from attrs import frozen

from spike_core.domain.errors import Unavailable
from spike_core.domain.limits import JobLimits
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.ports.clock import Clock
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.transactions import Transactions
from spike_core.services.retries import retry_on_conflict

LOOK_INTERVAL: Final = timedelta(minutes=1)  # between two looks at whether a chore is due; they cost one small query

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class MaintenanceLease:
    """Sees to it that a chore is done by one process at a time, and once in its period, of all that share a database.

    A round is held by a lease, which heartbeats prolong; that of a process that died runs out, and another takes over.
    The lease saves work and guards nothing: every chore may be done by two at once, as when one was stopped for longer.
    """

    transactions: Transactions
    clock: Clock
    heartbeat: Heartbeat
    limits: JobLimits

    def attend(self, chore: MaintenanceTask, do: Callable[[], object], *, every: timedelta) -> None:
        """Do the chore if its next round is due and nobody is at it; what `do` raises comes through.

        Raises:
            DatabaseUnavailable: nobody can say whose turn it is.
        """
        with self.transactions.view() as tx:  # most of the time it isn't due; this disturbs nobody
            if not self._is_next_due(tx.chores.get(chore), every=every):
                return
        for round_ in self._begun(chore, every=every):
            try:
                with self.heartbeat.during(partial(self._prolong, round_)):
                    do()
            finally:
                self._end(round_)

    @retry_on_conflict
    def break_off_all(self) -> None:
        """Have every round that is held done again, where nobody can be at any: whoever shared the database has died.

        Raises:
            DatabaseUnavailable: their leases will run out.
        """
        for chore in MaintenanceTask:
            with self.transactions.begin() as tx:
                tx.chores.put(tx.chores.lock(chore).broken_off())

    @retry_on_conflict
    def _begun(self, chore: MaintenanceTask, *, every: timedelta) -> Sequence[MaintenanceRun]:
        """Begin the next round and return it; nothing where somebody else was faster."""
        with self.transactions.begin() as tx:
            latest = tx.chores.lock(chore)
            if not self._is_next_due(latest, every=every):
                return ()
            round_ = latest.next(now=self.clock.now(), lease=self.limits.lease)
            tx.chores.put(round_)
        return (round_,)

    def _prolong(self, round_: MaintenanceRun) -> None:
        with self.transactions.begin() as tx:
            if tx.chores.lock(round_.chore).number == round_.number:
                tx.chores.put(round_.prolonged(now=self.clock.now(), lease=self.limits.lease))

    def _end(self, round_: MaintenanceRun) -> None:
        try:
            with self.transactions.begin() as tx:
                latest = tx.chores.lock(round_.chore)
                if latest.number == round_.number:
                    tx.chores.put(latest.ended())
        except Unavailable as error:  # the lease runs out, and the round counts as one that was broken off
            _log.warning("the end of a round of %s can't be noted: %s", round_.chore.value, error)

    def _is_next_due(self, latest: MaintenanceRun, *, every: timedelta) -> bool:
        return latest.is_next_due(now=self.clock.now(), every=every, lease=self.limits.lease)
