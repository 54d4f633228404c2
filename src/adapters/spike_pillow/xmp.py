"""XMP (ISO 16684-1): the authorship in a packet, and packets that contain only authorship."""

import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser
from xml.sax.saxutils import escape, quoteattr

from spike_pillow.authorship import (
    DEFAULT_LANGUAGE,
    ENTRIES_MAX,
    Authorship,
    Translations,
    is_kept_line,
    is_kept_notice,
)

READ_BYTES_MAX: Final = 1 << 20
WRITTEN_BYTES_MAX: Final = 60_000  # a segment of a JPEG can hold 65,502 bytes of it
_DEPTH_MAX: Final = 32
_ELEMENTS_MAX: Final = 20_000

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_RIGHTS: Final = "http://ns.adobe.com/xap/1.0/rights/"
_PHOTOSHOP: Final = "http://ns.adobe.com/photoshop/1.0/"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_CONTAINERS: Final = frozenset({f"{{{_RDF}}}Seq", f"{{{_RDF}}}Bag", f"{{{_RDF}}}Alt"})
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z0-9-]{1,35}")
_BEGIN: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" '
    f'xmlns:dc="{_DC}" xmlns:xmpRights="{_RIGHTS}" xmlns:photoshop="{_PHOTOSHOP}">'
)
_END: Final = '</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'
_OWN_BEGIN: Final = _BEGIN.encode()
_ESCAPED: Final = {"\r": "&#13;"}  # otherwise a reader would turn it into a line feed


class _Refused(ValueError):
    """The packet, or a value in it, violates XMP or exceeds a limit."""


class _BoundedTree(TreeBuilder):
    """Builds a tree of limited size, without document types and their entities, which XMP excludes (part 1, 7.1)."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEPTH_MAX or self._elements > _ELEMENTS_MAX:
            raise _Refused
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, public_id: str | None, system: str | None, /) -> None:  # noqa: ARG002  # the parser's
        raise _Refused


def authorship_in(packet: bytes) -> Authorship:
    """Return the authorship in a packet; empty if the packet violates XMP or is too long."""
    try:
        descriptions = list(_descriptions(packet))
    except (ValueError, SyntaxError, LookupError):  # of the XML parser, of this module, and of unknown encodings
        return Authorship()
    return Authorship(
        creators=_texts(descriptions, f"{{{_DC}}}creator", is_kept_line),
        rights=_translations(descriptions, f"{{{_DC}}}rights"),
        usage_terms=_translations(descriptions, f"{{{_RIGHTS}}}UsageTerms"),
        owners=_texts(descriptions, f"{{{_RIGHTS}}}Owner", is_kept_line),
        is_marked=_one_of(_texts(descriptions, f"{{{_RIGHTS}}}Marked", lambda text: text in {"True", "False"})),
        web_statement=_one_of(_texts(descriptions, f"{{{_RIGHTS}}}WebStatement", is_kept_line)),
        credit=_one_of(_texts(descriptions, f"{{{_PHOTOSHOP}}}Credit", is_kept_line)),
    )


def packet_of(authorship: Authorship) -> bytes:
    """Return a packet with only this authorship; empty if there is none, or too much."""
    properties = [
        _list("dc:creator", "Seq", authorship.creators),
        _alternatives("dc:rights", authorship.rights),
        _simple("xmpRights:Marked", authorship.is_marked),
        _list("xmpRights:Owner", "Bag", authorship.owners),
        _alternatives("xmpRights:UsageTerms", authorship.usage_terms),
        _simple("xmpRights:WebStatement", authorship.web_statement),
        _simple("photoshop:Credit", authorship.credit),
    ]
    if not any(properties):
        return b""
    packet = (_BEGIN + "".join(properties) + _END).encode()
    return packet if len(packet) <= WRITTEN_BYTES_MAX else b""


def is_own(packet: bytes) -> bool:
    """Return whether a packet is exactly one that `packet_of` makes."""
    return packet.startswith(_OWN_BEGIN) and packet_of(authorship_in(packet)) == packet


def _descriptions(packet: bytes) -> Iterator[Element]:
    """Yield the packet's top-level descriptions."""
    if len(packet) > READ_BYTES_MAX:
        raise _Refused
    parser = XMLParser(target=_BoundedTree())  # noqa: S314  # it rejects document types, so there are no entities
    parser.feed(packet.rstrip(b"\0") if packet[:1] == b"<" and packet[1:2] != b"\0" else packet)
    root = parser.close()
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
    if rdf is None:
        raise _Refused
    yield from rdf.findall(f"{{{_RDF}}}Description")


def _texts(descriptions: list[Element], name: str, is_kept: Callable[[str], bool]) -> tuple[str, ...]:
    values = _values(descriptions, name)
    return tuple(text for _, text in values) if all(is_kept(text) for _, text in values) else ()


def _translations(descriptions: list[Element], name: str) -> Translations:
    values = _values(descriptions, name)
    languages = [language for language, _ in values]
    is_plain = all(is_kept_notice(text) for _, text in values) and all(map(_LANGUAGE_TAG.fullmatch, languages))
    return values if is_plain and len(set(languages)) == len(languages) else ()


def _values(descriptions: list[Element], name: str) -> Translations:
    """Return a property's values with their languages; none if it is missing, or isn't a list of texts."""
    for description in descriptions:
        if text := description.get(name, ""):  # a simple value may be an attribute (part 1, 7.9.2.2)
            return ((DEFAULT_LANGUAGE, text),)
        found = description.find(name)
        if found is not None:
            try:
                values = tuple((language, text) for language, text in _entries(found) if text.strip())
            except _Refused:
                return ()
            return values if len(values) <= ENTRIES_MAX else ()
    return ()


def _entries(value: Element) -> Iterator[tuple[str, str]]:
    children = list(value)
    if not children:
        yield DEFAULT_LANGUAGE, value.get(f"{{{_RDF}}}resource") or value.text or ""
        return
    if len(children) > 1 or children[0].tag not in _CONTAINERS:
        raise _Refused
    for item in children[0]:
        if item.tag != f"{{{_RDF}}}li" or len(item):
            raise _Refused
        yield item.get(_LANGUAGE, DEFAULT_LANGUAGE), item.text or ""


def _one_of(texts: tuple[str, ...]) -> str:
    return texts[0] if len(texts) == 1 else ""


def _simple(name: str, text: str) -> str:
    return f"<{name}>{escape(text, _ESCAPED)}</{name}>" if text else ""


def _list(name: str, kind: str, texts: tuple[str, ...]) -> str:
    items = "".join(f"<rdf:li>{escape(text, _ESCAPED)}</rdf:li>" for text in texts)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>" if texts else ""


def _alternatives(name: str, texts: Translations) -> str:
    items = "".join(
        f"<rdf:li xml:lang={quoteattr(language)}>{escape(text, _ESCAPED)}</rdf:li>" for language, text in texts
    )
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>" if texts else ""
