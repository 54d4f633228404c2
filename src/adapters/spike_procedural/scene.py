"""Scenes, composed from the sky down."""

import hashlib
import random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from spike_core.domain.generation import Prompt
from spike_procedural.land import with_city, with_dunes, with_forest, with_meadow, with_mountains
from spike_procedural.paint import Color, below, billows, glow, gradient, grained, levels, mixed, ridge
from spike_procedural.palette import Palette, palette_of
from spike_procedural.prompt import GROUND, Feature, Hour, SceneSpec, parse_scene
from spike_procedural.sky import painted_sky
from spike_procedural.water import with_beach, with_water

_GRAIN: Final = 4  # of 255, at most: enough to hide bands, too little to notice


def drawn(prompt: Prompt, *, negative: Prompt | None, size: tuple[int, int]) -> Image.Image:
    """Return the RGB picture of a prompt in this size."""
    words = f"{prompt.text}\0{'' if negative is None else negative.text}"
    seed = int.from_bytes(hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest())
    rng = random.Random(seed)  # noqa: S311  # seeded by the words, so that they always give the same picture
    spec = parse_scene(prompt, negative=negative)
    picture = _scene(rng, spec, size) if spec.is_scene else _abstract(rng, size)
    return grained(rng, picture, strength=_GRAIN)


def _scene(rng: random.Random, spec: SceneSpec, size: tuple[int, int]) -> Image.Image:
    height = size[1]
    palette = palette_of(spec)
    features = spec.features
    horizon = height * (0.62 if features & {Feature.SEA, Feature.LAKE, Feature.BEACH} else 0.68)
    if not features & GROUND:
        horizon = height * 0.86
    picture = painted_sky(rng, size, spec, palette, horizon=horizon)
    if Feature.MOUNTAINS in features:
        picture = with_mountains(rng, picture, spec, palette, horizon=horizon)
    if Feature.DESERT in features:
        picture = with_dunes(rng, picture, spec, palette, horizon=horizon)
    elif Feature.MEADOW in features or features & {Feature.MOUNTAINS, Feature.FLOWERS} or not features & GROUND:
        picture = with_meadow(rng, picture, spec, palette, horizon=horizon)
    if Feature.CITY in features:
        picture = with_city(rng, picture, spec, palette, horizon=horizon)
    if features & {Feature.SEA, Feature.LAKE, Feature.BEACH} or (Feature.CITY in features and Feature.NEON in features):
        if Feature.FOREST in features and Feature.LAKE in features:
            picture = _wooded_shore(rng, picture, palette, horizon=horizon)
        calm = 0.35 if features & {Feature.SEA, Feature.BEACH} else 0.85
        shore = horizon + height * (0.05 if features & {Feature.MOUNTAINS, Feature.CITY, Feature.FOREST} else 0)
        picture = with_water(rng, picture, palette, shore=shore, calm=calm)
        if Feature.BEACH in features:
            picture = with_beach(rng, picture, spec, palette, level=height * 0.8)
    elif Feature.FOREST in features:
        picture = with_forest(rng, picture, spec, palette, horizon=horizon)
    return _weathered(rng, picture, spec, palette)


def _wooded_shore(rng: random.Random, picture: Image.Image, palette: Palette, *, horizon: float) -> Image.Image:
    """Paint a distant wood along the shore."""
    width, height = picture.size
    line = ridge(rng, width, level=horizon + height * 0.02, height=height * 0.1, roughness=0.78)
    color = mixed(palette.haze, mixed(palette.near, (16, 44, 30), 0.5), 0.7)
    body = gradient(picture.size, [mixed(color, palette.lit, 0.4), color, color])
    return Image.composite(body, picture, below(line, picture.size))


def _weathered(rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette) -> Image.Image:
    width, height = picture.size
    unit = max(picture.size) / 1400
    if Feature.FOG in spec.features:
        veil = levels(billows(rng, picture.size, cells=(3, 6)), 30, 220).point(lambda value: 70 + value * 0.5)
        picture = Image.composite(
            Image.new("RGB", picture.size, mixed(palette.haze, (220, 224, 228), 0.3)), picture, veil
        )
    if Feature.RAIN in spec.features:
        streaks = Image.new("L", picture.size)
        draw = ImageDraw.Draw(streaks)
        for _ in range(900):
            x, y = rng.uniform(-0.1 * width, width), rng.uniform(-0.1 * height, height)
            length = unit * rng.uniform(18, 46)
            draw.line((x, y, x + length * 0.18, y + length), fill=rng.randint(40, 120), width=max(1, round(unit)))
        rain = streaks.filter(ImageFilter.GaussianBlur(0.6 * unit))
        picture = Image.composite(Image.new("RGB", picture.size, (214, 224, 236)), picture, rain)
    if Feature.SNOW in spec.features:
        flakes = Image.new("L", picture.size)
        draw = ImageDraw.Draw(flakes)
        for _ in range(700):
            x, y, near = rng.uniform(0, width), rng.uniform(0, height), rng.random() ** 4
            radius = unit * (0.7 + 4 * near)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(210 - 90 * near))
        snow = flakes.filter(ImageFilter.GaussianBlur(0.9 * unit))
        picture = Image.composite(Image.new("RGB", picture.size, (250, 252, 255)), picture, snow)
    dark = 0.4 if spec.hour is Hour.NIGHT else 0.25
    return ImageChops.multiply(picture, _vignette(picture.size, dark))


def _vignette(size: tuple[int, int], strength: float) -> Image.Image:
    radial = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    shade = radial.point([round(255 - strength * 255 * (value / 255) ** 3) for value in range(256)])
    return Image.merge("RGB", [shade] * 3)


def _abstract(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Return flowing bands of matching colors, for a prompt that names nothing known."""
    width, height = size
    first = tuple(rng.randint(20, 235) for _ in range(3))
    base: Color = (first[0], first[1], first[2])
    partner: Color = (base[1], base[2], base[0])
    accent: Color = mixed((255, 240, 220), partner, 0.3)
    picture = gradient(size, [mixed(base, (10, 10, 30), 0.75), mixed(base, (10, 10, 30), 0.35), partner, accent])
    picture = glow(picture, (width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.6)), height * 0.9, accent)
    for index in range(9):
        depth = index / 8
        line = ridge(rng, width, level=height * (0.32 + 0.66 * depth), height=height * 0.34, roughness=0.36, points=8)
        color = mixed(mixed(accent, base, depth), mixed(partner, (8, 8, 24), 0.6), rng.uniform(0.1, 0.7))
        body = gradient(size, [mixed(color, (255, 255, 255), 0.25), color, mixed(color, (0, 0, 0), 0.45)])
        mask = below(line, size)
        shadow = mask.filter(ImageFilter.GaussianBlur(height / 40)).point(lambda value: value * 0.35)
        picture = Image.composite(Image.new("RGB", size, (6, 6, 18)), picture, shadow)
        picture = Image.composite(body, picture, mask.point(lambda value: value * 0.86))
    return ImageChops.multiply(picture, _vignette(size, 0.25))
