from contracts.overdue import OverdueJobsContract


class TestSqlAlchemyOverdueJobs(OverdueJobsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
