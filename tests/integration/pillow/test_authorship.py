"""Author and rights from XMP, IPTC and text chunks of PNG in results, and nothing else from them."""

import io
import struct
import time
import zlib
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exif_blocks import ARTIST, ASCII, LONG, exif_block
from pictures import decoded, encoded, photograph, png_chunk
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowMetadata, PillowProbe
from spike_pillow.authorship import Authorship
from spike_pillow.xmp import authorship_in, packet_of

JPEG, PNG, WEBP, GIF = PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.GIF
AVIF, TIFF = PictureFormat.AVIF, PictureFormat.TIFF
SIZE: Final = (48, 32)
SECRET: Final = "52.5200N 13.4050E"
NAMES: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
}
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
PLACE: Final = f"<exif:GPSLatitude>{SECRET}</exif:GPSLatitude><dc:description>{SECRET}</dc:description>"
CREATOR: Final = (
    "<dc:creator><rdf:Seq><rdf:li>山田太郎</rdf:li><rdf:li>Jürgen &lt;&amp;&gt;</rdf:li></rdf:Seq></dc:creator>"
)
RIGHTS: Final = (
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© A\nB</rdf:li>'
    '<rdf:li xml:lang="de">© Ä</rdf:li></rdf:Alt></dc:rights>'
)


def xmp(properties: str, attributes: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMES.items())
    return (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {spaces}><rdf:Description rdf:about="" {attributes}>{properties}</rdf:Description></rdf:RDF>'
        f'</x:xmpmeta>{" " * 40}<?xpacket end="w"?>'
    ).encode()


def dataset(record: int, number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


UTF_8: Final = dataset(1, 90, b"\x1b%G")
CITY: Final = dataset(2, 90, SECRET.encode())
IPTC: Final = (
    UTF_8 + CITY + dataset(2, 80, "山田太郎".encode()) + dataset(2, 110, b"DPA") + dataset(2, 116, "© Ä".encode())
)


def photoshop(record: bytes) -> bytes:
    """Return Photoshop's resource blocks, the second of which is the IPTC record."""
    name = b"8BIM\x03\xed\x04name\0" + struct.pack(">I", 3) + b"abc\0"
    return name + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + bytes(len(record) % 2)


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def in_jpeg(extra: bytes) -> bytes:
    data = encoded(photograph(size=SIZE))
    return data[:2] + extra + data[2:]


def in_png(*chunks: tuple[bytes, bytes]) -> bytes:
    data = encoded(photograph(size=SIZE), PNG)
    return data[:33] + b"".join(png_chunk(*each) for each in chunks) + data[33:]  # behind the signature and IHDR


def profile(name: str, raw: bytes) -> bytes:
    """Return a PNG text chunk with a profile, as ImageMagick writes it."""
    digits = raw.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    text = "\n".join(["", name, f"{len(raw):8}", *lines, ""])
    return f"Raw profile type {name}".encode() + b"\0\0" + zlib.compress(text.encode())


def with_metadata(original: bytes, result: PictureFormat = JPEG) -> bytes:
    return PillowMetadata().with_metadata(encoded(photograph(size=SIZE), result), original=io.BytesIO(original))


def packet_in(data: bytes) -> bytes:
    """Return the XMP packet in a result, as read by Pillow."""
    return bytes(decoded(data).info.get("xmp", b""))


def properties_of(packet: bytes) -> dict[str, list[str]]:
    """Return a packet's properties, by the standard library's parser: names and texts, with non-default languages."""
    found: dict[str, list[str]] = {}
    if not packet:
        return found
    description = ET.fromstring(packet)[0][0]  # noqa: S314  # our own, and a test
    for each in description:
        _, _, name = each.tag.partition("}")
        items = list(each.iterfind("./*/rdf:li", NAMES)) or [each]
        found[name] = [
            ("" if item.get(LANGUAGE, "x-default") == "x-default" else f"{item.get(LANGUAGE)}: ") + (item.text or "")
            for item in items
        ]
    return found


def authorship_of(original: bytes, result: PictureFormat = JPEG) -> dict[str, list[str]]:
    made = with_metadata(original, result)
    assert SECRET.encode() not in made
    assert decoded(made).tobytes() == decoded(encoded(photograph(size=SIZE), result)).tobytes()
    return properties_of(packet_in(made))


AUTHORSHIP: Final = {"creator": ["山田太郎", "Jürgen <&>"], "rights": ["© A\nB", "de: © Ä"]}
PACKET: Final = xmp(PLACE + CREATOR + RIGHTS)
WITH_XMP: Final = {
    "JPEG": lambda: encoded(photograph(size=SIZE), xmp=PACKET),
    "PNG": lambda: in_png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET)),
    "PNG, compressed": lambda: in_png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET))),
    "PNG, as a text in Latin-1": lambda: in_png((b"tEXt", b"XML:com.adobe.xmp\0" + PACKET)),
    "PNG, of ImageMagick": lambda: in_png((b"zTXt", profile("xmp", PACKET))),
    "PNG, of ImageMagick, as in JPEG": lambda: in_png(
        (b"zTXt", profile("APP1", b"http://ns.adobe.com/xap/1.0/\0" + PACKET))
    ),
    "WebP": lambda: encoded(photograph(size=SIZE), WEBP, xmp=PACKET),
    "AVIF": lambda: encoded(photograph(size=SIZE), AVIF, xmp=PACKET),
    "TIFF": lambda: encoded(photograph(size=SIZE), TIFF, tiffinfo={700: PACKET}),
    "GIF": lambda: encoded(photograph(size=SIZE), GIF)[:-1] + b"\x21\xff\x0bXMP DataXMP" + PACKET + b"\x01"
    + bytes(range(255, -1, -1)) + b"\0;",
}  # fmt: skip


@pytest.mark.parametrize("result", [JPEG, PNG, WEBP, AVIF])
@pytest.mark.parametrize("where", WITH_XMP)
def test_author_and_rights_in_xmp_are_kept_and_nothing_else(where: str, result: PictureFormat) -> None:
    assert authorship_of(WITH_XMP[where](), result) == AUTHORSHIP


def test_author_and_rights_in_the_xmp_of_a_heic_are_kept() -> None:
    heic = encoded(photograph(size=SIZE), PictureFormat.HEIC, xmp=PACKET)
    assert authorship_of(heic) == AUTHORSHIP
    assert authorship_of(heic.replace(b"application/rdf+xml", b"application/rdf-xml")) == {}
    assert authorship_of(heic.replace(b"cdsc", b"thmb")) == {}  # of another picture, such as a map of depth


def test_all_rights_are_kept_in_either_notation() -> None:
    """Simple values may be attributes (ISO 16684-1, 7.9.2.2), URIs may be references."""
    expected = {
        "creator": ["Ada"],
        "rights": ["©"],
        "Marked": ["True"],
        "Owner": ["Ada", "Bob"],
        "UsageTerms": ["ask"],
        "WebStatement": ["https://example.org/?a=1&b=2"],
        "Credit": ["DPA"],
    }
    owners = "<xmpRights:Owner><rdf:Bag><rdf:li>Ada</rdf:li><rdf:li>Bob</rdf:li></rdf:Bag></xmpRights:Owner>"
    attributes = (
        'dc:creator="Ada" dc:rights="©" xmpRights:Marked="True" xmpRights:UsageTerms="ask" photoshop:Credit="DPA" '
        f'xmpRights:WebStatement="https://example.org/?a=1&amp;b=2" photoshop:City="{SECRET}"'
    )
    elements = (
        "<dc:creator>Ada</dc:creator><dc:rights>©</dc:rights><xmpRights:Marked>True</xmpRights:Marked>"
        '<xmpRights:WebStatement rdf:resource="https://example.org/?a=1&amp;b=2"/><photoshop:Credit>DPA</photoshop:Credit>'
        "<xmpRights:UsageTerms><rdf:Alt><rdf:li>ask</rdf:li></rdf:Alt></xmpRights:UsageTerms>"
        f"<photoshop:City>{SECRET}</photoshop:City>"
    )
    assert authorship_of(encoded(photograph(size=SIZE), xmp=xmp(owners, attributes))) == expected
    assert authorship_of(encoded(photograph(size=SIZE), xmp=xmp(owners + elements))) == expected


@pytest.mark.parametrize(
    "creator",
    [
        "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>two\nlines</rdf:li></rdf:Seq></dc:creator>",
        f"<dc:creator>{'A' * 1001}</dc:creator>",
        f"<dc:creator><rdf:Seq>{'<rdf:li>Ada</rdf:li>' * 17}</rdf:Seq></dc:creator>",
        "<dc:creator><rdf:Seq><rdf:li><rdf:Description>Ada</rdf:Description></rdf:li></rdf:Seq></dc:creator>",
        "<dc:creator><exif:GPSLatitude>Ada</exif:GPSLatitude></dc:creator>",
        "<dc:creator> </dc:creator>",
        "<dc:description><rdf:Description><dc:creator>Ada</dc:creator></rdf:Description></dc:description>",
    ],
    ids=lambda text: text[:60],
)
def test_a_property_that_cannot_be_kept_is_dropped_whole_and_alone(creator: str) -> None:
    original = encoded(photograph(size=SIZE), xmp=xmp(creator + "<dc:rights>©</dc:rights>"))
    assert authorship_of(original) == {"rights": ["©"]}


BOMB: Final = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    + xmp("<dc:creator>&b;</dc:creator>").partition(b"?>")[2]
)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"junk",
        b"\xff\xfe<\0",
        PACKET[: len(PACKET) // 2],
        PACKET.replace("山".encode(), b"\xe5\xb1"),
        PACKET.replace(b"<?xpacket", b'<?xml version="1.0" encoding="nonsense"?><?xpacket', 1),
        BOMB,
        BOMB.replace(b'"aaaaaaaaaa"', b'SYSTEM "file:///etc/hostname"'),
        xmp("<dc:a>" * 40 + "</dc:a>" * 40 + CREATOR),
        xmp("<dc:a/>" * 9_000 + CREATOR + "<dc:a/>" * 12_000),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("where", ["tiff", "png"])
def test_a_broken_packet_or_an_attack_tells_nothing(packet: bytes, where: str) -> None:
    if where == "tiff":
        original = encoded(photograph(size=SIZE), TIFF, tiffinfo={700: packet} if packet else {})
    else:
        original = in_png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    result = encoded(photograph(size=SIZE))
    assert PillowMetadata().with_metadata(result, original=io.BytesIO(original)) == result


def test_a_packet_in_utf_16_is_read() -> None:
    original = encoded(photograph(size=SIZE), xmp=PACKET.decode().encode("utf-16"))
    assert authorship_of(original) == AUTHORSHIP


EXPECTED_IPTC: Final = {"creator": ["山田太郎"], "rights": ["© Ä"], "Credit": ["DPA"]}
BLOCKS: Final = photoshop(IPTC)


NUMBERS: Final = IPTC + bytes(-len(IPTC) % 4)
SWAPPED: Final = b"".join(NUMBERS[at : at + 4][::-1] for at in range(0, len(NUMBERS), 4))
WITH_IPTC: Final = {
    "JPEG": lambda: in_jpeg(segment(0xED, b"Photoshop 3.0\0" + BLOCKS)),
    "PNG, of ImageMagick": lambda: in_png((b"zTXt", profile("iptc", BLOCKS))),
    "PNG, bare": lambda: in_png((b"zTXt", profile("iptc", IPTC))),
    "TIFF": lambda: encoded(photograph(size=SIZE), TIFF, tiffinfo={33723: IPTC}),
    "TIFF, as numbers": lambda: exif_block({33723: (LONG, NUMBERS)}),
    "TIFF, as swapped numbers": lambda: exif_block({33723: (LONG, SWAPPED)}),
    "TIFF, in Photoshop's blocks": lambda: encoded(photograph(size=SIZE), TIFF, tiffinfo={34377: BLOCKS}),
}


@pytest.mark.parametrize("where", WITH_IPTC)
def test_author_and_rights_in_iptc_become_xmp(where: str) -> None:
    """By the mapping in the Metadata Working Group's guidelines."""
    assert authorship_of(WITH_IPTC[where]()) == EXPECTED_IPTC


@pytest.mark.parametrize(
    ("charset", "name", "creators"),
    [
        (b"", "Jürgen Määttä".encode(), ["Jürgen Määttä"]),
        (b"", "Jürgen Määttä".encode("latin-1"), ["Jürgen Määttä"]),
        (b"\x1b-A", "Öäü³".encode("latin-1"), ["Öäü³"]),
        (b"\x1b%G", b"J\xfcrgen", []),  # it isn't what it says that it is
        (b"\x1b%G", "山田".encode()[:-1], []),  # cut off at the length that the field had
        (b"", "山田太郎".encode("shift-jis"), []),  # it may be anything
        (b"", "山田太郎".encode("euc-jp"), []),
        (b"", "Юрий".encode("koi8-r"), []),
        (b"\x1b$B", "Jürgen".encode(), []),
        (b"\x1b$B", b"Jane", ["Jane"]),
        (b"", b"two\nlines", []),
        (b"", b"A" * 1001, []),
        (b"", b" \0", []),
    ],
)
def test_a_name_in_iptc_is_decoded_for_sure_or_dropped(charset: bytes, name: bytes, creators: list[str]) -> None:
    record = (dataset(1, 90, charset) if charset else b"") + dataset(2, 80, name) + dataset(2, 110, b"DPA")
    found = authorship_of(in_jpeg(segment(0xED, b"Photoshop 3.0\0" + photoshop(record))))
    assert found == ({"creator": creators} if creators else {}) | {"Credit": ["DPA"]}


def test_several_by_lines_are_several_creators() -> None:
    record = UTF_8 + dataset(2, 80, b"Ada") + dataset(2, 80, b"") + dataset(2, 80, b"Bob")
    assert authorship_of(in_jpeg(segment(0xED, b"Photoshop 3.0\0" + photoshop(record)))) == {"creator": ["Ada", "Bob"]}


def test_texts_that_unpack_to_gigabytes_are_passed_over() -> None:
    """Each is small enough to be decompressed; 9000 of them took 20 seconds."""
    bomb = b"Comment\0\0" + zlib.compress(bytes(1_000_000))
    original = in_png(*[(b"zTXt", bomb)] * 2500, (b"tEXt", b"Author\0Ada Lovelace"))
    began_s = time.process_time()
    assert b"Ada Lovelace" in with_metadata(original)
    assert time.process_time() - began_s < 5, "a hang guard"


def test_texts_of_a_png_that_tell_author_and_copyright_are_kept() -> None:
    original = in_png(
        (b"tEXt", b"Author\0" + "Jürgen".encode("latin-1")),
        (b"iTXt", b"Copyright\0\1\0de\0Urheber\0" + zlib.compress("© 山田".encode())),
        (b"tEXt", b"Comment\0" + SECRET.encode()),
    )
    assert authorship_of(original) == {"creator": ["Jürgen"], "rights": ["© 山田"]}


def test_each_stays_where_it_was_and_xmp_is_believed_before_iptc() -> None:
    block = exif_block({ARTIST: (ASCII, "Jürgen\0".encode())})
    original = encoded(photograph(size=SIZE), exif=b"Exif\0\0" + block, xmp=xmp("<dc:creator>Ada</dc:creator>"))
    original = original[:2] + segment(0xED, b"Photoshop 3.0\0" + BLOCKS) + original[2:]
    for result in (JPEG, PNG, WEBP, AVIF):
        made = with_metadata(original, result)
        assert properties_of(packet_in(made)) == EXPECTED_IPTC | {"creator": ["Ada"]}
        assert "Jürgen\0".encode() in decoded(made).info["exif"]


def test_exif_alone_makes_no_xmp() -> None:
    block = exif_block({ARTIST: (ASCII, b"Ada\0")})
    assert packet_in(with_metadata(encoded(photograph(size=SIZE), exif=b"Exif\0\0" + block))) == b""


def tells_place(data: bytes) -> bool:
    return PillowProbe().inspect(io.BytesIO(data)).has_location


@pytest.mark.parametrize("result", [JPEG, PNG, WEBP])
def test_a_result_that_is_uploaded_again_tells_no_place_but_other_xmp_may(result: PictureFormat) -> None:
    made = with_metadata(WITH_XMP["JPEG"](), result)
    packet = packet_in(made)
    assert not tells_place(made)
    assert tells_place(encoded(photograph(size=SIZE), JPEG, xmp=PACKET))
    for odd in (packet + b" ", packet.replace(b"</dc:rights>", b"<!--52N--></dc:rights>"), b" " + packet):
        if result is not PNG:
            assert tells_place(encoded(photograph(size=SIZE), result, xmp=odd))
        else:
            assert tells_place(in_png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + odd)))
    assert with_metadata(made, result) == made, "its authorship is kept as it is"


def test_a_text_that_unpacks_without_end_tells_nothing() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    original = in_png((b"zTXt", b"Raw profile type exif\0\0" + bomb), (b"iTXt", b"Author\0\1\0\0\0" + bomb))
    began = time.process_time()
    assert authorship_of(original) == {}
    assert time.process_time() - began < 5, "a hang guard"


lines = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30).filter(str.strip)


@given(
    st.lists(lines, max_size=3),
    st.dictionaries(st.sampled_from(["x-default", "de", "ja-JP"]), lines.map(lambda text: f"{text}\r\n\t{text}")),
    lines,
)
def test_any_text_survives_a_packet(creators: list[str], rights: dict[str, str], credit: str) -> None:
    authorship = Authorship(creators=tuple(creators), rights=tuple(rights.items()), credit=credit)
    packet = packet_of(authorship)
    assert authorship_in(packet) == authorship
    found = properties_of(packet)
    assert (found.get("creator", []), found["Credit"]) == (creators, [credit])


@pytest.mark.parametrize("where", ["JPEG", "PNG, compressed", "PNG, of ImageMagick", "WebP", "TIFF"])
@given(st.data())
def test_junk_in_a_file_never_fails_a_job(where: str, data: st.DataObject) -> None:
    whole = bytearray(WITH_XMP[where]() if data.draw(st.booleans()) else WITH_IPTC.get(where, WITH_XMP[where])())
    junk = data.draw(st.binary(max_size=40))
    at = data.draw(st.integers(0, min(len(whole), 1200)))
    whole[at : at + len(junk)] = junk
    cut = data.draw(st.integers(at, len(whole)))
    PillowMetadata().with_metadata(RESULT, original=io.BytesIO(bytes(whole[:cut])))


RESULT: Final = encoded(photograph(size=SIZE))
