from contracts.outbox import OutboxContract


class TestSqlAlchemyOutbox(OutboxContract):
    """On a migrated SQLite file; the fixture is this folder's."""
