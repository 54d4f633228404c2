"""Base64 (RFC 4648): either alphabet, with or without padding, and with white space between characters (RFC 2045)."""

import base64
from typing import BinaryIO, Final

BLOCK_BYTES: Final = 256 * 1024
_WHITESPACE: Final = b" \t\r\n"
_QUANTUM: Final = 4  # characters that encode three bytes
_END_CHARS: Final = 2 * _QUANTUM  # kept for the last block, since the padding is among them
_OF_STANDARD: Final = frozenset(b"+/")
_OF_URL_SAFE: Final = frozenset(b"-_")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def decode(encoded: BinaryIO, *, into: BinaryIO) -> None:
    """Decode `encoded`, from its position to its end, into a file; one block at a time is in memory.

    The padding may be omitted, but not in part.

    Raises:
        ValueError: the text isn't base64, mixes both alphabets, or ends within a byte.
    """
    left, seen = b"", frozenset[int]()
    while block := encoded.read(BLOCK_BYTES):
        characters = block.translate(None, _WHITESPACE)
        seen |= {character for character in _OF_STANDARD | _OF_URL_SAFE if character in characters}
        if seen & _OF_STANDARD and seen & _OF_URL_SAFE:
            raise ValueError("both alphabets")
        characters = left + characters.translate(_TO_STANDARD)
        ready = max(0, len(characters) // _QUANTUM * _QUANTUM - _END_CHARS)
        piece, left = characters[:ready], characters[ready:]
        if b"=" in piece:
            raise ValueError("there are characters after the padding")
        into.write(base64.b64decode(piece, validate=True))
    into.write(base64.b64decode(_padded(left), validate=True))


def _padded(end: bytes) -> bytes:
    """Return the last characters with their padding completed.

    Raises:
        ValueError: they end within a byte, or their padding is wrong.
    """
    digits = end.rstrip(b"=")
    padding = b"=" * (-len(digits) % _QUANTUM)
    if len(padding) == _QUANTUM - 1 or end not in {digits, digits + padding}:
        raise ValueError("wrong padding")
    return digits + padding
