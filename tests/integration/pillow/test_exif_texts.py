"""Texts and numbers of EXIF in results: kept byte for byte in any encoding, or dropped completely."""

import io
import struct
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from exif_blocks import (
    ARTIST,
    ASCII,
    BYTE,
    COPYRIGHT,
    LENS,
    MAKE,
    MODEL,
    RATIONAL,
    SHORT,
    UNDEFINED,
    UTF_8,
    exif_block,
    values_in,
)
from pictures import decoded, encoded, photograph
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowMetadata
from spike_pillow.exif import for_result

JPEG, PNG, WEBP, AVIF, TIFF = (PictureFormat(name) for name in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"))
SIZE: Final = (48, 32)
XP_AUTHOR, PHOTOGRAPHER, DESCRIPTION, GPS, DATE, F_NUMBER = 0x9C9D, 0xA437, 0x010E, 0x8825, 0x9003, 0x829D
SECRET: Final = b"52.5200N 13.4050E"
ORDERS: Final = pytest.mark.parametrize("order", ["<", ">"])


def with_metadata(original: bytes, result: PictureFormat = JPEG) -> bytes:
    return PillowMetadata().with_metadata(encoded(photograph(size=SIZE), result), original=io.BytesIO(original))


def a_photo(block: bytes, format_: PictureFormat = JPEG) -> bytes:
    return encoded(photograph(size=SIZE), format_, exif=b"Exif\0\0" + block)


def in_result(data: bytes) -> bytes:
    """Return the EXIF block in a result, as read by Pillow."""
    return bytes(decoded(data).info.get("exif", b"")).removeprefix(b"Exif\0\0")


@ORDERS
@pytest.mark.parametrize("values_first", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        b"Jane\0",
        "Jürgen Müller\0".encode(),
        "Jürgen Müller\0".encode("latin-1"),
        "Josef “Pepa” Šnábl – ©\0".encode("cp1252"),
        "山田太郎\0".encode(),
        "山田太郎\0".encode("shift-jis"),
        "ﾔﾏﾀﾞ\0".encode("shift-jis"),
        "山田　太郎\0".encode(),
        "علي\u200f 🎞️\0".encode(),
        b"Ada",  # without its NUL
        b"Ada Lovelace",
        b"Ada" + bytes(60),  # as Canon fills its fields
    ],
)
def test_an_author_in_any_encoding_comes_out_byte_for_byte(text: bytes, order: str, values_first: bool) -> None:
    block = exif_block({ARTIST: (ASCII, text), DESCRIPTION: (ASCII, SECRET)}, order=order, values_first=values_first)
    made = for_result(block)
    assert values_in(made)[ARTIST] == text
    assert SECRET not in made


@pytest.mark.parametrize(
    "text", ["© A\0© B\0".encode(), " \0© B\0".encode(), "写真\0編集\0".encode("shift-jis"), b"\0editor\0"]
)
def test_both_parts_of_a_copyright_are_kept(text: bytes) -> None:
    """EXIF 3.0, 4.6.5.4.7: the photographer's, NUL, the editor's, NUL; a space if the former is missing."""
    assert values_in(for_result(exif_block({COPYRIGHT: (ASCII, text)})))[COPYRIGHT] == text


@pytest.mark.parametrize("type_", [UTF_8, BYTE, UNDEFINED])
def test_texts_of_other_types_keep_theirs(type_: int) -> None:
    """UTF-8 is a type since EXIF 3.0; other types are errors of writers."""
    made = for_result(exif_block({ARTIST: (type_, "Jürgen\0".encode())}))
    entry = struct.pack("<HHI", ARTIST, type_, 8)
    assert entry in made
    assert "Jürgen\0".encode() in made


def test_authors_in_other_tags_are_kept() -> None:
    """Windows writes its own tag in UTF-16; EXIF 3.0 has the photographer next to the lens."""
    windows, photographer = "山田\0".encode("utf-16-le"), "Jürgen\0".encode()
    made = for_result(exif_block({XP_AUTHOR: (BYTE, windows)}, {PHOTOGRAPHER: (UTF_8, photographer)}))
    assert values_in(made)[XP_AUTHOR] == windows
    assert struct.pack("<HHI", PHOTOGRAPHER, UTF_8, len(photographer)) in made
    assert photographer in made


@pytest.mark.parametrize(
    "text",
    [
        b"two\nlines\0",
        b"\x1b[31mred\0",
        b"Ada\0hidden\0",
        b"\xff\xfe\x81\x8d\0",  # neither UTF-8 nor a code page
        "Ada".encode("utf-16-le"),
        b"A" * 1001,
        b"A" * 100_000,
        b" \0",
        bytes(64),
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.parametrize("type_", [ASCII, UTF_8, UNDEFINED])
def test_what_is_no_line_of_text_is_dropped_whole_and_alone(text: bytes, type_: int) -> None:
    made = for_result(exif_block({ARTIST: (type_, text), MODEL: (ASCII, b"One\0")}))
    assert set(values_in(made)) == {MODEL, 0x8769}


def test_a_copyright_of_three_parts_is_dropped() -> None:
    assert for_result(exif_block({COPYRIGHT: (ASCII, b"a\0b\0c\0")})) == b""


def test_a_name_that_is_not_utf_16_is_dropped() -> None:
    for raw in (b"\0\xd8a\0", b"abc", bytes(8), "two\nlines".encode("utf-16-le")):
        assert for_result(exif_block({XP_AUTHOR: (BYTE, raw)})) == b""


@ORDERS
@pytest.mark.parametrize("result", [JPEG, PNG, WEBP, AVIF])
@pytest.mark.parametrize("source", [JPEG, PNG, WEBP])
def test_texts_and_numbers_go_from_every_format_into_every_result(
    source: PictureFormat, result: PictureFormat, order: str
) -> None:
    main = {ARTIST: (ASCII, "Jürgen\0".encode()), COPYRIGHT: (ASCII, "写真\0編集\0".encode("shift-jis"))}
    inner = {LENS: (ASCII, "50 mm ƒ/2\0".encode()), F_NUMBER: (RATIONAL, struct.pack(order + "II", 28, 10))}
    turn = {0x0112: (SHORT, struct.pack(order + "H", 6))}
    made = with_metadata(a_photo(exif_block(main | turn, inner, order=order), source), result)
    found = values_in(in_result(made))
    assert {tag: found[tag] for tag in main} == {tag: value for tag, (_, value) in main.items()}
    with Image.open(io.BytesIO(made)) as picture:
        tags = picture.getexif()
    assert Base.Orientation not in tags
    assert tags.get_ifd(IFD.Exif)[F_NUMBER] == pytest.approx(2.8)
    assert tags.get_ifd(IFD.Exif)[LENS].encode("latin-1") == "50 mm ƒ/2".encode()
    assert decoded(made).tobytes() == decoded(encoded(photograph(size=SIZE), result)).tobytes()


@pytest.mark.parametrize("big_tiff", [False, True])
def test_a_tiff_keeps_its_author(big_tiff: bool) -> None:
    picture = encoded(photograph(size=SIZE), TIFF, big_tiff=big_tiff, tiffinfo={ARTIST: "Jürgen Müller".encode()})
    assert picture[2] == (43 if big_tiff else 42)
    assert values_in(in_result(with_metadata(picture)))[ARTIST].rstrip(b"\0") == "Jürgen Müller".encode()


def test_an_avif_that_is_turned_keeps_its_author() -> None:
    """Pillow rewrites the block when it opens such a file, with texts in ASCII; the file's own block is used."""
    plain = a_photo(exif_block({ARTIST: (ASCII, b"J??rgen\0"), 0x0112: (SHORT, b"\6\0")}), AVIF)
    original = plain.replace(b"J??rgen", "Jürgen".encode())
    assert original != plain
    with Image.open(io.BytesIO(original)) as picture:
        assert "Jürgen".encode() not in picture.info["exif"], "else this test tests nothing"
    assert "Jürgen\0".encode() in with_metadata(original)


def test_a_jpeg_whose_end_is_missing_keeps_its_author() -> None:
    original = a_photo(exif_block({ARTIST: (ASCII, "Jürgen\0".encode())}))
    assert "Jürgen\0".encode() in with_metadata(original[:-2])


def test_a_second_block_counts_where_the_first_tells_nothing() -> None:
    def segment(body: bytes) -> bytes:
        return b"\xff\xe1" + struct.pack(">H", len(body) + 8) + b"Exif\0\0" + body

    picture = encoded(photograph(size=SIZE))
    blocks = segment(b"junk") + segment(exif_block({MAKE: (ASCII, b"Acme\0")}))
    assert values_in(in_result(with_metadata(picture[:2] + blocks + picture[2:])))[MAKE] == b"Acme\0"


def test_a_result_has_no_block_but_its_originals() -> None:
    """An external engine may have copied all of the original's block."""
    original = a_photo(exif_block({MAKE: (ASCII, b"Acme\0")}))
    result = a_photo(exif_block({DESCRIPTION: (ASCII, SECRET)}), PNG)
    made = PillowMetadata().with_metadata(result, original=io.BytesIO(original))
    assert made.count(b"eXIf") == 1
    assert SECRET not in made


@pytest.mark.parametrize("format_", [TIFF, PictureFormat.GIF])
def test_a_result_of_another_format_stays_as_it_is(format_: PictureFormat) -> None:
    result = encoded(photograph(size=SIZE), format_)
    original = a_photo(exif_block({MAKE: (ASCII, b"Acme\0")}))
    assert PillowMetadata().with_metadata(result, original=io.BytesIO(original)) == result


@pytest.mark.parametrize("options", [{}, {"lossless": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_simple_webp_becomes_an_extended_one(mode: str, options: dict[str, object]) -> None:
    picture = photograph(size=(33, 17)).convert(mode)
    if mode == "RGBA":
        picture.putpixel((0, 0), (0, 0, 0, 0))
    result = encoded(picture, WEBP, **options)
    original = a_photo(exif_block({ARTIST: (ASCII, "Jürgen\0".encode())}))
    made = PillowMetadata().with_metadata(result, original=io.BytesIO(original))
    assert values_in(in_result(made))[ARTIST] == "Jürgen\0".encode()
    assert (decoded(made).mode, decoded(made).size) == (mode, (33, 17))
    assert decoded(made).tobytes() == decoded(result).tobytes()


KEPT_TEXTS: Final = (MAKE, MODEL, ARTIST, COPYRIGHT)
texts = st.one_of(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40).map(str.encode),
    st.text("äöüßéÅñ abc©", min_size=1, max_size=40).filter(str.strip).map(lambda text: text.encode("latin-1")),
    st.text("山田太郎ｱあア", min_size=1, max_size=40).map(lambda text: text.encode("shift-jis")),
)


@given(
    st.dictionaries(st.sampled_from(KEPT_TEXTS), texts.map(lambda text: text + b"\0"), min_size=1),
    st.dictionaries(st.integers(1, 0xFFFF), st.binary(min_size=1, max_size=30)),
    st.sampled_from("<>"),
    st.booleans(),
)
def test_kept_tags_come_out_byte_for_byte_and_no_others(
    kept: dict[int, bytes], others: dict[int, bytes], order: str, values_first: bool
) -> None:
    fields = {tag: (UNDEFINED, value) for tag, value in others.items() if tag not in {*KEPT_TEXTS, 0x8769, XP_AUTHOR}}
    fields.pop(0x0132, None)  # the date is kept too
    fields |= {tag: (ASCII, value) for tag, value in kept.items()}
    found = values_in(
        for_result(exif_block(fields, {DATE: (ASCII, b"2026:05:04\0")}, order=order, values_first=values_first))
    )
    found.pop(0x8769)
    assert found == kept


@ORDERS
@given(st.data())
def test_a_block_that_is_overwritten_or_cut_off_never_raises(order: str, data: st.DataObject) -> None:
    block = bytearray(exif_block({MAKE: (ASCII, b"Acme Ltd\0")}, {DATE: (ASCII, b"2026:05:04\0")}, order=order))
    for _ in range(data.draw(st.integers(1, 4))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    made = for_result(bytes(block[: data.draw(st.integers(0, len(block)))]))
    if made:
        values_in(made)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_directory_that_leads_to_itself_or_nowhere_ends(order: str) -> None:
    for pointer in (8, 0, 0xFFFFFFFF, 2):
        fields = {MAKE: (ASCII, b"Acme\0"), 0x8769: (4, struct.pack(order + "I", pointer))}
        assert values_in(for_result(exif_block(fields, order=order)))[MAKE] == b"Acme\0"
