"""Water: a sea with waves, or a lake that mirrors what is above it."""

import math
import random

from PIL import Image, ImageChops, ImageFilter, ImageOps

from spike_procedural.paint import Color, Point, below, gradient, levels, mixed, noise
from spike_procedural.palette import Palette
from spike_procedural.prompt import Hour, SceneSpec


def with_water(rng: random.Random, picture: Image.Image, palette: Palette, *, shore: float, calm: float) -> Image.Image:
    """Mirror everything above the shore in the water below. A `calm` of 1 is a mirror, 0 a rough sea."""
    width, height = picture.size
    top = round(shore)
    depth = height - top
    above = picture.crop((0, max(0, top - depth), width, top))
    mirrored = ImageOps.flip(above).resize((width, depth), Image.Resampling.BILINEAR)
    mirrored = mirrored.filter(ImageFilter.GaussianBlur((1 - calm) * width / 90 + width / 700))
    mirrored = _rippled(rng, mirrored, strength=(1.2 - calm) * width / 60)
    tint = gradient(
        (width, depth),
        [mixed(palette.water, palette.sky[-1], 0.35), palette.water, mixed(palette.water, (0, 0, 0), 0.35)],
    )
    water = Image.blend(mirrored, tint, 0.34 + 0.28 * (1 - calm))
    water = _with_glints(rng, water, palette, calm=calm)
    result = picture.copy()
    result.paste(water, (0, top))
    return result


def with_beach(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, level: float
) -> Image.Image:
    """Paint sand in the foreground, with a line of foam along the water."""
    width, height = picture.size
    phase = rng.uniform(0, 6)
    line: list[Point] = [
        (width * step / 200, level + height * 0.05 * math.sin(phase + 2.4 * step / 200) + height * 0.1 * step / 200)
        for step in range(201)
    ]
    dry: Color = mixed((232, 206, 160), palette.near, 0.8 if spec.hour is Hour.NIGHT else 0.12)
    dry = mixed(dry, palette.sky[-1], 0.2)
    sand = gradient(picture.size, [dry, dry, mixed(dry, palette.near, 0.25)])
    grains = noise(rng, picture.size, cells=(width // 3, height // 3))
    sand = Image.composite(
        Image.new("RGB", picture.size, mixed(dry, palette.near, 0.4)), sand, grains.point(lambda value: value * 0.14)
    )
    foam = below([(x, y - height * 0.022) for x, y in line], picture.size).filter(
        ImageFilter.GaussianBlur(height / 260)
    )
    picture = Image.composite(
        Image.new("RGB", picture.size, mixed((250, 252, 255), palette.water, 0.15)),
        picture,
        foam.point(lambda value: value * 0.8),
    )
    wet = below([(x, y - height * 0.004) for x, y in line], picture.size)
    picture = Image.composite(Image.new("RGB", picture.size, mixed(dry, palette.water, 0.45)), picture, wet)
    return Image.composite(
        sand,
        picture,
        below([(x, y + height * 0.03) for x, y in line], picture.size).filter(ImageFilter.GaussianBlur(height / 180)),
    )


def _rippled(rng: random.Random, water: Image.Image, *, strength: float) -> Image.Image:
    """Shift rows sideways, more the closer they are."""
    width, height = water.size
    result = water.copy()
    phase = rng.uniform(0, 6)
    row, count = 0, 0
    while row < height:
        near = row / height
        tall = max(1, round(1 + near * height / 90))
        shift = round(strength * (0.15 + near) * math.sin(phase + count * 0.9) * math.sin(count * 0.37 + 1))
        strip = water.crop((0, row, width, min(height, row + tall)))
        result.paste(ImageChops.offset(strip, shift, 0), (0, row))
        row += tall
        count += 1
    return result


def _with_glints(rng: random.Random, water: Image.Image, palette: Palette, *, calm: float) -> Image.Image:
    width, height = water.size
    waves = noise(rng, (width, height), cells=(max(4, width // 60), max(8, height // 5)))
    low = 150 + round(50 * calm)
    glints = levels(waves, low, 255).point(lambda value: value * 0.6)
    light = Image.new("RGB", water.size, mixed(palette.light, palette.sky[2], 0.4))
    lit = Image.composite(light, water, glints)
    dark = levels(ImageOps.invert(waves), low - 20, 255).point(lambda value: value * 0.45)
    return Image.composite(Image.new("RGB", water.size, mixed(palette.water, (0, 0, 0), 0.4)), lit, dark)
