"""TIFFs whose strips or tags would take long to go through are refused before anything is decoded."""

import io
import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
import tifffile

from spike_core.domain.errors import UnsupportedPicture
from spike_pillow.probe import PillowProbe

STRIPS = 70_000
DIRECTORIES, TAGS = 5, 4_000


def with_many_strips() -> bytes:
    content = io.BytesIO()
    tifffile.imwrite(content, np.zeros((STRIPS, 1), np.uint8), rowsperstrip=1)
    return content.getvalue()


def with_many_tags() -> bytes:
    """Return a file with a chain of directories, none of which has too many tags by itself."""
    data = struct.pack("<2sHI", b"II", 42, 8)
    for number in range(DIRECTORIES):
        tags = b"".join(struct.pack("<HHII", 1000 + tag, 3, 1, 1) for tag in range(TAGS))
        following = len(data) + 2 + len(tags) + 4 if number < DIRECTORIES - 1 else 0
        data += struct.pack("<H", TAGS) + tags + struct.pack("<I", following)
    return data


@pytest.mark.parametrize(("a_file", "what"), [(with_many_strips, "strips or tiles"), (with_many_tags, "tags")])
def test_too_many_parts_are_refused_at_once_and_by_name(a_file: Callable[[], bytes], what: str) -> None:
    data = a_file()
    PillowProbe()  # imports aren't measured
    began_s = time.process_time()
    with pytest.raises(UnsupportedPicture, match=what):
        PillowProbe().identify(io.BytesIO(data))
    assert time.process_time() - began_s < 2
