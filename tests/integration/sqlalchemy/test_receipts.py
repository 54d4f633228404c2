from contracts.receipts import ReceiptsContract


class TestSqlAlchemyReceipts(ReceiptsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
