"""The vocabulary: the meaning of a prompt's words for a scene."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, TypeVar

from attrs import frozen

from spike_core.domain.generation import Prompt


class Hour(Enum):
    """The time of day, which decides the light."""

    DAY = "day"
    SUNSET = "sunset"
    SUNRISE = "sunrise"
    NIGHT = "night"


class Feature(Enum):
    """An element of a scene."""

    MOUNTAINS = "mountains"
    FOREST = "forest"
    CITY = "city"
    SEA = "sea"
    LAKE = "lake"
    BEACH = "beach"
    DESERT = "desert"
    MEADOW = "meadow"
    SNOW = "snow"
    RAIN = "rain"
    FOG = "fog"
    CLOUDS = "clouds"
    STARS = "stars"
    MOON = "moon"
    SUN = "sun"
    AURORA = "aurora"
    NEON = "neon"
    FLOWERS = "flowers"


GROUND: Final = frozenset(
    {
        Feature.MOUNTAINS,
        Feature.FOREST,
        Feature.CITY,
        Feature.SEA,
        Feature.LAKE,
        Feature.BEACH,
        Feature.DESERT,
        Feature.MEADOW,
    }
)

_HOURS: Final[Mapping[Hour, str]] = {
    Hour.SUNSET: "sunset dusk evening twilight",
    Hour.SUNRISE: "sunrise dawn morning",
    Hour.NIGHT: "night midnight nocturnal moonlight moonlit starry dark",
    Hour.DAY: "day noon daylight sunny",
}
_FEATURES: Final[Mapping[Feature, str]] = {
    Feature.MOUNTAINS: "mountain mountains mountainous peak peaks alps alpine hill hills summit volcano cliff cliffs",
    Feature.FOREST: "forest forests tree trees wood woods pine pines jungle grove woodland",
    Feature.CITY: "city cities skyline town street streets building buildings skyscraper skyscrapers urban cyberpunk",
    Feature.SEA: "sea seas ocean oceans wave waves harbor harbour ship boat",
    Feature.LAKE: "lake lakes river rivers pond water reflection reflections fjord",
    Feature.BEACH: "beach beaches coast shore island sand tropical",
    Feature.DESERT: "desert deserts dune dunes sahara",
    Feature.MEADOW: "meadow meadows field fields grass prairie garden valley countryside landscape",
    Feature.SNOW: "snow snowy winter ice icy frozen snowfall christmas",
    Feature.RAIN: "rain rainy storm stormy thunderstorm",
    Feature.FOG: "fog foggy mist misty haze hazy",
    Feature.CLOUDS: "cloud clouds cloudy overcast sky",
    Feature.STARS: "star stars starry galaxy milky",
    Feature.MOON: "moon moonlight moonlit",
    Feature.SUN: "sun sunny sunlight",
    Feature.AURORA: "aurora borealis northern",
    Feature.NEON: "neon cyberpunk futuristic",
    Feature.FLOWERS: "flower flowers blossom blossoms tulip tulips rose roses poppies wildflowers",
}
_WORD: Final = re.compile(r"[a-z]+")
_Meaning = TypeVar("_Meaning")


def _meanings(table: Mapping[_Meaning, str]) -> Mapping[str, Sequence[_Meaning]]:
    found: dict[str, list[_Meaning]] = {}
    for meaning, words in table.items():
        for word in words.split():
            found.setdefault(word, []).append(meaning)
    return found


_HOUR_OF: Final = _meanings(_HOURS)
_FEATURES_OF: Final = _meanings(_FEATURES)


@frozen(kw_only=True)
class SceneSpec:
    """The elements of a scene that a prompt names."""

    hour: Hour
    features: frozenset[Feature]

    @property
    def is_scene(self) -> bool:
        """Whether the prompt names any; if not, its words only seed an abstract picture."""
        return bool(self.features)


def parse_scene(prompt: Prompt, *, negative: Prompt | None) -> SceneSpec:
    """Return the scene that a prompt names. The first time of day counts; `negative` removes elements."""
    words = _words(prompt)
    unwanted = {feature for word in _words(negative) for feature in _FEATURES_OF.get(word, ())}
    features = {feature for word in words for feature in _FEATURES_OF.get(word, ())} - unwanted
    hours = [hour for word in words for hour in _HOUR_OF.get(word, ())]
    if hours and not features:
        features = {Feature.MEADOW, Feature.MOUNTAINS} - unwanted
    default = Hour.NIGHT if features & {Feature.STARS, Feature.MOON, Feature.AURORA, Feature.NEON} else Hour.DAY
    return SceneSpec(hour=hours[0] if hours else default, features=frozenset(features))


def _words(prompt: Prompt | None) -> Sequence[str]:
    return [] if prompt is None else _WORD.findall(prompt.text.lower())
