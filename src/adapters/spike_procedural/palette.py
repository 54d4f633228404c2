"""Palettes: the colors of sky and land by time of day and weather."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from spike_procedural.paint import Color, mixed
from spike_procedural.prompt import Feature, Hour, SceneSpec


@frozen(kw_only=True)
class Palette:
    """The colors of one kind of light."""

    sky: tuple[Color, Color, Color, Color]  # from the zenith to the horizon
    light: Color  # of the sun or the moon
    haze: Color  # of distant objects
    near: Color  # of close objects in the shade
    lit: Color  # of close objects in the light
    water: Color


_PALETTES: Final[Mapping[Hour, Palette]] = {
    Hour.DAY: Palette(
        sky=((38, 98, 176), (86, 148, 214), (150, 196, 236), (222, 236, 244)),
        light=(255, 246, 214),
        haze=(170, 198, 222),
        near=(28, 58, 48),
        lit=(108, 146, 74),
        water=(36, 92, 128),
    ),
    Hour.SUNSET: Palette(
        sky=((44, 34, 92), (146, 62, 118), (240, 116, 82), (255, 204, 128)),
        light=(255, 214, 140),
        haze=(214, 126, 112),
        near=(34, 20, 42),
        lit=(122, 62, 62),
        water=(86, 48, 92),
    ),
    Hour.SUNRISE: Palette(
        sky=((74, 112, 176), (150, 156, 202), (240, 178, 170), (255, 226, 178)),
        light=(255, 232, 184),
        haze=(220, 182, 186),
        near=(44, 46, 74),
        lit=(126, 112, 104),
        water=(98, 112, 156),
    ),
    Hour.NIGHT: Palette(
        sky=((4, 8, 24), (10, 20, 50), (24, 40, 82), (52, 72, 112)),
        light=(226, 232, 255),
        haze=(34, 50, 86),
        near=(4, 8, 16),
        lit=(24, 36, 56),
        water=(10, 20, 42),
    ),
}
_GRAY: Final[Color] = (120, 128, 136)
_WHITE: Final[Color] = (236, 242, 248)


def palette_of(spec: SceneSpec) -> Palette:
    """Return the palette of a scene."""
    palette = _PALETTES[spec.hour]
    if spec.features & {Feature.RAIN, Feature.FOG}:
        dull = 0.55 if spec.hour is not Hour.NIGHT else 0.15
        top, high, low, horizon = (mixed(color, _GRAY, dull) for color in palette.sky)
        palette = evolve(palette, sky=(top, high, low, horizon), haze=mixed(palette.haze, _GRAY, dull))
    if Feature.SNOW in spec.features:
        bright = 0.75 if spec.hour is not Hour.NIGHT else 0.35
        palette = evolve(palette, lit=mixed(palette.lit, _WHITE, bright))
    if Feature.NEON in spec.features:
        palette = evolve(palette, haze=(92, 34, 112), water=(38, 16, 60))
    return palette
