from spike_contracts.receipts import ReceiptsContract


class TestSqlAlchemyReceipts(ReceiptsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
