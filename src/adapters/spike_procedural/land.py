"""Land: mountains, woods, towns, dunes and meadows, each painted onto a picture from the horizon down."""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from spike_procedural.paint import Color, Point, below, billows, gradient, levels, mixed, noise, ridge, silhouette
from spike_procedural.palette import Palette
from spike_procedural.prompt import Feature, Hour, SceneSpec

_WHITE: Color = (240, 246, 252)
_LAMPS: tuple[Color, ...] = ((255, 214, 140), (255, 236, 190), (250, 190, 110))
_NEON: tuple[Color, ...] = ((255, 60, 170), (60, 230, 255), (180, 90, 255), (255, 150, 60))


def with_mountains(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Paint four mountain ranges, from pale in the distance to dark in front; high ones are snow-capped."""
    width, height = picture.size
    ranges = 4
    for index in range(ranges):
        depth = index / (ranges - 1)
        line = ridge(
            rng,
            width,
            level=horizon + height * 0.06 * depth,
            height=height * (0.56 - 0.36 * depth),
            roughness=0.56 - 0.08 * depth,
        )
        color = mixed(palette.haze, palette.near, 0.18 + 0.72 * depth)
        mask = below(line, picture.size)
        foot = mixed(color, palette.haze, 0.45)
        crest = min(y for _, y in line)
        body = Image.new("RGB", picture.size, foot)
        slope = max(2, round(horizon + height * 0.1 - crest))
        body.paste(gradient((width, slope), [color, mixed(color, foot, 0.4), foot]), (0, round(crest)))
        texture = levels(billows(rng, picture.size, cells=(14, 18)), 60, 200)
        lit = mixed(color, palette.lit, 0.55 * depth + 0.15)
        body = Image.composite(Image.new("RGB", picture.size, lit), body, texture.point(lambda value: value * 0.5))
        if (depth < 0.7 and spec.hour is not Hour.NIGHT) or Feature.SNOW in spec.features:
            body = _snowcapped(rng, body, line, palette, depth=depth, spec=spec)
        picture = Image.composite(body, picture, mask)
    return picture


def _snowcapped(
    rng: random.Random, body: Image.Image, line: list[Point], palette: Palette, *, depth: float, spec: SceneSpec
) -> Image.Image:
    height = body.height
    crest = min(y for _, y in line)
    reach = height * (0.5 if Feature.SNOW in spec.features else 0.12 * (1 - depth))
    fade = Image.new("L", (1, 128))
    fade.putdata([round(255 * max(0.0, min(1.0, 1 - (row / 128 * height - crest) / reach))) for row in range(128)])
    jagged = billows(rng, body.size, cells=(24, 10))
    mask = levels(ImageChops.add(fade.resize(body.size, Image.Resampling.BICUBIC), jagged, scale=2), 118, 150)
    snow = mixed(_WHITE, palette.sky[2], 0.3 if spec.hour is not Hour.NIGHT else 0.72)
    return Image.composite(Image.new("RGB", body.size, snow), body, mask.point(lambda value: value * 0.85))


def with_forest(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Paint three rows of firs, tall and dark in front."""
    width, height = picture.size
    for depth, tall in ((0.45, 0.14), (0.72, 0.24), (1.0, 0.42)):
        base = horizon + height * (0.02 + 0.26 * depth**2)
        ground = ridge(rng, width, level=base, height=height * 0.04, roughness=0.5, points=5)
        trees = []
        x = -width * 0.05
        while x < width * 1.05:
            size = height * tall * rng.uniform(0.6, 1.1)
            trees += _fir(rng, (x, base + height * 0.03), size)
            x += size * rng.uniform(0.16, 0.34)
        mask = ImageChops.lighter(below(ground, picture.size), silhouette(picture.size, trees))
        color = mixed(palette.haze, mixed(palette.near, (16, 44, 30), 0.4), depth)
        tops = mixed(color, palette.lit, 0.35)
        body = gradient(picture.size, [tops, color, mixed(color, (0, 0, 0), 0.3)])
        if Feature.SNOW in spec.features:
            light = mixed(_WHITE, palette.sky[2], 0.35 if spec.hour is not Hour.NIGHT else 0.75)
            flecks = levels(noise(rng, picture.size, cells=(width // 5, height // 4)), 140, 200)
            body = Image.composite(Image.new("RGB", picture.size, light), body, flecks.point(lambda value: value * 0.7))
        picture = Image.composite(body, picture, mask)
    return picture


def _fir(rng: random.Random, foot: Point, size: float) -> list[list[Point]]:
    x, y = foot
    tiers = 7
    outline: list[Point] = [(x, y - size)]
    right: list[Point] = []
    for tier in range(1, tiers + 1):
        reach = size * 0.2 * (tier / tiers) ** 0.9 * rng.uniform(0.8, 1.15)
        level = y - size + size * 0.92 * tier / tiers
        outline += [(x - reach, level), (x - reach * 0.45, level - size * 0.03)]
        right += [(x + reach, level), (x + reach * 0.45, level - size * 0.03)]
    trunk = size * 0.02
    return [
        outline + list(reversed(right)),
        [(x - trunk, y - size * 0.1), (x + trunk, y - size * 0.1), (x + trunk, y), (x - trunk, y)],
    ]


def with_city(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Paint three rows of towers; at night their windows are lit."""
    width, height = picture.size
    base = horizon + height * 0.04
    dark = spec.hour is not Hour.DAY
    unit = max(picture.size) / 1400
    for depth, tall, wide in ((0.25, 0.48, 0.045), (0.6, 0.4, 0.065), (1.0, 0.3, 0.085)):
        layer, lamps = picture.copy(), Image.new("RGB", picture.size)
        draw, lights = ImageDraw.Draw(layer), ImageDraw.Draw(lamps)
        x = -width * 0.02
        while x < width:
            broad = width * wide * rng.uniform(0.6, 1.3)
            center = 1 - 1.1 * abs((x + broad / 2) / width - 0.5)
            top = base - height * tall * rng.uniform(0.35, 1.0) * center
            face = mixed(palette.haze, mixed(palette.near, (26, 26, 44), 0.5), depth * rng.uniform(0.85, 1))
            draw.rectangle((x, top, x + broad, height), fill=face)
            draw.rectangle((x, top, x + broad * 0.14, height), fill=mixed(face, palette.light, 0.16))
            if rng.random() < 0.35:
                mast = x + broad * rng.uniform(0.3, 0.7)
                draw.line((mast, top - height * 0.05, mast, top), fill=face, width=max(1, round(2 * unit)))
            _windows(
                rng,
                lights if dark else draw,
                (x, top, x + broad, height if depth == 1 else base),
                unit=unit,
                spec=spec,
                depth=depth,
                dark=face,
            )
            x += broad * rng.uniform(0.92, 1.15)
        if dark:
            bloom = lamps.filter(ImageFilter.GaussianBlur(7 * unit))
            layer = ImageChops.screen(ImageChops.screen(layer, lamps), bloom)
        mist = Image.new("RGB", picture.size, palette.haze)
        foot = Image.new("L", (1, 64))
        foot.putdata(
            [round(110 * (1 - depth) * max(0.0, min(1.0, row / 64 * height / base)) ** 3) for row in range(64)]
        )
        picture = Image.composite(mist, layer, foot.resize(picture.size, Image.Resampling.BICUBIC))
    return picture


def _windows(
    rng: random.Random,
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    *,
    unit: float,
    spec: SceneSpec,
    depth: float,
    dark: Color,
) -> None:
    left, top, right, bottom = box
    wide, tall = 5 * unit * (0.6 + depth), 6 * unit * (0.6 + depth)
    is_lit = spec.hour is not Hour.DAY
    share = {Hour.NIGHT: 0.45, Hour.SUNSET: 0.3, Hour.SUNRISE: 0.15, Hour.DAY: 0.8}[spec.hour]
    sign = rng.choice(_NEON) if Feature.NEON in spec.features and rng.random() < 0.6 else None
    y = top + tall
    while y < bottom:
        x = left + wide
        while x < right - wide:
            if rng.random() < share:
                lamp = mixed((0, 0, 0), rng.choice(_LAMPS), 0.35 + 0.65 * rng.random() * depth)
                color = lamp if is_lit else mixed(dark, (226, 236, 246), 0.25)
                draw.rectangle((x, y, x + wide * 0.55, y + tall * 0.5), fill=color)
            x += wide
        y += tall
    if sign is not None and is_lit:
        x = left + (right - left) * rng.uniform(0.2, 0.7)
        draw.rectangle((x, top + tall * 2, x + 4 * unit, top + (bottom - top) * 0.6), fill=sign)


def with_dunes(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Paint dunes, each with a lit and a shaded side."""
    width, height = picture.size
    sand: Color = (222, 176, 112) if spec.hour is not Hour.NIGHT else (58, 56, 78)
    for index in range(4):
        depth = index / 3
        phase, waves = rng.uniform(0, 6), rng.uniform(0.7, 1.4)
        level = horizon + height * (0.02 + 0.2 * depth)
        swell = height * (0.04 + 0.07 * depth)
        line: list[Point] = [
            (width * step / 200, level - swell * abs(math.sin(phase + waves * 3 * step / 200)) ** 1.3)
            for step in range(201)
        ]
        lit = mixed(mixed(palette.haze, sand, 0.5 + 0.5 * depth), palette.light, 0.2)
        shade = mixed(mixed(lit, palette.near, 0.6), palette.sky[1], 0.12)
        body = gradient(picture.size, [lit, lit, mixed(lit, shade, 0.35), mixed(lit, shade, 0.6)])
        ripples = levels(noise(rng, picture.size, cells=(6, height // 5)), 90, 170)
        body = Image.composite(Image.new("RGB", picture.size, shade), body, ripples.point(lambda value: value * 0.16))
        mask = below(line, picture.size)
        picture = Image.composite(body, picture, mask)
        far = [(x, y + swell * (0.25 + 1.1 * (0.5 + 0.5 * math.sin(phase + waves * 3 * x / width)))) for x, y in line]
        dark_side = silhouette(picture.size, [[*line, *reversed(far)]]).filter(ImageFilter.GaussianBlur(height / 220))
        shaded = ImageChops.multiply(dark_side, mask).point(lambda value: value * 0.75)
        picture = Image.composite(Image.new("RGB", picture.size, shade), picture, shaded)
    return picture


def with_meadow(
    rng: random.Random, picture: Image.Image, spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Paint rolling grass, with flowers if the scene has them."""
    width, height = picture.size
    for depth in (0.3, 0.65, 1.0):
        level = horizon + height * (0.02 + 0.22 * depth**1.5)
        line = ridge(rng, width, level=level, height=height * 0.07, roughness=0.42, points=7)
        color = mixed(palette.haze, mixed(palette.lit, palette.near, 0.3), 0.3 + 0.7 * depth)
        body = gradient(picture.size, [mixed(color, palette.light, 0.18), color, mixed(color, palette.near, 0.6)])
        blades = levels(noise(rng, picture.size, cells=(width // 5, height // 22)), 70, 190)
        darker = Image.new("RGB", picture.size, mixed(color, palette.near, 0.55))
        body = Image.composite(darker, body, blades.point(lambda value, depth=depth: value * 0.5 * depth))
        picture = Image.composite(body, picture, below(line, picture.size))
    if Feature.FLOWERS in spec.features:
        draw = ImageDraw.Draw(picture)
        colors: list[Color] = [(236, 84, 96), (250, 202, 84), (246, 240, 244), (188, 112, 214), (255, 140, 70)]
        if spec.hour is Hour.NIGHT:
            colors = [mixed(color, palette.near, 0.7) for color in colors]
        for _ in range(1400):
            share = rng.random() ** 0.6
            y = horizon + height * 0.16 + (height * 0.84 - horizon) * share
            radius = max(picture.size) / 1400 * (0.8 + 5 * share**2)
            x = rng.uniform(0, width)
            draw.ellipse((x - radius, y - radius * 0.7, x + radius, y + radius * 0.7), fill=rng.choice(colors))
    return picture
