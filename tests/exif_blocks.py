"""EXIF blocks written byte by byte and read by tifffile, independently of Spike's own writer and reader."""

import io
import struct
from collections.abc import Mapping
from typing import Final

import tifffile

ARTIST, COPYRIGHT, MAKE, MODEL, LENS, EXIF_POINTER = 0x013B, 0x8298, 0x010F, 0x0110, 0xA434, 0x8769
ASCII, BYTE, SHORT, LONG, RATIONAL, UNDEFINED, UTF_8 = 2, 1, 3, 4, 5, 7, 129
_SIZES: Final = {SHORT: 2, LONG: 4, RATIONAL: 8}

Fields = Mapping[int, tuple[int, bytes]]  # tag to type and value


def exif_block(main: Fields, inner: Fields | None = None, *, order: str = "<", values_first: bool = False) -> bytes:
    """Return a block of these fields; their values precede or follow the directories, with a gap between them."""
    fields, inner = dict(sorted(main.items())), dict(sorted((inner or {}).items()))
    if inner:
        fields[EXIF_POINTER] = (LONG, bytes(4))  # its value fits into its entry
        fields = dict(sorted(fields.items()))
    values = b"".join(
        value + bytes(len(value) % 2) for _, value in (*fields.values(), *inner.values()) if len(value) > 4
    )
    directories_bytes = sum(2 + 12 * len(each) + 4 for each in (fields, inner) if each)
    gap = b"\xee" * 6
    directories_at = 8 + len(values + gap) if values_first else 8
    values_at = 8 if values_first else 8 + directories_bytes + len(gap)
    if inner:
        fields[EXIF_POINTER] = (LONG, struct.pack(order + "I", directories_at + 2 + 12 * len(fields) + 4))
    directories = bytearray()
    for directory in (fields, inner):
        if not directory:
            continue
        directories += struct.pack(order + "H", len(directory))
        for tag, (type_, value) in directory.items():
            directories += struct.pack(order + "HHI", tag, type_, len(value) // _SIZES.get(type_, 1))
            if len(value) <= 4:
                directories += value.ljust(4, b"\0")
            else:
                directories += struct.pack(order + "I", values_at)
                values_at += len(value) + len(value) % 2
        directories += bytes(4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", directories_at)
    return head + (values + gap + directories if values_first else directories + gap + values)


def values_in(block: bytes) -> dict[int, bytes]:
    """Return the values of all tags in a block's main directory, as bytes."""
    with tifffile.TiffFile(io.BytesIO(block)) as file:
        page = file.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        return {tag.code: block[tag.valueoffset : tag.valueoffset + tag.valuebytecount] for tag in page.tags}
