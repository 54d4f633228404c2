from contracts.tallies import TalliesContract


class TestSqlAlchemyTallies(TalliesContract):
    """On a migrated SQLite file; the fixture is this folder's."""
