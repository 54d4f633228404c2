"""The scans of a JPEG file, counted without decoding it (ITU-T T.81, B.1.1).

A progressive JPEG may have any number of scans, each of which makes a decoder go through the whole picture again: a
file of 584 kB with 6,500 scans takes seconds. Encoders write about ten.
"""

import re
from typing import Final

from spike_core.domain.errors import UnsupportedPicture

SCANS_MAX: Final = 100
_SEGMENTS_MAX: Final = 100_000  # of a file, beside its entropy-coded data
_SOS: Final = 0xDA
_EOI: Final = 0xD9
# after any number of fill bytes, 0xFF; but TEM, RST and SOI, which have no segment, and of which there may be millions
_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")


def check_scans(data: bytes) -> None:
    """Check that a JPEG has at most `SCANS_MAX` scans, and few enough segments between them.

    Raises:
        UnsupportedPicture: it has more.
    """
    scans = segments = 0
    at = 2
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == _EOI:
            return
        segments += 1
        scans += marker == _SOS
        if scans > SCANS_MAX or segments > _SEGMENTS_MAX:
            raise UnsupportedPicture(
                name=f"JPEG with more than {SCANS_MAX} scans", advice="Export it as a baseline JPEG, or as PNG"
            )
        at += max(2, int.from_bytes(data[at : at + 2]))
