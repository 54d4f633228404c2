from spike_contracts.removals import RemovalsContract


class TestSqlAlchemyRemovals(RemovalsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
