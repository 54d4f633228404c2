"""The files of the studio, the pages that `/` shows: package data, read once, named by what is in them."""

import gzip
import hashlib
import html
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from attrs import frozen

FOLDER: Final = "studio"
PAGE: Final = "index.html"
VERSION_MARK: Final = "{version}"
BASE_MARK: Final = "{base}"  # the path in front of all paths; mostly it is empty
MODULES_MARK: Final = "<!-- modules -->"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
TEXTS: Final = (".css", ".js", ".svg", ".txt")


@frozen(kw_only=True)
class StudioFiles:
    """The page, and the files that it needs.

    Their addresses hold `version`, a digest of them all, so that browsers may keep them for ever: modules and style
    sheets name each other by relative addresses and so stay within one version.
    """

    page: bytes  # with marks; `page_below` puts the path in their place
    files: Mapping[str, bytes]  # by path within the folder
    packed: Mapping[str, bytes]  # the same by gzip, where that makes them smaller
    version: str

    @classmethod
    def read(cls) -> "StudioFiles":
        """Read them from the package."""
        found = dict(sorted(_walk(files(__package__).joinpath(FOLDER), prefix="")))
        page = found.pop(PAGE).decode()
        digest = hashlib.sha256(page.encode())
        for path, content in found.items():
            digest.update(f"{path} {len(content)} ".encode() + content)
        version = digest.hexdigest()[:16]
        # without these a browser would find the modules one import after the other
        modules = "\n".join(
            f'<link rel="modulepreload" href="{BASE_MARK}/studio/{version}/{path}">'
            for path in found
            if path.endswith(".js")
        )
        page = page.replace(VERSION_MARK, version).replace(MODULES_MARK, modules)
        packed = {path: gzip.compress(text, mtime=0) for path, text in found.items() if path.endswith(TEXTS)}
        return cls(page=page.encode(), files=found, packed=packed, version=version)

    def page_below(self, base_path: str) -> bytes:
        """Return the page of a studio whose address begins with that path, such as `/spike`."""
        return self.page.replace(BASE_MARK.encode(), html.escape(base_path).encode())


def media_type(path: str) -> str:
    """Return the media type of a file of the studio."""
    return MEDIA_TYPES[path[path.rindex(".") :]]


def _walk(folder: Traversable, *, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            yield from _walk(entry, prefix=f"{path}/")
        elif path.endswith(tuple(MEDIA_TYPES)):
            yield path, entry.read_bytes()
