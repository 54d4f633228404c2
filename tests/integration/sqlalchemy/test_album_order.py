from contracts.album_order import AlbumOrderContract


class TestSqlAlchemyAlbumOrder(AlbumOrderContract):
    """On a migrated SQLite file; the fixture is this folder's."""
