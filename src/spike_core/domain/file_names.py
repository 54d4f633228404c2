"""File names of pictures that are downloaded: names that every common file system takes, in any script."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier

STEM_BYTES_MAX: Final = 180  # in UTF-8; file systems take 255 bytes for a name, with its number and extension
_UNNAMED: Final = "image"

# separators, what Windows reserves, and characters that aren't shown or change the direction of what follows
_UNSAFE: Final = re.compile('[\x00-\x1f\x7f-\x9f"*/:<>?\\\\|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)  # devices of Windows
_ALIASES: Final[Mapping[PictureFormat, Collection[str]]] = {
    PictureFormat.JPEG: ("jpg", "jpeg"),
    PictureFormat.TIFF: ("tif", "tiff"),
    PictureFormat.HEIC: ("heic", "heif"),
}
_EXTENSIONS: Final = {name for format_ in PictureFormat for name in (*_ALIASES.get(format_, ()), format_.extension)}


def picture_file_name(text: str, format_: PictureFormat, *, label: str = "") -> str:
    """Return the file name of a picture that is called `text`: its stem, the label, and the format's extension.

    >>> picture_file_name("Hafen: früh.png", PictureFormat.JPEG, label="2K")
    'Hafen_ früh-2K.jpg'
    """
    stem, dot, extension = text.rpartition(".")
    if not dot or extension.lower() not in _EXTENSIONS:
        stem, extension = text, ""
    if extension.lower() not in _ALIASES.get(format_, ()):
        extension = format_.extension
    suffix = f"-{label}" if label else ""
    return f"{_safe(stem)}{_UNSAFE.sub('_', suffix)}.{extension}"


def tier_label(tier: Tier) -> str:
    """Return how file names tell a tier's results.

    >>> tier_label(Tier("TIER_2K"))
    '2K'
    """
    return tier.name.removeprefix("TIER_")


def numbered(name: str, number: int) -> str:
    """Return the name with a number before its extension.

    >>> numbered("harbor.jpg", 2)
    'harbor (2).jpg'
    """
    stem, _, extension = name.rpartition(".")
    return f"{stem} ({number}).{extension}"


def archive_file_name(text: str) -> str:
    """Return the file name of a zip archive that is called `text`."""
    return f"{_safe(text)}.zip"


class DistinctNames:
    """Makes names distinct, also where a file system ignores case and how characters are composed."""

    def __init__(self) -> None:
        """Know no name yet."""
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last one given, by name

    def take(self, name: str) -> str:
        """Return the name, or the first numbered one that isn't taken; then it is."""
        chosen, key = name, _folded(name)
        while _folded(chosen) in self._taken:
            self._numbers[key] = self._numbers.get(key, 1) + 1
            chosen = numbered(name, self._numbers[key])
        self._taken.add(_folded(chosen))
        return chosen


def _safe(stem: str) -> str:
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem))
    short = plain.encode()[:STEM_BYTES_MAX].decode(errors="ignore").strip(" .") or _UNNAMED
    return f"_{short}" if _RESERVED.fullmatch(short) else short


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
