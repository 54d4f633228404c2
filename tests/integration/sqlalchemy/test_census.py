from contracts.census import CensusContract


class TestSqlAlchemyCensus(CensusContract):
    """On a migrated SQLite file; the fixture is this folder's."""
