from spike_contracts.wallets import WalletsContract


class TestSqlAlchemyWallets(WalletsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
