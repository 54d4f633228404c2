from contracts.accounts import AccountsContract


class TestSqlAlchemyAccounts(AccountsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
