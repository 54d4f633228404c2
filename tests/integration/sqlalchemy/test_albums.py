from contracts.albums import AlbumsContract


class TestSqlAlchemyAlbums(AlbumsContract):
    """On a migrated SQLite file; the fixture is this folder's."""
