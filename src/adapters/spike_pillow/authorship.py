"""Authorship: a picture's creators and rights, as stated in XMP, IPTC and PNG texts."""

from typing import Final

from attrs import evolve, fields, frozen

from spike_pillow.text_encoding import is_line, is_paragraph

CHARS_MAX: Final = 1000  # of a text
ENTRIES_MAX: Final = 16  # of a list
DEFAULT_LANGUAGE: Final = "x-default"

Translations = tuple[tuple[str, str], ...]  # pairs of a language (RFC 3066) and a text


@frozen(kw_only=True)
class Authorship:
    """What a result states about author and rights. It contains no locations; unknown values are empty."""

    creators: tuple[str, ...] = ()  # in order of importance
    rights: Translations = ()
    usage_terms: Translations = ()
    owners: tuple[str, ...] = ()
    is_marked: str = ""  # whether rights are claimed: "True" or "False"
    web_statement: str = ""  # the URL of a page about the rights
    credit: str = ""  # the line to print next to the picture

    def or_else(self, other: "Authorship") -> "Authorship":
        """Return this authorship, with the other's values where this has none."""
        names = [each.name for each in fields(Authorship)]
        return evolve(self, **{name: getattr(self, name) or getattr(other, name) for name in names})


def is_kept_line(text: str) -> bool:
    """Return whether a name or URL is kept: one line within the length limit."""
    return len(text) <= CHARS_MAX and is_line(text)


def is_kept_notice(text: str) -> bool:
    """Return whether a notice of rights is kept: lines within the length limit."""
    return len(text) <= CHARS_MAX and is_paragraph(text)
