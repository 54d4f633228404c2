"""Long texts in JSON bodies (RFC 8259), kept in files: a picture in base64 takes no memory while its request is read.

The body goes by in blocks. What is outside of texts, and short texts, is kept; of a long text the value goes to a file,
and a stand-in takes its place. What is left is small, and is parsed as any JSON is.
"""

import codecs
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final, cast

from attrs import define, field

from spike_http.bodies import refuse_constant

BLOCK_BYTES: Final = 256 * 1024
SHORT_CHARS_MAX: Final = 64 * 1024  # as sent; a text of more is long
LONG_TEXTS_MAX: Final = 8  # of one body; a request has one picture, and room
REST_CHARS_MAX: Final = 512 * 1024  # of a body beside its long texts

# what a text may consist of, up to its end or to an escape that isn't there yet (section 7)
_WITHIN: Final = re.compile(r'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_ESCAPE_CHARS: Final = 6  # the longest: \u and four digits


class TooMuchBeside(Exception):
    """There is more in the body than a request with a picture has."""


class LongText(str):
    """A stand-in for a text that is in a file. As a text it is none that any field but a picture's takes."""

    __slots__ = ("_files", "file")

    file: BinaryIO  # in UTF-8
    _files: ExitStack

    @classmethod
    def standing_in(cls, stand_in: str, file: BinaryIO, files: ExitStack) -> "LongText":
        """Return a stand-in, as long as this text."""
        text = cls(stand_in)
        text.file, text._files = file, files
        return text

    def another_file(self) -> BinaryIO:
        """Return a file that is there as long as the text's."""
        return a_file(self._files)


def a_file(files: ExitStack) -> BinaryIO:
    """Return a file that forgets itself."""
    return cast("BinaryIO", files.enter_context(tempfile.TemporaryFile()))


def parse(stream: Iterator[bytes], *, files: ExitStack) -> object:
    """Return what a JSON text says, long texts as `LongText`; their files are closed with `files`.

    Raises:
        ValueError, RecursionError: it isn't JSON.
        TooMuchBeside: it has too many long texts, or too much beside them.
    """
    sieve = _Sieve(files=files)
    for block in _decoded(stream):
        sieve.take(block)
    rest: object = json.loads(sieve.rest(), parse_constant=refuse_constant)
    return _with_long_texts(rest, sieve.long_texts) if sieve.long_texts else rest


def _decoded(stream: Iterator[bytes]) -> Iterator[str]:
    """Yield the text, in the encoding that its first bytes are in."""
    decoder: codecs.IncrementalDecoder | None = None
    for block in stream:
        if decoder is None:
            decoder = codecs.getincrementaldecoder(json.detect_encoding(block))("surrogatepass")
        yield decoder.decode(block)
    if decoder is not None:
        yield decoder.decode(b"", final=True)


@define
class _Sieve:
    """What has gone by, without the long texts."""

    files: ExitStack
    long_texts: list[LongText] = field(factory=list)
    _kept: list[str] = field(factory=list)
    _kept_chars: int = 0
    _left: str = ""  # an escape that isn't all there
    _is_within: bool = False
    _text: list[str] = field(factory=list)  # as far as it has come, where it is short
    _text_chars: int = 0
    _file: BinaryIO | None = None  # where it is long

    def rest(self) -> str:
        """Return what was kept, when all has gone by."""
        if self._is_within:
            raise ValueError("a text without an end")
        return "".join(self._kept)

    def take(self, block: str) -> None:
        """Take a further block."""
        block, at = self._left + block, 0
        self._left = ""
        while at < len(block):
            if not self._is_within:
                end = block.find('"', at) + 1
                self._keep(block[at : end or len(block)])
                self._is_within = end > 0
                at = end or len(block)
                continue
            match = _WITHIN.match(block, at)
            assert match is not None, "it matches nothing, too"
            self._add(match[0])
            at = match.end()
            if at == len(block):
                return
            if block[at] == '"':
                self._end_text()
                at += 1
            elif block[at] == "\\" and len(block) - at < _ESCAPE_CHARS:
                self._left = block[at:]
                return
            else:
                raise ValueError("a text with a character that it can't have")

    def _keep(self, piece: str) -> None:
        self._kept_chars += len(piece)
        if self._kept_chars > REST_CHARS_MAX:
            raise TooMuchBeside
        self._kept.append(piece)

    def _add(self, piece: str) -> None:
        self._text_chars += len(piece)
        if self._file is None:
            self._text.append(piece)
            if self._text_chars <= SHORT_CHARS_MAX:
                return
            if len(self.long_texts) == LONG_TEXTS_MAX:
                raise TooMuchBeside
            self._file = a_file(self.files)
            piece = "".join(self._text)
        value: str = json.loads(f'"{piece}"') if "\\" in piece else piece
        self._file.write(value.encode("utf-8", "surrogatepass"))

    def _end_text(self) -> None:
        if self._file is None:
            self._keep("".join(self._text))
        else:
            # longer than any text that was kept, and than the other stand-ins: so it is known again
            stand_in = "x" * (SHORT_CHARS_MAX + 1 + len(self.long_texts))
            self._kept.append(stand_in)
            self._file.seek(0)
            self.long_texts.append(LongText.standing_in(stand_in, self._file, self.files))
        self._kept.append('"')
        self._is_within, self._text, self._text_chars, self._file = False, [], 0, None


def _with_long_texts(value: object, texts: list[LongText]) -> object:
    match value:
        case str() if len(value) > SHORT_CHARS_MAX:
            return texts[len(value) - SHORT_CHARS_MAX - 1]
        case list():
            return [_with_long_texts(each, texts) for each in value]
        case dict():
            return {key: _with_long_texts(each, texts) for key, each in value.items()}
        case _:
            return value
