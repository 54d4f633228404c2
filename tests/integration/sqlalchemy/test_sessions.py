from spike_contracts.sessions import SessionsContract


class TestSqlAlchemySessions(SessionsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
