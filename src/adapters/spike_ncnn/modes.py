"""Networks that an operator or an order asks for, in place of those that a picture's degradation decides on."""

from typing import Final

from attrs import evolve, frozen

from spike_core.domain.analysis import PictureKind
from spike_core.domain.errors import UpscalerUnavailable
from spike_ncnn.choice import Choice
from spike_ncnn.networks import ANIME, ANIME_X4, DAT, DAT_X4, SPAN, SPAN_X4, X4PLUS

_BEST: Final = {SPAN.name: DAT.name, SPAN_X4.name: DAT_X4.name}


@frozen(kw_only=True)
class Modes:
    """What the installation can afford."""

    is_best: bool = False  # clean pictures are worth about 28 times the time
    is_fast: bool = False  # large networks run in acceptable time

    def faithful(self, choice: Choice) -> Choice:
        """Return the choice by degradation, with the best network for clean pictures where that is wanted."""
        if not self.is_best:
            return choice
        return evolve(choice, shares={_BEST.get(name, name): share for name, share in choice.shares.items()})

    def vivid(self, kind: PictureKind, *, factor: int) -> Choice:
        """Return the network that invents detail; photographs get the large one, for 4 times, if it is affordable.

        Raises:
            UpscalerUnavailable: it isn't installed.
        """
        if not ANIME.is_installed:
            raise UpscalerUnavailable
        if kind is PictureKind.PHOTO and (self.is_fast or self.is_best):
            return Choice(shares={X4PLUS.name: 1.0})
        return Choice(shares={(ANIME if factor == 2 else ANIME_X4).name: 1.0})  # noqa: PLR2004  # twice


def invents_texture(choice: Choice) -> bool:
    """Return whether the choice's network moves and invents so much that errors can't be distinguished from that."""
    return X4PLUS.name in choice.shares


FAITHFULLY: Final = Modes()
