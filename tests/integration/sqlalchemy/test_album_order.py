from spike_contracts.album_order import AlbumOrderContract


class TestSqlAlchemyAlbumOrder(AlbumOrderContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
