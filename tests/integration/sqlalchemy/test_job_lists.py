from contracts.job_lists import JobListsContract


class TestSqlAlchemyJobLists(JobListsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
