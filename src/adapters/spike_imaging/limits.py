"""The limit on a picture's pixels, checked before anything is decoded."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from spike_core.domain.errors import TooManyPixels
from spike_core.domain.limits import PICTURE_PIXELS_MAX

# a context variable, since headers are checked far below what knows whether a picture is a result
_pixels_max: Final = ContextVar("pixels_max", default=PICTURE_PIXELS_MAX)


@contextmanager
def allowing(pixels_max: int) -> Iterator[None]:
    """Allow pictures that are opened within this context, on this thread, so many pixels."""
    token = _pixels_max.set(pixels_max)
    try:
        yield
    finally:
        _pixels_max.reset(token)


def allowed_pixels() -> int:
    """Return the limit of the context."""
    return _pixels_max.get()


def check_pixels(pixels: int) -> None:
    """Check a number of pixels against the limit: `PICTURE_PIXELS_MAX`, unless the context allows more.

    Raises:
        TooManyPixels: it is above the limit.
    """
    if pixels > (pixels_max := allowed_pixels()):
        raise TooManyPixels(pixels=pixels, pixels_max=pixels_max)
