from spike_contracts.images import ImagesContract


class TestSqlAlchemyImages(ImagesContract):
    """On SQLite and PostgreSQL; the fixture is this folder's."""
