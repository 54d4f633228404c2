"""MaintenanceRuns in a database."""

from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, select

from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_sqlalchemy.prepared_statements import Prepared, insert_unless, upsert
from spike_sqlalchemy.rows import run_of, run_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import chores

_ROUND: Final = select(chores).where(chores.c.chore == bindparam("which"))
_GET: Final = Prepared(_ROUND)
_LOCK: Final = Prepared(_ROUND.with_for_update())
_MAKE_LOCKABLE: Final = insert_unless(chores, unique=["chore"])
_PUT: Final = upsert(chores)


@frozen
class SqlAlchemyMaintenanceRuns:
    """See the port."""

    _statements: Statements

    def get(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round."""
        for row in self._statements.rows(_GET, {"which": chore.value}):
            return run_of(row)
        return MaintenanceRun.never_run(chore)

    def lock(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round, its row locked; one is made where there is none."""
        self._statements.write(_MAKE_LOCKABLE, run_row(MaintenanceRun.never_run(chore)))
        [row] = self._statements.locked_rows(_LOCK, {"which": chore.value})
        return run_of(row)

    def put(self, run: MaintenanceRun) -> None:
        """Store the latest round."""
        self._statements.write(_PUT, run_row(run))
