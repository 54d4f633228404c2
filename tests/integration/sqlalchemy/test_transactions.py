from spike_contracts.transactions import TransactionsContract


class TestSqlAlchemyTransactions(TransactionsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
