from contracts.removals import RemovalsContract


class TestSqlAlchemyRemovals(RemovalsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
