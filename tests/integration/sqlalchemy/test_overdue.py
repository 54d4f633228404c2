from spike_contracts.overdue import OverdueJobsContract


class TestSqlAlchemyOverdueJobs(OverdueJobsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
