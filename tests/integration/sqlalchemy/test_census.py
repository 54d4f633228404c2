from spike_contracts.census import CensusContract


class TestSqlAlchemyCensus(CensusContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
