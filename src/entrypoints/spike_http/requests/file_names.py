"""Image names from the file names in forms, which may contain paths of the client's device and direction marks."""

import re
from typing import Final

from spike_core.domain.errors import InvalidFileName
from spike_core.domain.images import ImageName

# marks, embeddings, overrides and isolates (UAX 9, sections 2.1 to 2.6): invisible, they change the order of others
_DIRECTION_MARKS: Final = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
# C:\Users\…, \\server\share\…, /storage/emulated/0/…: a path on the client's device, of which only the last part counts
_ABSOLUTE: Final = re.compile(r"(?:[A-Za-z]:)?[/\\]")
_SEPARATOR: Final = re.compile(r"[/\\]")
_TRAVERSAL: Final = frozenset({".", ".."})


def image_name_of(filename: str) -> ImageName:
    """Return the name of an uploaded image: the last part of an absolute path, without direction marks.

    Raises:
        InvalidFileName: it is a relative path, contains `..`, is empty, hidden or too long, or has control characters.
    """
    plain = filename.translate(_DIRECTION_MARKS)
    if _ABSOLUTE.match(plain):
        *folders, plain = _SEPARATOR.split(plain)
        if not _TRAVERSAL.isdisjoint(folders):
            raise InvalidFileName
    return ImageName.parse(plain)
