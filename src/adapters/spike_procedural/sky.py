"""The sky: light, clouds, stars, moon and aurora above the horizon."""

import math
import random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from spike_procedural.paint import billows, glow, gradient, levels, mixed, noise
from spike_procedural.palette import Palette
from spike_procedural.prompt import Feature, Hour, SceneSpec

_STARS_PER_MEGAPIXEL: Final = 900


def painted_sky(
    rng: random.Random, size: tuple[int, int], spec: SceneSpec, palette: Palette, *, horizon: float
) -> Image.Image:
    """Return a picture that is all sky, with the horizon at this height in pixels."""
    width, height = size
    sky = Image.new("RGB", size, palette.sky[-1])
    sky.paste(gradient((width, max(2, round(horizon))), palette.sky), (0, 0))
    is_dim = bool(spec.features & {Feature.RAIN, Feature.FOG})
    if spec.hour is Hour.NIGHT and not is_dim:
        sky = _starry(rng, sky, horizon)
    if Feature.AURORA in spec.features:
        sky = _with_aurora(rng, sky, horizon)
    x = width * rng.choice([0.28, 0.36, 0.64, 0.72])
    match spec.hour:
        case Hour.NIGHT:
            if not is_dim or Feature.MOON in spec.features:
                sky = _with_disc(sky, (x, horizon * 0.32), height * 0.035, palette, reach=height * 0.5)
        case Hour.SUNSET | Hour.SUNRISE:
            sky = glow(sky, (x, horizon), height * 1.1, mixed(palette.light, palette.sky[2], 0.5))
            sky = _with_disc(sky, (x, horizon * 0.86), height * 0.05, palette, reach=height * 0.7)
        case Hour.DAY:
            if not is_dim:
                sky = _with_disc(sky, (x, horizon * 0.3), height * 0.03, palette, reach=height * 0.8)
    if spec.hour is not Hour.NIGHT or is_dim or Feature.CLOUDS in spec.features:
        sky = _clouded(rng, sky, spec, palette, horizon)
    return sky


def _with_disc(
    sky: Image.Image, center: tuple[float, float], radius: float, palette: Palette, *, reach: float
) -> Image.Image:
    lit = glow(sky, center, reach, mixed(palette.light, palette.sky[2], 0.35))
    lit = glow(lit, center, reach / 4, palette.light)
    scale = 4
    side = round(2 * radius * scale) + 2 * scale
    disc = Image.new("L", (side, side))
    ImageDraw.Draw(disc).ellipse((scale, scale, side - scale, side - scale), fill=255)
    disc = disc.reduce(scale)
    lit.paste(
        mixed(palette.light, (255, 255, 255), 0.7),
        (round(center[0] - disc.width / 2), round(center[1] - disc.height / 2)),
        disc,
    )
    return lit


def _starry(rng: random.Random, sky: Image.Image, horizon: float) -> Image.Image:
    stars = Image.new("L", sky.size)
    draw = ImageDraw.Draw(stars)
    unit = max(sky.size) / 1400
    for _ in range(round(_STARS_PER_MEGAPIXEL * sky.width * horizon / 1e6 / unit**2)):
        x, y = rng.uniform(0, sky.width), horizon * rng.random() ** 1.3
        bright = rng.random() ** 3
        radius = unit * (0.35 + 0.9 * bright)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(90 + 165 * bright))
    stars = ImageChops.lighter(stars, stars.filter(ImageFilter.GaussianBlur(unit * 1.6)))
    band = levels(billows(rng, sky.size, cells=(3, 3)), 110, 255).rotate(
        28, resample=Image.Resampling.BILINEAR, fillcolor=0
    )
    veil = Image.merge("RGB", [band.point(lambda value, part=part: value * part // 255) for part in (44, 40, 70)])
    return ImageChops.screen(ImageChops.screen(sky, veil), Image.merge("RGB", [stars] * 3))


def _with_aurora(rng: random.Random, sky: Image.Image, horizon: float) -> Image.Image:
    small = (480, max(2, round(480 * sky.height / sky.width)))
    curtains = Image.new("RGB", small)
    draw = ImageDraw.Draw(curtains)
    foot = horizon / sky.height * small[1]
    for green, strength in (((40, 220, 130), 1.0), ((90, 90, 220), 0.6), ((150, 60, 170), 0.4)):
        phase, waves = rng.uniform(0, 6), rng.uniform(1.5, 3)
        middle = foot * rng.uniform(0.55, 0.75)
        for x in range(small[0]):
            swing = math.sin(phase + waves * 6 * x / small[0]) + 0.4 * math.sin(phase * 2 + waves * 17 * x / small[0])
            bottom = middle + swing * foot * 0.12
            reach = foot * (0.35 + 0.15 * math.sin(phase + x * 0.11) + 0.08 * math.sin(x * 0.53))
            for step in range(24):
                share = (1 - step / 24) ** 2 * strength
                color = (round(green[0] * share), round(green[1] * share), round(green[2] * share))
                top = bottom - reach * step / 24
                draw.line((x, top, x, top - reach / 24), fill=color)
    soft = curtains.filter(ImageFilter.GaussianBlur(3)).resize(sky.size, Image.Resampling.BICUBIC)
    return ImageChops.screen(sky, soft)


def _clouded(rng: random.Random, sky: Image.Image, spec: SceneSpec, palette: Palette, horizon: float) -> Image.Image:
    heavy = bool(spec.features & {Feature.RAIN, Feature.CLOUDS})
    density = billows(rng, sky.size, cells=(3, 7))
    mask = levels(density, 96 if heavy else 128, 190 if heavy else 230)
    fade = Image.new("L", (1, 64))
    fade.putdata(
        [round(255 * math.sin(math.pi * min(1, row / 64 * sky.height / max(horizon, 1))) ** 0.7) for row in range(64)]
    )
    mask = ImageChops.multiply(mask, fade.resize(sky.size, Image.Resampling.BICUBIC))
    mask = mask.point(lambda value: value * (0.9 if heavy else 0.75))
    bright = mixed(palette.light, palette.sky[-1], 0.35)
    dark = mixed(palette.sky[1], (96, 100, 108), 0.5) if Feature.RAIN in spec.features else palette.sky[1]
    shade = noise(rng, sky.size, cells=(6, 10))
    body = Image.composite(Image.new("RGB", sky.size, bright), Image.new("RGB", sky.size, dark), shade)
    return Image.composite(body, sky, mask)
