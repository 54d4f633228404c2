"""IPTC (Information Interchange Model 4.2): the authorship in a record, and the record in Photoshop's blocks.

The mapping of fields to XMP is that of the Metadata Working Group's guidelines, version 2.0, section 5.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from spike_pillow.authorship import DEFAULT_LANGUAGE, ENTRIES_MAX, Authorship, is_kept_line, is_kept_notice
from spike_pillow.text_encoding import UnknownEncoding, decoded

PHOTOSHOP: Final = b"Photoshop 3.0\0"  # before the blocks in JPEG
_BLOCK: Final = b"8BIM"
_IPTC_BLOCK: Final = 0x0404
_BLOCKS_MAX: Final = 1000
_DATASETS_MAX: Final = 1000
MARK: Final = b"\x1c"  # before each dataset
_EXTENDED: Final = 0x8000  # flag in a length: more bytes of it follow, for 32 KB and up
_CHARSET, _BY_LINE, _CREDIT, _COPYRIGHT = (1, 90), (2, 80), (2, 110), (2, 116)
_CHARSETS: Final[Mapping[bytes, str]] = {  # ISO 2022 escapes
    b"\x1b%G": "utf-8",
    b"\x1b%/G": "utf-8",
    b"\x1b%/H": "utf-8",
    b"\x1b%/I": "utf-8",
    b"\x1b-A": "latin-1",
    b"\x1b.A": "latin-1",
}


def record_in(blocks: bytes) -> bytes:
    """Return the IPTC record in Photoshop's blocks (file formats specification, "image resources"); empty if none."""
    at = 0
    for _ in range(_BLOCKS_MAX):
        if blocks[at : at + 4] != _BLOCK or at + 7 > len(blocks):
            break
        name_bytes = 1 + blocks[at + 6]
        size_at = at + 6 + name_bytes + name_bytes % 2
        size_bytes = int.from_bytes(blocks[size_at : size_at + 4])
        content = blocks[size_at + 4 : size_at + 4 + size_bytes]
        if int.from_bytes(blocks[at + 4 : at + 6]) == _IPTC_BLOCK:
            return content
        at = size_at + 4 + size_bytes + size_bytes % 2
    return b""


def authorship_in(record: bytes) -> Authorship:
    """Return the authorship in a record. Values of uncertain encoding or excessive length are omitted."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for key, value in _datasets(record):
        found.setdefault(key, []).append(value)
    charset = found.get(_CHARSET, [b""])[0]
    encoding = _CHARSETS.get(charset, "ascii") if charset else ""
    creators = [_text(each, encoding) for each in found.get(_BY_LINE, []) if each.strip(b" \0")]
    notice = _text(found.get(_COPYRIGHT, [b""])[0], encoding)
    credit = _text(found.get(_CREDIT, [b""])[0], encoding)
    are_kept = len(creators) <= ENTRIES_MAX and all(each and is_kept_line(each) for each in creators)
    return Authorship(
        creators=tuple(creators) if are_kept else (),
        rights=((DEFAULT_LANGUAGE, notice),) if notice and is_kept_notice(notice) else (),
        credit=credit if is_kept_line(credit) else "",
    )


def _datasets(record: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield the record's datasets up to the first incomplete one (IIM, 1.5)."""
    at = 0
    for _ in range(_DATASETS_MAX):
        head = record[at : at + 5]
        length = int.from_bytes(head[3:5])
        value = record[at + 5 : at + 5 + length]
        if head[:1] != MARK or length & _EXTENDED or len(value) < length:
            return
        yield (head[1], head[2]), value
        at += 5 + length


def _text(raw: bytes, encoding: str) -> str:
    """Return a text; empty if it is blank or can't be decoded."""
    try:
        text = raw.decode(encoding) if encoding else decoded(raw)
    except (UnicodeDecodeError, UnknownEncoding):
        return ""
    return text.rstrip("\0") if text.strip(" \0") else ""
