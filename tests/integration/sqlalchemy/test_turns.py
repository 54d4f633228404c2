from spike_contracts.turns import TurnsContract


class TestSqlAlchemyTurns(TurnsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
