"""The viewer of the OpenAPI document at `/docs`: Swagger UI, shipped in the package."""

import gzip
import hashlib
import html
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from attrs import frozen

_FOLDER: Final = "viewer"
_PAGE: Final = "index.html"
_GZIPPED: Final = ("swagger-ui-bundle.js", "swagger-ui.css")  # stored compressed
_PLAIN: Final = ("docs.js", "docs.css")
_ICON: Final = "icon.svg"  # the studio's
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@frozen(kw_only=True)
class Viewer:
    """The viewer's page and files. The files' URLs contain `version`, so browsers may cache them forever."""

    page: str
    files: Mapping[str, bytes]  # compressed by gzip, by name
    version: str

    @classmethod
    def read(cls) -> "Viewer":
        """Read the viewer from the package."""
        folder = files(__package__).joinpath(_FOLDER)
        found = {name: folder.joinpath(f"{name}.gz").read_bytes() for name in _GZIPPED}
        plain = {name: folder.joinpath(name).read_bytes() for name in _PLAIN}
        plain[_ICON] = files("spike_http").joinpath("studio", _ICON).read_bytes()
        found |= {name: gzip.compress(content, mtime=0) for name, content in plain.items()}
        digest = hashlib.sha256(b"".join(found.values())).hexdigest()[:16]
        return cls(page=folder.joinpath(_PAGE).read_text(encoding="utf-8"), files=found, version=digest)

    def page_below(self, base_path: str) -> str:
        """Return the page, in HTML, for a service whose paths all begin with `base_path`, such as `/spike`."""
        base = html.escape(base_path)
        return self.page.replace("{files}", f"{base}/docs/{self.version}").replace("{base}", base)


def media_type(name: str) -> str:
    """Return the media type of a file of the viewer."""
    return _MEDIA_TYPES[name[name.rindex(".") :]]
