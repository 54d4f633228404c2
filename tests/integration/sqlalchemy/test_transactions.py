from contracts.transactions import TransactionsContract


class TestSqlAlchemyTransactions(TransactionsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
