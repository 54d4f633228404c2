"""The files of the studio, the web interface at `/`: package data, read once, with content-addressed URLs."""

import gzip
import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from attrs import frozen

from spike_core.domain.dimensions import Dimensions

FOLDER: Final = "studio"
PAGE: Final = "index.html"
VERSION_MARK: Final = "{version}"
BASE_MARK: Final = "{base}"  # replaced by the base path of all URLs, which is usually empty
FIRST_MODULE: Final = "js/main.js"
MODULES_MARK: Final = "<!-- modules -->"
CARD_MARK: Final = "<!-- card -->"  # replaced by the preview card of what is shared
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
_IMPORT: Final = re.compile(r"^import (?:[^;]*? from )?'\./([\w/]+\.js)';$", re.MULTILINE)


@frozen(kw_only=True)
class CardPicture:
    """A picture of a preview card."""

    url: str
    description: str  # for those who don't see it
    size: Dimensions | None = None  # with it, sites show the picture before they have loaded it


@frozen(kw_only=True)
class PreviewCard:
    """What other sites show of a page that links to it: Open Graph (https://ogp.me), and X's card of a large image."""

    title: str
    description: str
    url: str
    pictures: Sequence[CardPicture]  # most sites show the first one alone
    is_listed: bool = True  # whether search engines may list the page

    def as_html(self) -> str:
        """Return the elements for the page's head; all values are escaped."""
        properties = [
            ("og:type", "website"),
            ("og:site_name", "Spike"),
            ("og:title", self.title),
            ("og:description", self.description),
            ("og:url", self.url),
        ]
        for picture in self.pictures:
            properties.append(("og:image", picture.url))
            if picture.size is not None:
                sides = zip(("width", "height"), picture.size.sides_px, strict=True)
                properties += [(f"og:image:{name}", str(side_px)) for name, side_px in sides]
            properties.append(("og:image:alt", picture.description))
        card = "summary_large_image" if self.pictures else "summary"
        lines = [f'<meta property="{name}" content="{html.escape(value)}">' for name, value in properties]
        lines.append(f'<meta name="twitter:card" content="{card}">')
        if not self.is_listed:
            lines.append('<meta name="robots" content="noindex">')
        return "\n".join(lines)


@frozen(kw_only=True)
class StudioFiles:
    """The studio's page and its files.

    The files' URLs contain `version`, a digest of all files, so browsers may cache them forever. Modules and style
    sheets refer to each other by relative URLs, and so stay within one version.
    """

    page: bytes  # with `BASE_MARK`s, which `page_below` replaces
    files: Mapping[str, bytes]  # by path within the folder
    packed: Mapping[str, bytes]  # the files that gzip makes smaller, compressed
    version: str

    @classmethod
    def read(cls) -> "StudioFiles":
        """Read the studio from the package."""
        found = dict(sorted(_walk(files(__package__).joinpath(FOLDER), prefix="")))
        page = found.pop(PAGE).decode()
        digest = hashlib.sha256(page.encode())
        for path, content in found.items():
            digest.update(f"{path} {len(content)} ".encode() + content)
        version = digest.hexdigest()[:16]
        # preload what the first module imports; otherwise a browser would discover it one import after the other
        modules = "\n".join(
            f'<link rel="modulepreload" href="{BASE_MARK}/studio/{version}/{path}">'
            for path in sorted(_imported(found, FIRST_MODULE))
        )
        page = page.replace(VERSION_MARK, version).replace(MODULES_MARK, modules)
        packed = {path: gzip.compress(text, mtime=0) for path, text in found.items() if path.endswith(TEXTS)}
        return cls(page=page.encode(), files=found, packed=packed, version=version)

    def page_below(self, base_path: str) -> bytes:
        """Return the page for a service whose paths all begin with `base_path`, such as `/spike`."""
        return self.page.replace(BASE_MARK.encode(), html.escape(base_path).encode())

    def page_with_card(self, base_path: str, card: "PreviewCard") -> bytes:
        """Return the page as `page_below` does, with a preview card for the pages that link to it."""
        return self.page_below(base_path).replace(CARD_MARK.encode(), card.as_html().encode())


def media_type(path: str) -> str:
    """Return the media type of a file of the studio."""
    return MEDIA_TYPES[path[path.rindex(".") :]]


def _imported(found: Mapping[str, bytes], path: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return a module and what it imports at its start, directly or not; not what it imports later, by `import()`."""
    seen |= {path}
    for name in _IMPORT.findall(found[path].decode()):
        if (imported := path.rpartition("/")[0] + f"/{name}") not in seen:
            seen = _imported(found, imported, seen)
    return seen


def _walk(folder: Traversable, *, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            yield from _walk(entry, prefix=f"{path}/")
        elif path.endswith(tuple(MEDIA_TYPES)):
            yield path, entry.read_bytes()
