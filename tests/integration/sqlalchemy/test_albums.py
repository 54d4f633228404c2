from spike_contracts.albums import AlbumsContract


class TestSqlAlchemyAlbums(AlbumsContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
