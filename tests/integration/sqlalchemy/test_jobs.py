from contracts.jobs import JobsContract


class TestSqlAlchemyJobs(JobsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
