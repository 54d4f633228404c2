"""Texts in metadata with an unknown encoding: whether bytes are a text at all, and which."""

import re
import unicodedata
from typing import Final

# EXIF requires ASCII, but writers use UTF-8, the code page of Western Windows (a superset of Latin-1) or Shift-JIS
_ENCODINGS: Final = ("utf-8", "cp1252", "cp932")
_CONTROLS: Final = frozenset(
    {"Cc", "Cs", "Zl", "Zp"}
)  # categories: control, surrogate, separators of lines, paragraphs
_LINE_BREAKS: Final = "\t\n\r"
_NO_CHARACTERS: Final = frozenset("\ufffe\uffff")  # XML doesn't allow them either
# characters of Western texts besides letters; in Latin-1 texts, bytes above 7F stand alone or in pairs
_WESTERN_MARKS: Final = frozenset("\u00a0©®«»·¡¿ªº°§")
_WESTERN_RUN_MAX: Final = 2
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")


class UnknownEncoding(ValueError):
    """The encoding of the bytes is uncertain."""


def is_line(text: str) -> bool:
    """Return whether a text is one line without control characters."""
    return not any(unicodedata.category(each) in _CONTROLS or each in _NO_CHARACTERS for each in text)


def is_paragraph(text: str) -> bool:
    """Return whether a text has no control characters but tabs and line ends."""
    return is_line(text.translate(dict.fromkeys(map(ord, _LINE_BREAKS))))


def may_be_line(raw: bytes, *, chars_max: int) -> bool:
    """Return whether bytes are, in at least one usual encoding, a line of at most `chars_max` characters."""
    for encoding in _ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        # cp932 decodes bytes that Shift-JIS lacks to private-use characters
        is_private = encoding != _ENCODINGS[0] and any(unicodedata.category(each) == "Co" for each in text)
        if len(text) <= chars_max and is_line(text) and not is_private:
            return True
    return False


def decoded(raw: bytes) -> str:
    """Return the text of bytes in UTF-8 or Latin-1, if there is hardly a doubt which of them it is.

    Raises:
        UnknownEncoding: they are neither, or may have an encoding that isn't Western.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = raw.decode("latin-1")
    runs = _HIGH_RUN.findall(raw)
    is_western = all(each < "\x80" or each.isalpha() or each in _WESTERN_MARKS for each in text)
    if not is_western or any(len(run) > _WESTERN_RUN_MAX for run in runs):
        raise UnknownEncoding
    return text
