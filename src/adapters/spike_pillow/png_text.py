"""Texts of a PNG (third edition, 11.3.3): keyword and content, and profiles that programs write as texts."""

import zlib
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

TEXT_BYTES_MAX: Final = 1 << 20  # decompressed
_KEYWORD_BYTES_MAX: Final = 79
_CHUNKS: Final[Mapping[bytes, int]] = {b"tEXt": 0, b"zTXt": 1, b"iTXt": 2}  # bytes that specify a text's compression
_PROFILE: Final = b"Raw profile type "
_PROFILE_LINES: Final = 3  # after an empty line: its name, its length, its bytes in hexadecimal digits


class BrokenText(ValueError):
    """The chunk violates its format, or its text is too long."""


@frozen
class PngText:
    """A keyword and its decompressed text: UTF-8 if international, otherwise Latin-1 if the writer conforms."""

    keyword: bytes
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, chunk: bytes, body: bytes) -> "PngText":
        """Return the text of a `tEXt`, `zTXt` or `iTXt` chunk.

        Raises:
            BrokenText: the chunk is malformed.
        """
        keyword, separator, rest = body.partition(b"\0")
        how = rest[: _CHUNKS[chunk]]
        if (
            not separator
            or len(keyword) > _KEYWORD_BYTES_MAX
            or len(how) < _CHUNKS[chunk]
            or how[-1:] not in {b"", b"\0"}
        ):
            raise BrokenText
        content = rest[len(how) :]
        if chunk == b"iTXt":
            _, _, content = content.partition(b"\0")  # the language
            _, separator, content = content.partition(b"\0")  # the keyword in that language
            if not separator:
                raise BrokenText
        is_packed = chunk == b"zTXt" or how[:1] == b"\1"
        return cls(keyword, _unpacked(content) if is_packed else content)

    def profile(self) -> tuple[bytes, bytes]:
        """Return name and bytes of a profile that ImageMagick and others write as a text; empty if it isn't one.

        Raises:
            BrokenText: it is a malformed one.
        """
        if not self.keyword.startswith(_PROFILE):
            return b"", b""
        lines = self.content.strip().split(b"\n", 2)
        try:
            raw = bytes.fromhex(lines[_PROFILE_LINES - 1].decode("ascii"))  # it skips white space
            length = int(lines[1])
        except (IndexError, ValueError) as error:
            raise BrokenText from error
        if length != len(raw):
            raise BrokenText
        return self.keyword.removeprefix(_PROFILE), raw


def _unpacked(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, TEXT_BYTES_MAX)
    except zlib.error as error:
        raise BrokenText from error
    if not stream.eof:
        raise BrokenText
    return content
