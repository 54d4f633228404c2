"""The page of a TIFF that is its picture."""

from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from pictures import photograph
from spike_core.domain.errors import MultiplePages
from spike_imaging.open import opened_picture
from tiffs import Kind, tiff, tiff_of_pages

GRAY: Final = np.asarray(photograph(size=(37, 23)).convert("L"))[..., None]


def shown(data: bytes) -> NDArray[Any]:
    with opened_picture(data) as opened:
        return np.asarray(opened.decode().srgb())


SMALL: Final = GRAY[:5, :6]
REDUCED: Final = Kind(tags={254: (4, [1])})
MASK: Final = Kind(photometric=4, bits=1, tags={254: (4, [4])})


@pytest.mark.parametrize(
    "data",
    [
        tiff_of_pages([(SMALL, REDUCED), (GRAY, Kind())]),
        tiff_of_pages([(GRAY, Kind()), (SMALL, REDUCED)]),
        tiff_of_pages([(GRAY, Kind()), (SMALL, Kind(tags={255: (3, [2])}))]),
        tiff_of_pages([(GRAY, Kind()), (GRAY > 99, MASK)]),
        tiff_of_pages([(GRAY, Kind()), (GRAY // 2, Kind(tags={254: (4, [8])}))]),
        tiff_of_pages([(SMALL, REDUCED)], children=[(GRAY, Kind())]),
        tiff_of_pages([(SMALL, REDUCED)], children=[(GRAY, Kind()), (SMALL, Kind())]),
        tiff_of_pages([(GRAY, Kind())], children=[(SMALL, REDUCED), (SMALL, Kind())]),
        tiff_of_pages([(SMALL, REDUCED), (GRAY, REDUCED)]),
    ],
)
def test_the_largest_full_page_is_the_picture(data: bytes) -> None:
    assert (shown(data) == GRAY).all()


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        (tiff_of_pages([(GRAY, Kind())] * 3), 3),
        (tiff_of_pages([(GRAY, Kind()), (SMALL, REDUCED), (SMALL, Kind())]), 2),
        (tiff_of_pages([(SMALL, REDUCED)], children=[(GRAY, Kind())] * 2), 2),
        (tiff(GRAY, Kind(tags={270: (2, b"ImageJ=1.53\nimages=7\nslices=7\n\0")})), 7),
    ],
    ids=["three", "two and a thumbnail", "two children", "a stack"],
)
def test_several_full_pages_are_refused(data: bytes, pages: int) -> None:
    with pytest.raises(MultiplePages) as refusal:
        shown(data)
    assert refusal.value.pages == pages
