from spike_contracts.outbox import OutboxContract


class TestSqlAlchemyOutbox(OutboxContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
