"""Base64 (RFC 4648) as programs write it: either alphabet, padding or none, in lines or with blanks (RFC 2045)."""

import base64
from typing import BinaryIO, Final

BLOCK_BYTES: Final = 256 * 1024
_WHITESPACE: Final = b" \t\r\n"
_QUANTUM: Final = 4  # so many characters stand for three bytes
_END_CHARS: Final = 2 * _QUANTUM  # so many are decoded together, whatever comes: there is the padding
_OF_STANDARD: Final = frozenset(b"+/")
_OF_URL_SAFE: Final = frozenset(b"-_")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def decode(encoded: BinaryIO, *, into: BinaryIO) -> None:
    """Write what base64 says, from where `encoded` stands to its end; a block at a time is in memory.

    Padding may be left out, all of it or none.

    Raises:
        ValueError: it isn't base64, mixes both alphabets, or ends within a byte.
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
            raise ValueError("there is more behind the padding")
        into.write(base64.b64decode(piece, validate=True))
    into.write(base64.b64decode(_padded(left), validate=True))


def _padded(end: bytes) -> bytes:
    """Return the last characters with the padding that they lack.

    Raises:
        ValueError: they end within a byte, or what is there isn't the right padding.
    """
    digits = end.rstrip(b"=")
    padding = b"=" * (-len(digits) % _QUANTUM)
    if len(padding) == _QUANTUM - 1 or end not in {digits, digits + padding}:
        raise ValueError("wrong padding")
    return digits + padding
