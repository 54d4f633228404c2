"""A library of thousands of pictures for a running server: one upload, and rows and hard links of its files."""

import hashlib
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

SHAPES: Final = ((1500, 1000), (1000, 1500), (1200, 1200), (1920, 1080), (1600, 1200))
PLACES: Final = ("Beach", "Forest", "Harbor", "Market", "Winter")
_APART: Final = timedelta(hours=7) // timedelta(microseconds=1)  # of two pictures: 10,000 are of eight years


def multiply(folder: Path, image_id: str, count: int) -> list[str]:
    """Add `count` pictures like an uploaded one, each older than the one before; return their ids, newest first.

    They have names such as `Harbor 00042.jpg`, and differ in shape; each has files of its own. They are in the albums
    that the uploaded one is in, after it.
    """
    with closing(sqlite3.connect(folder / "spike.db", timeout=30)) as connection, connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM images WHERE id = ?", (image_id,)).fetchone())
        columns = ", ".join(row)
        values = ", ".join(_value(name, is_text=isinstance(value, str)) for name, value in row.items())
        ids = [f"img_{hashlib.sha256(f'{image_id} {number}'.encode()).hexdigest()[:24]}" for number in range(count)]
        connection.execute("CREATE TEMPORARY TABLE copies (number INTEGER, id TEXT, name TEXT, width_px, height_px)")
        connection.executemany(
            "INSERT INTO copies VALUES (?, ?, ?, ?, ?)",
            [(number, id_, name_of(number), *SHAPES[number % len(SHAPES)]) for number, id_ in enumerate(ids)],
        )
        connection.execute(
            f"INSERT INTO images ({columns}) SELECT {values} FROM images, copies WHERE images.id = ?",  # noqa: S608  # our own names
            (image_id,),
        )
        for album in connection.execute("SELECT * FROM album_images WHERE image_id = ?", (image_id,)).fetchall():
            places = [
                (id_.replace("img_", "alb_img_"), album["album_id"], id_, album["position"] + number, album["added_at"])
                for number, id_ in enumerate(ids, start=1)
            ]
            connection.executemany(
                "INSERT INTO album_images (id, album_id, image_id, position, added_at) VALUES (?, ?, ?, ?, ?)", places
            )
    for path in [str(each) for each in folder.rglob(f"*{image_id.removeprefix('img_')}*") if each.is_file()]:
        for id_ in ids:
            os.link(path, path.replace(image_id, id_))
    return ids


def name_of(number: int) -> str:
    """Return the name of the picture of this number, counted from 0."""
    return f"{PLACES[number % len(PLACES)]} {number:05}.jpg"


def _value(column: str, *, is_text: bool) -> str:
    """Return SQL for this column's value in a copy; keys of files contain the id."""
    match column:
        case "id" | "name" | "width_px" | "height_px":
            return f"copies.{column}"
        case "created_at" | "updated_at":
            return f"images.created_at - (copies.number + 1) * {_APART}"
        case "checksum":
            return "NULL"
        case _ if is_text:
            return f"replace(images.{column}, images.id, copies.id)"
        case _:
            return f"images.{column}"
