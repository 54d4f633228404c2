"""Files of very many tiny parts, which Pillow reads one by one: 10 MB of them take seconds, or minutes.

No encoder writes such files. Padding between a JPEG's segments is dropped; what exceeds a limit is refused.
"""

import re
from io import BytesIO
from typing import Final

from spike_core.domain.errors import UnsupportedPicture
from spike_core.domain.objects import PictureFormat

_PADDING_BYTES_MAX: Final = 1 << 16  # in a JPEG; more is dropped, which copies the file
_SEGMENTS_MAX: Final = 40_000  # of a JPEG before its first scan
_EXIF_SEGMENTS_MAX: Final = 255  # Pillow joins them one by one, which copies all the earlier ones each time
_RESOURCES_MAX: Final = 10_000  # Photoshop's
_FILL_MAX: Final = b"\xff" * (1 << 16)  # longer than any segment, so what follows it is none's; decoders reread more
_TABLES_BYTES_MAX: Final = 1 << 16  # of quantization; four tables have 520
_CHUNKS_MAX: Final = 100_000  # of a PNG; encoders write some kilobytes into each
_COMPRESSED_MAX: Final = 500  # chunks of a PNG whose kilobyte may become a megabyte; a profile is one
_BLOCKS_MAX: Final = 100_000  # of a GIF, sub-blocks and extensions, beside those that are full
_FULL_BYTES: Final = 128  # that a GIF's sub-blocks have on average at least
_ADVICE: Final = "Export it again, as JPEG or PNG"

_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_SOS, _DQT, _PHOTOSHOP = 0xDA, 0xDB, 0xED
_FILL: Final = re.compile(rb"\xff*")
_WITHOUT_LENGTH: Final = frozenset({0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)})  # as Pillow takes them
_EXIF: Final = re.compile(rb"\xff\xe1..Exif\0\0", re.DOTALL)
_COMPRESSED: Final = frozenset({b"iCCP", b"iTXt"})  # Pillow limits the sum of zTXt


def without_tiny_parts(data: bytes, format_: PictureFormat) -> bytes:
    """Return a file as it is, or a JPEG without the padding between its segments, in time linear in its size.

    Raises:
        UnsupportedPicture: it has too many tiny parts.
    """
    match format_:
        case PictureFormat.JPEG:
            return _without_padding(data)
        case PictureFormat.PNG:
            _check_chunks(data)
        case _:  # these are read by C, or within limits of their own; a GIF by `BlockLimitedFile`
            pass
    return data


def _without_padding(data: bytes) -> bytes:
    """Drop fill bytes (ITU-T T.81, B.1.1.2) and junk: Pillow passes over those before the first scan byte by byte."""
    data = _with_short_fill(data)
    view = memoryview(data)
    kept = [view[:2]]
    at, padding, exifs, tables_bytes, resources = 2, 0, 0, 0, 0
    while found := _MARKER.search(data, at):
        start, end, code = found.start(), found.end(), data[found.end() - 1]
        padding += start - at
        if code == _SOS:
            at = start
            break
        if code not in _WITHOUT_LENGTH:
            end += max(2, int.from_bytes(view[end : end + 2]))
        exifs += _EXIF.match(data, start) is not None
        tables_bytes += end - start if code == _DQT else 0
        resources += data.count(b"8BIM", start, end) if code == _PHOTOSHOP else 0
        kept.append(view[start:end])
        is_too_much = exifs > _EXIF_SEGMENTS_MAX or tables_bytes > _TABLES_BYTES_MAX or resources > _RESOURCES_MAX
        if is_too_much or len(kept) > _SEGMENTS_MAX:
            raise UnsupportedPicture(name="JPEG with too many segments", advice=_ADVICE)
        at = end
    else:  # no marker follows
        padding, at = padding + max(0, len(data) - at), len(data)
    return data if padding <= _PADDING_BYTES_MAX else b"".join([*kept, view[at:]])


def _with_short_fill(data: bytes) -> bytes:
    """Shorten runs of fill bytes that are longer than any segment."""
    view, kept, at = memoryview(data), list[memoryview](), 0
    while (start := data.find(_FILL_MAX, at)) >= 0:
        kept.append(view[at : start + len(_FILL_MAX)])
        run = _FILL.match(data, start)
        at = len(data) if run is None else run.end()
    return b"".join([*kept, view[at:]]) if kept else data


def _check_chunks(data: bytes) -> None:
    at, chunks, compressed = 8, 0, 0
    while at + 8 <= len(data):
        chunks += 1
        compressed += data[at + 4 : at + 8] in _COMPRESSED
        if chunks > _CHUNKS_MAX or compressed > _COMPRESSED_MAX:
            raise UnsupportedPicture(name="PNG with too many chunks", advice=_ADVICE)
        at += 12 + int.from_bytes(data[at : at + 4])


class BlockLimitedFile(BytesIO):
    """A GIF, of which Pillow reads each sub-block by two reads.

    Reads are counted, since Pillow finds other blocks than the format has where an extension is empty.
    """

    def __init__(self, data: bytes) -> None:
        """Keep the file's bytes."""
        super().__init__(data)
        self._left = 2 * (_BLOCKS_MAX + len(data) // _FULL_BYTES)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read.

        Raises:
            UnsupportedPicture: there are too many blocks.
        """
        self._left -= 1
        if self._left < 0:
            raise UnsupportedPicture(name="GIF with too many blocks", advice=_ADVICE)
        return super().read(size)
