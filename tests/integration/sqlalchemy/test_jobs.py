from spike_contracts.jobs import JobsContract


class TestSqlAlchemyJobs(JobsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
