from spike_contracts.chores import ChoresContract


class TestSqlAlchemyChores(ChoresContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
