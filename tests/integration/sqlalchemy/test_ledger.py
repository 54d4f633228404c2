from spike_contracts.ledger import LedgerContract


class TestSqlAlchemyLedger(LedgerContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
