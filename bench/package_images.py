"""Images that we did not make: icons, logos and screenshots inside the packages of this environment and this system."""

import hashlib
import itertools
import sysconfig
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

COUNT_MAX: Final = 60
PACKAGE_COUNT_MAX: Final = 24  # of one package, for variety
SIDE_PX_MIN: Final = 48
SIDE_PX_MAX: Final = 640
FILES_MAX: Final = 200_000
_SYSTEM: Final = (Path("/usr/share/icons"), Path("/usr/share/doc"))  # where there is none, there are fewer images
_ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp"})


def package_images() -> Mapping[str, Image.Image]:
    """Return up to `COUNT_MAX` images by their path, in RGB or RGBA; a hash of the path chooses."""
    roots = (Path(sysconfig.get_path("purelib")), *_SYSTEM)
    paths = {
        str(path.relative_to(root)): path
        for root in roots
        for path in itertools.islice(root.rglob("*"), FILES_MAX)
        if path.suffix.lower() in _ENDINGS
    }
    found: dict[str, Image.Image] = {}
    taken: Counter[str] = Counter()
    for name in sorted(paths, key=_chance):
        package = name.partition("/")[0]
        picture = _decoded(paths[name])
        if picture is None or taken[package] == PACKAGE_COUNT_MAX:
            continue
        found[name] = picture
        taken[package] += 1
        if len(found) == COUNT_MAX:
            break
    return found


def _chance(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _decoded(path: Path) -> Image.Image | None:
    """Return a picture of a fitting size; none where it has another or can't be decoded."""
    try:
        with Image.open(path) as file:
            if min(file.size) < SIDE_PX_MIN or max(file.size) > SIDE_PX_MAX:
                return None
            return file.convert("RGBA" if file.has_transparency_data else "RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return None
