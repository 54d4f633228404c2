"""JSON whose long texts go to files says what it would say in memory, and so does base64."""

import base64
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from spike_core.domain.errors import InvalidValue
from spike_http.long_texts import LONG_TEXTS_MAX, REST_CHARS_MAX, SHORT_CHARS_MAX, LongText, TooMuchBeside, parse
from spike_http.pictures import offered_picture

LONG: Final = SHORT_CHARS_MAX + 1
WORDS: Final = ["", "a", '"', "\\", "\n", "/", "é", "\u2028", "😀", "\ud83d", "x" * 300]


def blocks_of(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Yield the data in blocks of these sizes, again and again."""
    stream, at = io.BytesIO(data), 0
    while block := stream.read(sizes[at % len(sizes)]):
        yield block
        at += 1


def in_memory(value: object) -> object:
    """Return what was parsed, with its long texts."""
    match value:
        case LongText():
            assert len(value) > SHORT_CHARS_MAX
            return whole(value.file.read().decode("utf-8", "surrogatepass"))
        case list():
            return [in_memory(each) for each in value]
        case dict():
            return {key: in_memory(each) for key, each in value.items()}
        case _:
            return value


def whole(text: str) -> str:
    """Join the halves of surrogate pairs."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def seen(data: bytes, sizes: Sequence[int]) -> object:
    with ExitStack() as files:
        try:
            return in_memory(parse(blocks_of(data, sizes), files=files))
        except (ValueError, RecursionError, TooMuchBeside):  # a quotation mark too many puts a long text outside
            return "no JSON"


def plainly_seen(data: bytes) -> object:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError):
        return "no JSON"


texts = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: whole("".join(words)))
long_texts = st.builds(
    lambda text, more: whole(text * (LONG // len(text) + more)), texts.filter(bool), st.integers(0, 2)
)
values = st.one_of(st.none(), st.booleans(), st.integers(), texts, long_texts)
bodies = st.dictionaries(  # with six long texts at most, fewer than may be
    texts, st.one_of(values, st.lists(values, max_size=2), st.dictionaries(texts, values, max_size=2)), max_size=3
)
block_sizes = st.lists(st.integers(4, 200_000), min_size=1, max_size=3)


@settings(max_examples=examples(60), deadline=None)
@given(
    body=bodies,
    sizes=block_sizes,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-32-be"]),
    ascii_only=st.booleans(),
)
def test_a_body_says_the_same_in_blocks_of_any_size(
    body: object, sizes: Sequence[int], encoding: str, ascii_only: bool
) -> None:
    data = json.dumps(body, ensure_ascii=ascii_only).encode(encoding, "surrogatepass")
    assert seen(data, sizes) == plainly_seen(data)


@settings(max_examples=examples(80), deadline=None)
@given(
    body=st.dictionaries(texts, st.one_of(texts, long_texts), min_size=1, max_size=2),
    sizes=block_sizes,
    place=st.floats(0, 1),
    junk=st.sampled_from(
        [b"", b'"', b"\\", b"\\u12", b"\\x", b"\n", b"\0", b"\xff", b"{", b"]", b",", b"NaN", b"\xc3"]
    ),
    cut=st.integers(0, 3),
)
def test_a_spoilt_body_is_no_json_where_it_would_be_none_in_memory(
    body: object, sizes: Sequence[int], place: float, junk: bytes, cut: int
) -> None:
    data = json.dumps(body).encode()
    at = int(place * len(data))
    spoilt = data[:at] + junk + data[at + cut :]
    assert seen(spoilt, sizes) == plainly_seen(spoilt)


def test_a_text_that_looks_like_a_stand_in_is_itself() -> None:
    body = {"long": "A" * LONG, "short": "x" * SHORT_CHARS_MAX, "another": "x" * (LONG + 1)}
    assert seen(json.dumps(body).encode(), [1000]) == body


def test_there_is_an_end_to_what_is_kept() -> None:
    many = json.dumps(["A" * LONG] * (LONG_TEXTS_MAX + 1)).encode()
    much = json.dumps([0] * REST_CHARS_MAX).encode()
    for data in (many, much):
        with ExitStack() as files, pytest.raises(TooMuchBeside):
            parse(blocks_of(data, [100_000]), files=files)


@settings(max_examples=examples(100), deadline=None)
@given(
    content=st.binary(min_size=1, max_size=50),
    repeats=st.integers(2000, 2500),
    whitespace=st.sampled_from(["", "\n", " \r\n\t"]),
    prefix=st.sampled_from(["", "data:image/png;base64,"]),
    place=st.floats(0, 1),
    junk=st.sampled_from(["", "", "=", "==", "A", "!", "é", "-", "\0"]),
)
def test_long_base64_is_read_as_short_is(
    content: bytes, repeats: int, whitespace: str, prefix: str, place: float, junk: str
) -> None:
    encoded = base64.b64encode(content * repeats).decode()
    at = int(place * len(encoded))
    text = prefix + encoded[:at] + junk + whitespace + encoded[at:]
    with ExitStack() as files:
        body = parse(blocks_of(json.dumps({"image": text + " " * LONG}).encode(), [50_000]), files=files)
        assert isinstance(body, dict)
        assert isinstance(body["image"], LongText)
        assert _offered(body["image"]) == _offered(text)


def _offered(text: str) -> bytes | str:
    try:
        return offered_picture(text, media_type="image/png", field="image").content.read()
    except InvalidValue as error:
        return str(error)
