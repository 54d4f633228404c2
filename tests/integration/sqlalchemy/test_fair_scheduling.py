from typing import Final

from spike_contracts.builders import an_owner
from spike_contracts.fair_scheduling import FairSchedulingContract, a_job_of, announce
from spike_contracts.jobs import store
from spike_sqlalchemy import PostgresDatabase
from spike_sqlalchemy import jobs as job_statements
from spike_sqlalchemy.table_names import DEFAULT_NAMES

WAITING: Final = 300


class TestSqlAlchemyFairScheduling(FairSchedulingContract):
    """On SQLite and PostgreSQL; the fixture is defined in this folder."""


def test_of_an_owner_who_has_enough_on_their_way_nothing_that_waits_is_read(
    postgres_database: PostgresDatabase,
) -> None:
    ada = an_owner()
    jobs = [a_job_of(ada, age=age) for age in range(WAITING)]
    with postgres_database.transactions.begin() as tx:
        store(tx, *jobs)
        announce(tx, *jobs[:8])
    prepared = vars(job_statements)["_IN_FLIGHT"].compiled(postgres_database.engine.dialect, DEFAULT_NAMES)
    with postgres_database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE jobs, outbox_messages")
        arguments = prepared.arguments({"owner": ada.text, "jobs_max": 8})
        plan = connection.exec_driver_sql(f"EXPLAIN ANALYZE {prepared.sql}", arguments).scalars().all()
    assert any("ix_jobs_unsettled" in line for line in plan), plan
    assert not any("Rows Removed by Filter" in line for line in plan), plan
