"""Single bands of pictures."""

from PIL.Image import Image


def band_range(band: Image) -> tuple[float, float]:
    """Return the lowest and the highest value of a single-band picture; not finite if its values aren't."""
    low, high = band.getextrema()
    assert isinstance(low, int | float), "a single band has two extrema"
    assert isinstance(high, int | float), "a single band has two extrema"
    return low, high
