"""The entry point `storage.file`."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from spike_core.domain.errors import InvalidValue
from spike_core.ports.clock import Clock
from spike_core.ports.factories import Storage
from spike_filesystem.blobs import FilesystemBlobStore

ADAPTER_API: Final = 1


def open_folder(url: str, *, clock: Clock, secret: bytes) -> Storage:
    """Open the blob store at `file:///absolute/path`, percent-encoded where necessary. Doesn't access the disk.

    Raises:
        InvalidValue: the URL names a host, no absolute path, the file system's root, or more than a path; or the secret
            is empty.
    """
    if not secret:
        raise InvalidValue(what="secret", rule="must not be empty, since anyone who knows it can sign URLs")
    store = FilesystemBlobStore(_folder(url), clock=clock, secret=secret)
    return Storage(blobs=store, links=store, ping=store.ping, free_bytes=store.free_bytes)


def _folder(url: str) -> Path:
    wrong = InvalidValue(what="storage URL", rule="must look like file:///absolute/path")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise wrong from error
    path = os.fsdecode(unquote_to_bytes(parts.path))
    is_file_url = url.lower().startswith("file://") and not (parts.netloc or "?" in url or "#" in url)
    if not is_file_url or "\0" in path or not path.startswith("/") or not path.strip("/"):
        raise wrong
    return Path(path)
