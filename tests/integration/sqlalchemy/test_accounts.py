from spike_contracts.accounts import AccountsContract


class TestSqlAlchemyAccounts(AccountsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
