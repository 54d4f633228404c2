from contracts.wallets import WalletsContract


class TestSqlAlchemyWallets(WalletsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
