"""A library of thousands of pictures for a running server: one upload, and rows and hard links of its files."""

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

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
        ids = [f"img_{hashlib.sha256(f'{image_id} {number}'.encode()).hexdigest()[:24]}" for number in range(count)]
        rows = [_copy(row, id_, number) for number, id_ in enumerate(ids)]
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO images ({columns}) VALUES ({values})", rows)  # noqa: S608  # our own names
        for album in connection.execute("SELECT * FROM album_images WHERE image_id = ?", (image_id,)).fetchall():
            places = [
                (id_.replace("img_", "alb_img_"), album["album_id"], id_, album["position"] + number, album["added_at"])
                for number, id_ in enumerate(ids, start=1)
            ]
            connection.executemany(
                "INSERT INTO album_images (id, album_id, image_id, position, added_at) VALUES (?, ?, ?, ?, ?)", places
            )
    for path in [each for each in folder.rglob(f"*{image_id.removeprefix('img_')}*") if each.is_file()]:
        for id_ in ids:
            os.link(path, path.with_name(path.name.replace(image_id, id_)))
    return ids


def name_of(number: int) -> str:
    """Return the name of the picture of this number, counted from 0."""
    return f"{PLACES[number % len(PLACES)]} {number:05}.jpg"


def _copy(row: Mapping[str, Any], id_: str, number: int) -> dict[str, Any]:
    width, height = SHAPES[number % len(SHAPES)]
    at = row["created_at"] - (number + 1) * _APART
    changed = {
        "id": id_,
        "name": name_of(number),
        "width_px": width,
        "height_px": height,
        "created_at": at,
        "updated_at": at,
        "checksum": None,
    }
    copied = {name: value.replace(row["id"], id_) if isinstance(value, str) else value for name, value in row.items()}
    return {**copied, **changed}
