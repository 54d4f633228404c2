from spike_contracts.job_lists import JobListsContract


class TestSqlAlchemyJobLists(JobListsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
