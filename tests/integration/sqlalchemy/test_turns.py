from contracts.turns import TurnsContract


class TestSqlAlchemyTurns(TurnsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
