"""Rules for names and descriptions: the characters that they must not contain."""

import unicodedata
from typing import Final

# controls, lone surrogates, line and paragraph separators (Unicode general categories)
_CONTROL: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_OF_PROSE: Final = frozenset("\n\r\t")


def has_controls(text: str) -> bool:
    """Return whether the text contains control characters, line breaks or lone surrogates."""
    return any(unicodedata.category(character) in _CONTROL for character in text)


def prose_has_controls(text: str) -> bool:
    """Return the same for a text of several lines, in which line breaks and tabs are allowed."""
    return has_controls("".join(character for character in text if character not in _OF_PROSE))
