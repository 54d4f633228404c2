from contracts.images import ImagesContract


class TestSqlAlchemyImages(ImagesContract):
    """On a migrated SQLite file; the fixture is this folder's."""
