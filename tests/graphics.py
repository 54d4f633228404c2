"""The corpus of graphics: reproducible logos, screenshots, charts and the like, as users upload them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from attrs import frozen
from PIL import Image

import graphic_drawings as draw
import graphic_patterns as pattern
from graphic_drawings import BLACK, BLUE, CATEGORIES, CYAN, EDITOR, GREEN, MAGENTA, ORANGE, RED, WHITE, YELLOW
from pictures import decoded, encoded, photograph
from spike_core.domain.objects import PictureFormat


@frozen
class Graphic:
    """A picture, and the format of its file."""

    make: Callable[[], Image.Image]
    quality: int = 0  # of a JPEG with halved chroma (4:2:0); 0 for a PNG

    @property
    def data(self) -> bytes:
        """The file."""
        if not self.quality:
            return encoded(self.make(), PictureFormat.PNG, icc_profile=None)  # only pixels are measured
        return encoded(self.make(), PictureFormat.JPEG, quality=self.quality, subsampling="4:2:0")

    @property
    def picture(self) -> Image.Image:
        """The picture that the file shows, in RGB or RGBA."""
        return decoded(self.data)

    @property
    def shown(self) -> Sequence[Image.Image]:
        """The acceptable results: the picture, and for a JPEG also the picture before compression."""
        return [self.picture, self.make()] if self.quality else [self.picture]


TEXT_SIZES_PX: Final = (8, 10, 12, 16, 20, 28, 40, 64)
COLOR_PAIRS: Final = {
    "black on white": (BLACK, WHITE),
    "white on black": (WHITE, BLACK),
    "red on blue": (RED, BLUE),
    "blue on red": (BLUE, RED),
    "yellow on black": (YELLOW, BLACK),
    "yellow on red": (YELLOW, RED),
    "magenta on green": (MAGENTA, GREEN),
    "green on magenta": (GREEN, MAGENTA),
    "cyan on red": (CYAN, RED),
    "white on blue": (WHITE, BLUE),
    "white on editor": ((212, 212, 212), EDITOR),
    "orange on white": (ORANGE, WHITE),
}
_HARD_PX: Final = (128, 96)
_SATURATED: Final = (RED, GREEN, BLUE, YELLOW, MAGENTA, CYAN)
_CAPTIONS: Final = {
    "yellow, outlined": partial(draw.captioned, "chelsea.png", 32, YELLOW, outline_px=4),
    "large": partial(draw.captioned, "chelsea.png", 46, YELLOW, outline_px=3),
    "white": partial(draw.captioned, "rocket.jpg", 24, WHITE),
    "red in white": partial(draw.captioned, "coffee.png", 28, RED, box=WHITE),
    "cyan in black": partial(draw.captioned, "astronaut.png", 20, CYAN, box=BLACK),
}


def _cropped(name: str, left: int, top: int, width: int = 192, height: int = 128) -> Image.Image:
    return photograph(name).crop((left, top, left + width, top + height))


def _text() -> dict[str, Graphic]:
    smooth = {
        f"text {size} {name}": Graphic(partial(draw.text, size, *pair))
        for size in TEXT_SIZES_PX
        for name, pair in COLOR_PAIRS.items()
    }
    whole_pixels = {
        f"text {size} in whole pixels, {name}": Graphic(partial(draw.text, size, *COLOR_PAIRS[name], smooth=False))
        for size in (10, 16)
        for name in ("black on white", "red on blue", "yellow on black", "white on editor")
    }
    return smooth | whole_pixels


def _screens() -> dict[str, Graphic]:
    windows = {
        "light": {"desktop": (0, 128, 128), "face": (240, 240, 240), "title": (0, 0, 170), "ink": BLACK},
        "dark": {"desktop": BLACK, "face": (32, 33, 36), "title": (53, 54, 58), "ink": (232, 234, 237)},
        "loud": {"desktop": MAGENTA, "face": YELLOW, "title": RED, "ink": BLUE},
    }
    return {
        **{f"dark code {size}": Graphic(partial(draw.code, size)) for size in (10, 12, 15)},
        "dark code, saturated": Graphic(partial(draw.code, 12, BLACK, _SATURATED)),
        "light code": Graphic(partial(draw.code, 12, WHITE, ((0, 0, 255), (163, 21, 21), (0, 128, 0), BLACK))),
        "terminal, green": Graphic(draw.terminal),
        "terminal, amber": Graphic(partial(draw.terminal, (255, 176, 0))),
        **{
            f"window, {name}": Graphic(partial(draw.window, **colors, accent=accent))
            for name, colors in windows.items()
            for accent in [(0, 120, 215) if name != "loud" else GREEN]
        },
    }


def _logos() -> dict[str, Graphic]:
    return {
        "logo on red": Graphic(partial(draw.logo, RED, YELLOW, BLUE)),
        "logo on blue": Graphic(partial(draw.logo, BLUE, RED, GREEN)),
        "logo on green": Graphic(partial(draw.logo, GREEN, MAGENTA, BLACK)),
        "logo on white": Graphic(partial(draw.logo, WHITE, RED, BLUE)),
        "logo on black": Graphic(partial(draw.logo, BLACK, CYAN, MAGENTA)),
        "disks on white": Graphic(partial(draw.overlapping, WHITE, _SATURATED)),
        "disks on black": Graphic(partial(draw.overlapping, BLACK, _SATURATED)),
        "smooth disks on white": Graphic(partial(draw.overlapping, WHITE, CATEGORIES, oversampled=4)),
        "smooth disks on blue": Graphic(partial(draw.overlapping, BLUE, (RED, YELLOW, GREEN), oversampled=4)),
        "shapes on white": Graphic(partial(draw.shapes, WHITE, 40, step=37)),
        "shapes on red": Graphic(partial(draw.shapes, RED, 40, step=53)),
        "shapes on blue": Graphic(partial(draw.shapes, BLUE, 60, step=29)),
    }


def _charts() -> dict[str, Graphic]:
    return {
        "bars": Graphic(partial(draw.bars, WHITE, CATEGORIES)),
        "bars, dark": Graphic(partial(draw.bars, (17, 17, 17), CATEGORIES, axis=WHITE)),
        "bars, saturated": Graphic(partial(draw.bars, WHITE, _SATURATED[:5])),
        "bars on blue": Graphic(partial(draw.bars, BLUE, (RED, YELLOW, WHITE, GREEN, BLACK), axis=YELLOW)),
        "curves": Graphic(partial(draw.curves, WHITE, CATEGORIES, width_px=2)),
        "curves, thin": Graphic(partial(draw.curves, WHITE, _SATURATED, width_px=1)),
        "curves, dark": Graphic(partial(draw.curves, BLACK, _SATURATED, width_px=3)),
        "pie": Graphic(partial(draw.pie, WHITE, CATEGORIES)),
        "pie, saturated": Graphic(partial(draw.pie, BLACK, _SATURATED)),
    }


def _lines() -> dict[str, Graphic]:
    inks = {"black on white": (BLACK, WHITE), "red on blue": (RED, BLUE), "green on black": (GREEN, BLACK)}
    return {
        **{
            f"lines of {width} px, {name}": Graphic(partial(draw.line_art, *pair, width_px=width))
            for name, pair in inks.items()
            for width in (1, 2, 4)
        },
        **{
            f"neon, {name}": Graphic(partial(draw.neon, color))
            for name, color in {"magenta": MAGENTA, "cyan": CYAN, "green": (57, 255, 20), "red": (255, 20, 20)}.items()
        },
    }


def _patterns() -> dict[str, Graphic]:
    return {
        **{f"pixel art of {side} px": Graphic(partial(pattern.pixel_art, side, (20, 12, 60))) for side in (1, 2, 4)},
        "pixel art of 4 px on magenta": Graphic(partial(pattern.pixel_art, 4, MAGENTA)),
        **{f"QR code of {side} px": Graphic(partial(pattern.qr_code, side)) for side in (1, 2, 4, 8)},
        **{
            f"QR code of {side} px, yellow": Graphic(partial(pattern.qr_code, side, BLUE, YELLOW)) for side in (1, 2, 4)
        },
        **{f"checkerboard of {side} px": Graphic(partial(pattern.checkerboard, side)) for side in (1, 2, 4, 8, 16)},
        **{
            f"checkerboard of {side} px, red and blue": Graphic(partial(pattern.checkerboard, side, RED, BLUE))
            for side in (1, 2, 4, 8, 16)
        },
        **{
            f"stripes of {side} px, green and magenta": Graphic(partial(pattern.stripes, side, GREEN, MAGENTA))
            for side in (2, 4, 8, 32)
        },
        **{f"halftone of {side} px": Graphic(partial(pattern.halftone, side, BLACK)) for side in (4, 6, 10)},
        "halftone of 8 px, cyan": Graphic(partial(pattern.halftone, 8, CYAN)),
        "halftone of 8 px, red on yellow": Graphic(partial(pattern.halftone, 8, RED, YELLOW)),
        "dithered, black and white": Graphic(partial(pattern.dithered, BLACK, WHITE)),
        "dithered, blue and yellow": Graphic(partial(pattern.dithered, BLUE, YELLOW)),
    }


def _captions() -> dict[str, Graphic]:
    return {
        f"caption, {name}{f', q{quality}' if quality else ''}": Graphic(make, quality)
        for name, make in _CAPTIONS.items()
        for quality in (0, 95, 80)
    }


def _known() -> dict[str, Graphic]:
    """Return crops of scikit-image's graphics."""
    return {
        "phantom": Graphic(partial(photograph, "phantom.png", size=(256, 256))),
        "phantom, cropped": Graphic(partial(_cropped, "phantom.png", 40, 60, 256, 256)),
        "page": Graphic(partial(_cropped, "page.png", 0, 0, 256, 180)),
        "text by camera": Graphic(partial(_cropped, "text.png", 0, 0, 256, 160)),
        "horse": Graphic(partial(_cropped, "horse.png", 60, 40, 256, 256)),
        "color wheel": Graphic(partial(_cropped, "color.png", 40, 40, 256, 256)),
        "scikit-image's logo": Graphic(partial(_cropped, "logo.png", 100, 100, 256, 256)),
        "chessboard": Graphic(partial(photograph, "chessboard_RGB.png")),
    }


def _with_alpha() -> dict[str, Graphic]:
    return {
        "logo with alpha": Graphic(lambda: draw.cut_out(draw.logo(RED, YELLOW, BLUE), soft_px=0)),
        "disks with soft alpha": Graphic(lambda: draw.cut_out(draw.overlapping(BLUE, _SATURATED), soft_px=6)),
        "caption with alpha": Graphic(lambda: draw.cut_out(_CAPTIONS["yellow, outlined"](), soft_px=3)),
        **{f"lettering {size}": Graphic(partial(draw.lettering, size, RED)) for size in (10, 20)},
        "lettering 28, white": Graphic(partial(draw.lettering, 28, WHITE)),
    }


def _as_jpeg(graphics: Mapping[str, Graphic]) -> dict[str, Graphic]:
    """Return graphics saved as JPEG, which isn't the appropriate format."""
    names = (
        "text 12 black on white",
        "text 16 red on blue",
        "text 28 yellow on black",
        "text 40 magenta on green",
        "dark code 12",
        "terminal, green",
        "window, light",
        "logo on red",
        "logo on blue",
        "disks on white",
        "bars",
        "curves",
        "pie, saturated",
        "lines of 2 px, black on white",
        "neon, magenta",
        "pixel art of 4 px",
        "QR code of 4 px",
        "checkerboard of 8 px",
        "halftone of 6 px",
        "phantom",
        "shapes on red",
    )
    return {f"{name}, q{quality}": Graphic(graphics[name].make, quality) for name in names for quality in (95, 80)}


@functools.cache
def _all() -> Mapping[str, Graphic]:
    made = (_text(), _screens(), _logos(), _charts(), _lines(), _patterns(), _captions(), _known(), _with_alpha())
    graphics = {name: graphic for family in made for name, graphic in family.items()}
    return graphics | _as_jpeg(graphics)


GRAPHICS: Final = _all()


def _crop(name: str, left: int, top: int) -> Graphic:
    graphic = GRAPHICS[name]
    return Graphic(lambda: graphic.make().crop((left, top, left + _HARD_PX[0], top + _HARD_PX[1])), graphic.quality)


# The places of the graphics that the networks break most: one of each family, small for the fast tests.
# SPAN alone breaks 2 to 100 % of their pixels at x2, waifu2x with its strongest denoising up to 23 %.
HARDEST: Final[Mapping[str, Graphic]] = {
    name: _crop(name, left, top)
    for name, (left, top) in {
        "text 28 magenta on green": (0, 0),
        "text 12 red on blue": (0, 0),
        "terminal, green": (0, 64),
        "window, loud": (96, 96),
        "logo on red": (20, 60),
        "logo with alpha": (20, 60),
        "disks on black": (32, 32),
        "bars": (0, 100),
        "curves, thin": (128, 0),
        "lines of 2 px, red on blue": (32, 32),
        "QR code of 4 px, yellow": (0, 0),
        "caption, large": (0, 80),
    }.items()
}
