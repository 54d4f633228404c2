from spike_contracts.tallies import TalliesContract


class TestSqlAlchemyTallies(TalliesContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
