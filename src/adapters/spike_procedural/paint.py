"""Painting primitives of all scenes: gradients, noise, glows and silhouettes."""

import itertools
import random
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[int, int, int]
Point = tuple[float, float]

_OVERSAMPLING: Final = 2  # silhouettes are drawn this many times larger, then reduced


def mixed(one: Color, other: Color, share: float) -> Color:
    """Return a mix of two colors; at a `share` of 1 it is the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def gradient(size: tuple[int, int], stops: Sequence[Color]) -> Image.Image:
    """Return a vertical gradient of evenly spaced colors, without bands."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    return column.resize(size, Image.Resampling.BICUBIC, box=(0, 0.5, 1, len(stops) - 0.5))


def noise(rng: random.Random, size: tuple[int, int], *, cells: tuple[int, int]) -> Image.Image:
    """Return smooth noise in mode L with a number of cells across and down."""
    cells = (max(2, cells[0]), max(2, cells[1]))
    grid = Image.frombytes("L", cells, rng.randbytes(cells[0] * cells[1]))
    return grid.resize(size, Image.Resampling.BICUBIC)


def billows(rng: random.Random, size: tuple[int, int], *, cells: tuple[int, int]) -> Image.Image:
    """Return cloud-like noise: four octaves, each twice as fine and half as strong as the one before."""
    result = noise(rng, size, cells=cells)
    for octave in range(1, 4):
        finer = noise(rng, size, cells=(cells[0] << octave, cells[1] << octave))
        result = Image.blend(result, finer, 1 / (octave + 2))
    return result


def levels(picture: Image.Image, low: int, high: int) -> Image.Image:
    """Return a picture of mode L, stretched so that `low` is black and `high` is white."""
    return picture.point([min(255, max(0, round((value - low) * 255 / (high - low)))) for value in range(256)])


def glow(picture: Image.Image, center: Point, radius: float, color: Color) -> Image.Image:
    """Return the picture with a light around a point."""
    side = max(2, round(2 * radius))
    disc = Image.radial_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    disc = disc.point([round(max(0.0, 1 - value / 181) ** 2.2 * 255) for value in range(256)])
    light = Image.new("RGB", picture.size)
    tinted = Image.merge("RGB", [disc.point(lambda value, part=part: value * part // 255) for part in color])
    light.paste(tinted, (round(center[0] - radius), round(center[1] - radius)))
    return ImageChops.screen(picture, light)


def silhouette(size: tuple[int, int], polygons: Sequence[Sequence[Point]]) -> Image.Image:
    """Return the mask of polygons, with smooth edges."""
    scale = _OVERSAMPLING
    mask = Image.new("L", (size[0] * scale, size[1] * scale))
    draw = ImageDraw.Draw(mask)
    for polygon in polygons:
        draw.polygon([(x * scale, y * scale) for x, y in polygon], fill=255)
    return mask.reduce(scale)


def ridge(
    rng: random.Random, width: int, *, level: float, height: float, roughness: float, points: int = 9
) -> list[Point]:
    """Return a line of hills from left to right, by midpoint displacement (Fournier et al., 1982)."""
    line = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
    swing = 1.0
    for _ in range(points):
        line = [
            value
            for one, other in itertools.pairwise(line)
            for value in (one, (one + other) / 2 + rng.uniform(-swing, swing))
        ] + [line[-1]]
        swing *= roughness
    top = max(1e-9, *map(abs, line))
    step = width / (len(line) - 1)
    return [(index * step, level - height * (0.5 + 0.5 * value / top)) for index, value in enumerate(line)]


def below(line: Sequence[Point], size: tuple[int, int]) -> Image.Image:
    """Return the mask of everything below a line."""
    return silhouette(size, [[(0, size[1]), *line, (size[0], size[1])]])


def grained(rng: random.Random, picture: Image.Image, *, strength: int) -> Image.Image:
    """Return the picture with film grain, which also hides the bands of gradients."""
    tile = (min(512, picture.width), min(512, picture.height))
    grain = Image.frombytes("L", tile, rng.randbytes(tile[0] * tile[1])).filter(ImageFilter.GaussianBlur(0.6))
    sheet = Image.new("L", picture.size)
    for x in range(0, picture.width, tile[0]):
        for y in range(0, picture.height, tile[1]):
            sheet.paste(grain, (x, y))
    offset = sheet.point([round((value - 128) * strength / 64) + 128 for value in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", [offset] * 3), scale=1, offset=-128)
