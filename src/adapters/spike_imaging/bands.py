"""One band of a picture."""

from PIL.Image import Image


def band_range(band: Image) -> tuple[float, float]:
    """Return the lowest and the highest value of a picture of one band; not finite where its values aren't."""
    low, high = band.getextrema()
    assert isinstance(low, int | float), "one band has two numbers"
    assert isinstance(high, int | float), "one band has two numbers"
    return low, high
