"""ThumbHash as its own implementation computes it: the npm package `thumbhash` 0.1.1 made the vectors.

The pixels are made by the same formulas there and here. Pictures with terms of exactly zero are left out: these lie
between two steps, and rounding errors decide.
"""

import base64
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spike_core.domain.renditions import THUMBHASH_BYTES_MAX
from spike_imaging.thumbhash import hash_of, thumbhash

VECTORS: Final = [
    ("waves", 100, 75, "4PcBBYKomFOJaDl0h/dRbUVogIUI"),
    ("waves", 75, 100, "4AcCBQCKSod3gohId1qwh8QQNByg"),
    ("waves", 64, 64, "4PcBBwKWRKiIHLcpFsBj15dHBxemBtAD"),
    ("waves", 100, 1, "IAhCGYR3d3eIiAiIYHhGgBg="),
    ("waves", 1, 100, "HAk6SQYIh3iIh4eICIWHAsc="),
    ("waves", 1, 1, "DNYZfwwI9wiIh4hwj3CI+AiIcH/494cP"),
    ("waves", 3, 2, "ztUdDYCHeAiHiHiHiIiHgJ92uA2H"),
    ("waves", 100, 13, "IPgFCYSGpgVYV2h4UBlTkHg="),
    ("waves", 17, 100, "4AcCCQJJVpNmMQGIlgCoH5o="),
    ("noise", 100, 75, "3wcCBYCV/HhYRX11Y5lcyo4s8BVK"),
    ("noise", 75, 100, "3/cBBQB4e1b6eCVmZmzMi8+HcoAO"),
    ("noise", 64, 64, "3wcCBwDma3U3l3hnl/bXc5h0todQKKQA"),
    ("noise", 100, 1, "Hwg+CYJ3d3eIiAiIX4iChQg="),
    ("noise", 1, 100, "Hwg+CQQIiId4h4h3aI2Pxvg="),
    ("noise", 1, 1, "AAgCBwAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("noise", 3, 2, "HMg5ZYxnmAh2h4iHiJiIgFbQZ5CM"),
    ("noise", 100, 13, "3/cBAYA3+mZ4aWpmAI1pH+4="),
    ("noise", 17, 100, "H/gBAQJGmSaWeHmPTeBUyws="),
    ("alpha", 100, 75, "4PeBBIAHyYeKaWP4UaEHaIhgmYmf90PRDA=="),
    ("alpha", 75, 100, "IAiCBAAHnml4l5hQOlhw5iCKuZN89Hg4CA=="),
    ("alpha", 64, 64, "IPiBBQAHiEJ3DSi202B3ZwI8azWfmWemqg=="),
    ("alpha", 1, 100, "HBm6SQaICId4eHgIhodAqAj3h4iHeHg="),
    ("alpha", 1, 1, "DNaZfQxECPeIh3B/+PeHf3/4CPeIh3B/+A=="),
    ("alpha", 100, 13, "IPiBCYIItdMpB7IQKDiwea+5hpi9jJQ="),
    ("alpha", 17, 100, "4AeCAQAHeUaTBhOIAIgOuTf6W4aPFJs="),
]


def pixels(kind: str, width: int, height: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    noise = (x * 7919 + y * 104729 + x * y * 31) % 251
    opaque = np.full_like(x, 255)
    colors = [noise, noise * 3 % 256, noise * 7 % 256]
    if kind != "noise":
        colors = [(x * x * 3 + y * 5 + 17) % 256, (x * 7 + y * y + 40) % 256, (x * y + x * 11 + 90) % 256]
    alpha = (x * 13 + y * 29 + x * y + 60) % 256 if kind == "alpha" else opaque
    return np.stack([*colors, alpha], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(("kind", "width", "height", "expected"), VECTORS)
def test_a_hash_is_the_one_of_the_formats_own_implementation(kind: str, width: int, height: int, expected: str) -> None:
    made = hash_of(pixels(kind, width, height))
    assert base64.b64encode(made).decode() == expected
    assert len(made) <= THUMBHASH_BYTES_MAX


def test_a_large_picture_has_nearly_the_hash_of_a_reduced_one() -> None:
    large = Image.fromarray(pixels("waves", 1600, 1200)[..., :3])
    assert thumbhash(large)[:3] == thumbhash(large.resize((100, 75), Image.Resampling.BOX))[:3]


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (90, 120, 33)])
def test_a_picture_of_one_color_has_no_structure(color: tuple[int, int, int]) -> None:
    """Rounding errors aren't taken for one."""
    assert set(thumbhash(Image.new("RGB", (99, 41), color))[5:]) == {0}
