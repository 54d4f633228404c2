from contracts.ledger import LedgerContract


class TestSqlAlchemyLedger(LedgerContract):
    """On a migrated SQLite file; the fixture is this folder's."""
