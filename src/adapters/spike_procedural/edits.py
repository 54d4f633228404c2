"""Edits that a prompt's words apply to a picture."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from spike_core.domain.generation import Prompt
from spike_procedural.paint import billows, glow, levels

Edit = Callable[[Image.Image], Image.Image]

_SEED: Final = 7  # so that snow and rain fall alike on every picture


def edited(picture: Image.Image, prompt: Prompt) -> Image.Image:
    """Return an RGB picture after the edits that the prompt names, in its order; each is applied once.

    A prompt that names none improves tone and color slightly.
    """
    edits = dict.fromkeys(_EDITS[word] for word in re.findall(r"[a-z]+", prompt.text.lower()) if word in _EDITS)
    for edit in edits or {_touched_up: None}:
        picture = edit(picture)
    return picture


def _touched_up(picture: Image.Image) -> Image.Image:
    stretched = ImageOps.autocontrast(picture, cutoff=0.5, preserve_tone=True)
    return ImageEnhance.Color(Image.blend(picture, stretched, 0.4)).enhance(1.08)


def _watercolor(picture: Image.Image) -> Image.Image:
    small = _reduced(picture, 900)
    washed = small.filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.ModeFilter(7))
    washed = ImageEnhance.Color(ImageOps.posterize(washed, 5).filter(ImageFilter.SMOOTH_MORE)).enhance(1.25)
    edges = ImageOps.invert(small.convert("L").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(1)))
    inked = ImageChops.multiply(washed, Image.merge("RGB", [edges.point(lambda value: 140 + value * 115 // 255)] * 3))
    rng = random.Random(_SEED)  # noqa: S311  # the same paper every time
    paper = levels(billows(rng, small.size, cells=(40, 40)), 0, 255).point(lambda value: 215 + value * 40 // 255)
    painted = ImageChops.multiply(
        ImageChops.screen(inked, Image.new("RGB", small.size, (26, 26, 26))), Image.merge("RGB", [paper] * 3)
    )
    return painted.resize(picture.size, Image.Resampling.BICUBIC)


def _oil(picture: Image.Image) -> Image.Image:
    small = _reduced(picture, 1100).filter(ImageFilter.ModeFilter(9)).filter(ImageFilter.SMOOTH)
    relief = small.convert("L").filter(ImageFilter.EMBOSS)
    rich = ImageEnhance.Color(small).enhance(1.35)
    return ImageChops.overlay(rich, Image.merge("RGB", [relief] * 3)).resize(picture.size, Image.Resampling.BICUBIC)


def _sketch(picture: Image.Image) -> Image.Image:
    gray = ImageOps.autocontrast(picture.convert("L"))
    soft = ImageOps.invert(gray).filter(ImageFilter.GaussianBlur(max(picture.size) / 160))
    lines = ImageChops.add(gray, soft)  # a color dodge without its division
    return levels(lines, 150, 255).convert("RGB")


def _cartoon(picture: Image.Image) -> Image.Image:
    small = _reduced(picture, 900)
    flat = ImageOps.posterize(small.filter(ImageFilter.MedianFilter(7)), 3)
    edges = small.convert("L").filter(ImageFilter.GaussianBlur(1)).filter(ImageFilter.FIND_EDGES)
    ink = levels(ImageOps.invert(edges), 200, 240)
    drawn = ImageChops.multiply(ImageEnhance.Color(flat).enhance(1.4), Image.merge("RGB", [ink] * 3))
    return drawn.resize(picture.size, Image.Resampling.BICUBIC)


def _sepia(picture: Image.Image) -> Image.Image:
    return ImageOps.colorize(picture.convert("L"), black=(28, 16, 8), mid=(158, 116, 76), white=(255, 244, 222))


def _monochrome(picture: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(picture.convert("L"), cutoff=0.5).convert("RGB")


def _vintage(picture: Image.Image) -> Image.Image:
    faded = Image.blend(ImageEnhance.Color(picture).enhance(0.7), _sepia(picture), 0.35)
    return _vignetted(ImageChops.screen(faded, Image.new("RGB", picture.size, (24, 14, 22))))


def _night(picture: Image.Image) -> Image.Image:
    dark = ImageEnhance.Brightness(ImageEnhance.Color(picture).enhance(0.6)).enhance(0.6)
    blue = ImageChops.multiply(dark, Image.new("RGB", picture.size, (150, 180, 255)))
    return _vignetted(blue)


def _sunset(picture: Image.Image) -> Image.Image:
    column = Image.new("RGB", (1, 3))
    column.putdata([(255, 150, 120), (255, 190, 130), (230, 160, 140)])
    warm = ImageChops.multiply(picture, column.resize(picture.size, Image.Resampling.BICUBIC))
    lit = glow(warm, (picture.width / 2, picture.height * 0.35), max(picture.size) * 0.7, (190, 84, 30))
    return ImageEnhance.Color(lit).enhance(1.15)


def _brighter(picture: Image.Image) -> Image.Image:
    return picture.point([round(255 * (value / 255) ** 0.7) for value in range(256)] * 3)


def _darker(picture: Image.Image) -> Image.Image:
    return picture.point([round(255 * (value / 255) ** 1.5) for value in range(256)] * 3)


def _warmer(picture: Image.Image) -> Image.Image:
    return _balanced(picture, red=1.1, blue=0.88)


def _cooler(picture: Image.Image) -> Image.Image:
    return _balanced(picture, red=0.88, blue=1.1)


def _balanced(picture: Image.Image, *, red: float, blue: float) -> Image.Image:
    gains = (red, 1.0, blue)
    return picture.point([min(255, round(value * gain)) for gain in gains for value in range(256)])


def _contrasty(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(picture).enhance(1.35)


def _colorful(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Color(picture).enhance(1.5)


def _blurred_background(picture: Image.Image) -> Image.Image:
    soft = picture.filter(ImageFilter.GaussianBlur(max(picture.size) / 110))
    radial = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BILINEAR)
    return Image.composite(soft, picture, levels(radial, 70, 140))


def _sharper(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.UnsharpMask(radius=2, percent=140, threshold=2))


def _pixelated(picture: Image.Image) -> Image.Image:
    small = _reduced(picture, 80)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def _inverted(picture: Image.Image) -> Image.Image:
    return ImageOps.invert(picture)


def _vignetted(picture: Image.Image) -> Image.Image:
    radial = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BILINEAR)
    shade = radial.point([round(255 - 150 * (value / 255) ** 2.5) for value in range(256)])
    return ImageChops.multiply(picture, Image.merge("RGB", [shade] * 3))


def _snow(picture: Image.Image) -> Image.Image:
    cold = _cooler(ImageEnhance.Color(picture).enhance(0.7))
    rng = random.Random(_SEED)  # noqa: S311  # the same flakes every time
    small = Image.new("L", _reduced(picture, 1600).size)
    draw = ImageDraw.Draw(small)
    for _ in range(1500):
        x, y, near = rng.uniform(0, small.width), rng.uniform(0, small.height), rng.random() ** 3
        radius = max(small.size) / 1000 * (0.8 + 4 * near)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(235 - 70 * near))
    flakes = small.filter(ImageFilter.GaussianBlur(1)).resize(picture.size, Image.Resampling.BILINEAR)
    haze = Image.blend(cold, Image.new("RGB", picture.size, (226, 234, 244)), 0.18)
    return Image.composite(Image.new("RGB", picture.size, (252, 253, 255)), haze, flakes)


def _rain(picture: Image.Image) -> Image.Image:
    dull = ImageEnhance.Brightness(ImageEnhance.Color(picture).enhance(0.6)).enhance(0.82)
    rng = random.Random(_SEED)  # noqa: S311  # the same drops every time
    small = Image.new("L", _reduced(picture, 1600).size)
    draw = ImageDraw.Draw(small)
    for _ in range(1300):
        x, y = rng.uniform(-40, small.width), rng.uniform(-40, small.height)
        length = rng.uniform(14, 44)
        draw.line((x, y, x + length * 0.2, y + length), fill=rng.randint(60, 150))
    drops = small.resize(picture.size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", picture.size, (216, 226, 238)), dull, drops)


def _fog(picture: Image.Image) -> Image.Image:
    rng = random.Random(_SEED)  # noqa: S311  # the same fog every time
    veil = levels(billows(rng, picture.size, cells=(3, 5)), 20, 230).point(lambda value: 80 + value * 110 // 255)
    return Image.composite(Image.new("RGB", picture.size, (222, 226, 230)), picture, veil)


def _reduced(picture: Image.Image, longest_px: int) -> Image.Image:
    scale = min(1.0, longest_px / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX) if size != picture.size else picture


_WORDS: Final[Mapping[Edit, str]] = {
    _watercolor: "watercolor watercolour aquarelle",
    _oil: "oil painted impressionist",
    _sketch: "sketch pencil drawing charcoal",
    _cartoon: "cartoon comic poster",
    _sepia: "sepia",
    _monochrome: "monochrome grayscale greyscale noir black",
    _vintage: "vintage retro old antique",
    _night: "night midnight moonlight",
    _sunset: "sunset dusk sunrise golden",
    _brighter: "brighter bright brighten lighter lighten",
    _darker: "darker darken dark",
    _warmer: "warmer warm",
    _cooler: "cooler cool colder cold",
    _contrasty: "contrast dramatic",
    _colorful: "colorful colourful vivid saturated vibrant",
    _blurred_background: "blur blurred bokeh",
    _sharper: "sharper sharpen sharp crisp",
    _pixelated: "pixelate pixelated pixel",
    _inverted: "invert inverted negative",
    _vignetted: "vignette",
    _snow: "snow snowy winter",
    _rain: "rain rainy storm",
    _fog: "fog foggy mist misty",
}
_EDITS: Final[Mapping[str, Edit]] = {word: edit for edit, words in _WORDS.items() for word in words.split()}
