"""Networks that an operator or an order asks for, in place of those that a picture's degradation decides on."""

import math
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.analysis import PictureKind
from spike_core.domain.errors import UpscalerUnavailable
from spike_ncnn.network_choice import Choice
from spike_ncnn.networks import ANIME, ANIME_X4, DAT, DAT_X4, SPAN, SPAN_X4, X4PLUS

_BEST: Final = {SPAN.name: DAT.name, SPAN_X4.name: DAT_X4.name}
# processor time for a pixel of the input, measured, and with a reserve for slower processors
_RESERVE: Final = 1.5
_DAT_S: Final = _RESERVE * 116e-6
_X4PLUS_S: Final = _RESERVE * 457e-6
_X4PLUS_FAST_S: Final = _RESERVE * 61e-6


@frozen
class Work:
    """How much there is to do, and how long it may take."""

    pixels: int  # of the input
    seconds: float  # of the processor

    def allows(self, pixel_s: float) -> bool:
        """Return whether a network that takes so long for a pixel would be done in time."""
        return self.pixels * pixel_s <= self.seconds


UNLIMITED: Final = Work(0, math.inf)


@frozen(kw_only=True)
class Modes:
    """What the installation can afford."""

    is_best: bool = False  # clean pictures are worth about 28 times the time
    is_fast: bool = False  # large networks run in acceptable time

    def faithful(self, choice: Choice, *, work: Work = UNLIMITED) -> Choice:
        """Return the choice by degradation, with the best network for clean pictures where that is wanted, in time."""
        if not (self.is_best and work.allows(_DAT_S)):
            return choice
        return evolve(choice, shares={_BEST.get(name, name): share for name, share in choice.shares.items()})

    def refused(self, choices: Sequence[Choice]) -> str:
        """Return why the best network isn't among the choices though it is wanted; empty if it is, or wouldn't help."""
        lacks = self.is_best and any(name in _BEST for choice in choices for name in choice.shares)
        return "too large for dat" if lacks else ""

    def vivid(self, kind: PictureKind, *, factor: int, work: Work = UNLIMITED) -> Choice:
        """Return the network that invents detail; photographs get the large one, for 4 times, if it is affordable.

        Raises:
            UpscalerUnavailable: it isn't installed.
        """
        if not ANIME.is_installed:
            raise UpscalerUnavailable
        large = (self.is_fast or self.is_best) and work.allows(_X4PLUS_FAST_S if self.is_fast else _X4PLUS_S)
        if kind is PictureKind.PHOTO and large:
            return Choice(shares={X4PLUS.name: 1.0})
        return Choice(shares={(ANIME if factor == 2 else ANIME_X4).name: 1.0})  # noqa: PLR2004  # twice


def invents_texture(choice: Choice) -> bool:
    """Return whether the choice's network moves and invents so much that errors can't be distinguished from that."""
    return X4PLUS.name in choice.shares


FAITHFULLY: Final = Modes()
