"""Triggers: what the database itself keeps in step, also where rows are deleted by a cascade.

An album's row has the number of its images. PostgreSQL counts once per statement and locks the albums in the order of
their ids, as everything does that locks several; SQLite, which has one writer, counts row by row.
"""

from typing import Final

from sqlalchemy import DDL, Table, event

COUNT_ALBUM_IMAGES: Final = {
    "sqlite": (
        """CREATE TRIGGER count_added_images AFTER INSERT ON album_images BEGIN
    UPDATE albums SET image_count = image_count + 1 WHERE id = NEW.album_id;
END""",
        """CREATE TRIGGER count_removed_images AFTER DELETE ON album_images BEGIN
    UPDATE albums SET image_count = image_count - 1 WHERE id = OLD.album_id;
END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION count_album_images() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM id FROM albums WHERE id IN (SELECT album_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE albums SET image_count = image_count + CASE TG_OP WHEN 'INSERT' THEN rows ELSE -rows END
        FROM (SELECT album_id, count(*) AS rows FROM changed GROUP BY album_id) AS counted
        WHERE albums.id = counted.album_id;
    RETURN NULL;
END $$""",
        """CREATE OR REPLACE TRIGGER count_added_images AFTER INSERT ON album_images
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_album_images()""",
        """CREATE OR REPLACE TRIGGER count_removed_images AFTER DELETE ON album_images
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_album_images()""",
    ),
}


def create_with(table: Table) -> None:
    """Have the triggers created with the table, where it isn't created by the migrations."""
    for dialect, statements in COUNT_ALBUM_IMAGES.items():
        for statement in statements:
            ddl = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))
