"""Camera RAW files are refused by name, whatever their file name and embedded preview."""

import io
import struct

import numpy as np
import pytest

import tiffs
from pictures import photograph
from spike_core.domain.errors import UnsupportedPicture
from spike_pillow import PillowProbe
from tiffs import Kind, Tags, tiff, tiff_of_pages

PHOTO = np.asarray(photograph(size=(48, 32)))
SENSOR = PHOTO[..., :1] * 16


def make(name: bytes) -> Tags:
    return {271: (2, list(name + b"\0"))}


def with_sensor(name: bytes, *, photometric: int = 32803, compression: int = 1) -> bytes:
    """Return a TIFF with a preview, and with the sensor's values in a child of its directory."""
    preview = (PHOTO[::4, ::4], Kind(photometric=tiffs.RGB, tags={254: (4, [1]), **make(name)}))
    sensor = Kind(bits=14, photometric=photometric, tags={259: (3, [compression])})
    return tiff_of_pages([preview], children=[(SENSOR, sensor)])


def marked_cr2() -> bytes:
    """Return a TIFF with Canon's header, followed by a directory of a single tag."""
    entry = struct.pack("<HHHII", 1, 256, 4, 1, 48)
    return b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + entry + bytes(4)


DNG = {50706: (1, [1, 4, 0, 0])}
NAMED = {
    "DNG": tiff_of_pages(
        [(PHOTO[::4, ::4], Kind(photometric=tiffs.RGB, tags=DNG))], children=[(SENSOR, Kind(bits=14))]
    ),
    "DNG, big-endian": tiff(SENSOR, Kind(bits=14, byte_order=">", tags=DNG)),
    "DNG, linear": tiff(PHOTO, Kind(photometric=tiffs.RGB, tags=DNG)),
    "NEF": with_sensor(b"NIKON CORPORATION"),
    "NEF, compressed": with_sensor(b"NIKON", photometric=1, compression=34713),
    "ARW": with_sensor(b"SONY"),
    "ARW, compressed": with_sensor(b"SONY", photometric=1, compression=32767),
    "PEF": with_sensor(b"PENTAX Corporation", photometric=1, compression=65535),
    "SRW": with_sensor(b"SAMSUNG", photometric=1, compression=32770),
    "3FR": with_sensor(b"Hasselblad"),
    "CR2": marked_cr2(),
    "ORF": b"IIRO\x08\0\0\0" + bytes(400),
    "ORF, other": b"MMOR\0\0\0\x08" + bytes(400),
    "RW2": b"IIU\0\x08\0\0\0" + bytes(400),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(400),
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(400),
    "X3F": b"FOVb\0\0\2\0" + bytes(400),
}
UNNAMED = {
    "color filter array": with_sensor(b""),
    "linear, of an unknown maker": with_sensor(b"ACME", photometric=34892),
}


@pytest.mark.parametrize("kind", NAMED)
def test_raw_is_refused_by_its_name(kind: str) -> None:
    for ask in (PillowProbe().inspect, PillowProbe().identify):
        with pytest.raises(UnsupportedPicture) as refusal:
            ask(io.BytesIO(NAMED[kind]))
        assert refusal.value.name == f"Camera RAW ({kind.split(',', maxsplit=1)[0]})"
        assert "Export" in refusal.value.advice


@pytest.mark.parametrize("kind", UNNAMED)
def test_raw_of_an_unknown_maker_is_refused_too(kind: str) -> None:
    with pytest.raises(UnsupportedPicture) as refusal:
        PillowProbe().inspect(io.BytesIO(UNNAMED[kind]))
    assert refusal.value.name == "Camera RAW"


def test_pixels_that_begin_as_canons_mark_are_read() -> None:
    marked = PHOTO.copy()
    marked[0, 0], marked[0, 1] = tuple(b"CR\2"), (0, 0, 0)
    data = tiff(marked, Kind(photometric=tiffs.RGB))
    assert data[8:12] == b"CR\2\0"
    assert not PillowProbe().inspect(io.BytesIO(data)).is_blank


def test_a_picture_that_a_camera_wrote_as_tiff_is_read() -> None:
    data = tiff(PHOTO, Kind(photometric=tiffs.RGB, tags=make(b"NIKON CORPORATION")))
    assert not PillowProbe().inspect(io.BytesIO(data)).is_blank
