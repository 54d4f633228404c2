"""The content of a bucket or of a folder of objects, read directly."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import boto3

RENDITIONS: Final = ("thumbnails/", "previews/")


def keys_in(settings: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of all objects in the folder that `SPIKE_STORAGE_URL` names, without the folder's name."""
    url = urlsplit(settings["SPIKE_STORAGE_URL"])
    if url.scheme == "file":
        return _files_in(Path(unquote(url.path)))
    options = {name: value for name, [value] in parse_qs(url.query).items()}
    client = boto3.client(
        "s3",
        endpoint_url=options.get("endpoint_url"),
        region_name=options.get("region"),
        aws_access_key_id=settings.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=settings.get("AWS_SECRET_ACCESS_KEY"),
    )
    prefix = url.path.strip("/") + "/"
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=url.netloc, Prefix=prefix)
    return frozenset(entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", ()))


def _files_in(folder: Path) -> frozenset[str]:
    """Return the keys of a folder's objects; names that begin with a dot are none."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return frozenset(str(path) for path in paths if not path.parts[0].startswith("."))


def without_renditions(keys: Collection[str]) -> frozenset[str]:
    """Return those of the keys that aren't renditions, which are made some time after their picture is stored."""
    return frozenset(key for key in keys if not key.startswith(RENDITIONS))
