"""Names are labels, never paths, and can't disguise themselves."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import an_image
from spike_core.domain.errors import InvalidFileName
from spike_core.domain.images import ImageName
from spike_core.domain.limits import FILE_NAME_CHARS_MAX

safe_texts = st.text(
    st.characters(categories=["L", "M", "N", "S", "Pd", "Pc"]), min_size=1, max_size=FILE_NAME_CHARS_MAX
)


@given(safe_texts)
def test_letters_marks_digits_and_symbols_are_kept_as_they_are(text: str) -> None:
    assert str(ImageName.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "photo.jpg",
        "Ferien in Köln (2026) – Tag 1.jpeg",
        "写真.png",
        "صورة.webp",
        "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}.png",
        "no extension",
        "a..b.jpg",
        "x" * FILE_NAME_CHARS_MAX,
    ],
)
def test_ordinary_names_of_the_world_are_taken(text: str) -> None:
    assert ImageName.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\N{NO-BREAK SPACE}",
        ".",
        "..",
        ".htaccess",
        "../photo.jpg",
        "..\\photo.jpg",
        "/etc/passwd",
        "C:\\photo.jpg",
        "albums/photo.jpg",
        "photo.jpg/",
        "photo\x00.jpg",
        "photo\n.jpg",
        "photo\r.jpg",
        "photo\x1b[2J.jpg",
        "photo\x7f.jpg",
        "photo\x9b.jpg",
        "photo\N{LINE SEPARATOR}.jpg",
        "photo\N{PARAGRAPH SEPARATOR}.jpg",
        "photo\ud800.jpg",
        "x" * (FILE_NAME_CHARS_MAX + 1),
    ],
)
def test_paths_hidden_files_and_controls_are_refused(text: str) -> None:
    with pytest.raises(InvalidFileName):
        ImageName.parse(text)


@given(
    st.characters(categories=["Cc"]),
    st.integers(0, 5),
)
def test_no_control_character_is_taken_anywhere(control: str, place: int) -> None:
    with pytest.raises(InvalidFileName):
        ImageName.parse("photo"[:place] + control + "photo"[place:])


@pytest.mark.parametrize("override", [*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"])
def test_a_name_cannot_turn_its_own_reading_direction(override: str) -> None:
    """`gpj.exe` behind an override reads as `exe.jpg`."""
    with pytest.raises(InvalidFileName):
        ImageName.parse(f"photo{override}gpj.exe")


@given(st.text(max_size=FILE_NAME_CHARS_MAX + 5))
def test_every_text_is_either_refused_or_a_name_that_is_safe_to_store_and_show(text: str) -> None:
    try:
        name = ImageName.parse(text)
    except InvalidFileName:
        return
    assert 0 < len(name.text) <= FILE_NAME_CHARS_MAX
    assert name.text.encode().decode() == text
    assert "/" not in name.text
    assert "\\" not in name.text


def test_an_image_has_bytes_and_no_negative_views() -> None:
    image = an_image()
    assert evolve(image, size_bytes=1, view_count=0).size_bytes == 1
    with pytest.raises(ValueError, match="size_bytes"):
        evolve(image, size_bytes=0)
    with pytest.raises(ValueError, match="view_count"):
        evolve(image, view_count=-1)
