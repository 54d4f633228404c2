"""JSON with a picture is parsed as by any parser, one body at a time, in limited memory."""

import json
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from typing import Final

import pytest
from falcon.testing import create_req
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from eventually import PATIENCE_S
from spike_core.domain.limits import UploadLimits
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.requests.body_sizes import BESIDE_BYTES_MAX
from spike_http.requests.errors import BodyTooLarge
from spike_http.requests.inline_images import json_with_picture, parse_json
from spike_http.requests.json_bodies import JSON_BYTES_MAX

WORDS: Final = ["", "a", '"', "\\", "\n", "/", "é", "\u2028", "😀", "\ud83d", "x" * 300]
LIMITS: Final = UploadLimits()


def whole(text: str) -> str:
    """Join surrogate pairs."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def seen(data: bytes) -> object:
    try:
        return parse_json(BytesIO(data))
    except (ValueError, RecursionError):
        return "no JSON"


def plainly_seen(data: bytes) -> object:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError):
        return "no JSON"


texts = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: whole("".join(words)))
values = st.one_of(st.none(), st.booleans(), st.integers(), texts)
bodies = st.dictionaries(
    texts, st.one_of(values, st.lists(values, max_size=2), st.dictionaries(texts, values, max_size=2)), max_size=3
)


@settings(max_examples=examples(60), deadline=None)
@given(
    body=bodies, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-32-be"]), ascii_only=st.booleans()
)
def test_a_body_says_what_it_says_to_any_parser(body: object, encoding: str, ascii_only: bool) -> None:
    data = json.dumps(body, ensure_ascii=ascii_only).encode(encoding, "surrogatepass")
    assert seen(data) == plainly_seen(data)


@settings(max_examples=examples(80), deadline=None)
@given(
    body=st.dictionaries(texts, texts, min_size=1, max_size=2),
    place=st.floats(0, 1),
    junk=st.sampled_from(
        [b"", b'"', b"\\", b"\\u12", b"\\x", b"\n", b"\0", b"\xff", b"{", b"]", b",", b"NaN", b"\xc3"]
    ),
    cut=st.integers(0, 3),
    ascii_only=st.booleans(),
)
def test_a_spoilt_body_is_no_json_where_it_would_be_none_to_any_parser(
    body: object, place: float, junk: bytes, cut: int, ascii_only: bool
) -> None:
    data = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    at = int(place * len(data))
    spoilt = data[:at] + junk + data[at + cut :]
    assert seen(spoilt) == plainly_seen(spoilt)


@pytest.mark.parametrize("backslashes", range(5))
@pytest.mark.parametrize("character", ["é", "😀", "éé"])
def test_a_backslash_escapes_no_character_beyond_ascii(backslashes: int, character: str) -> None:
    """It used to be read as an escaped backslash and the letter u."""
    body = ('["' + "\\" * backslashes + character + '"]').encode()
    assert seen(body) == plainly_seen(body)
    assert (seen(body) == "no JSON") == bool(backslashes % 2)


@pytest.mark.parametrize("part", ["[],", "0,", '"",', "é", "😀", "%"])
def test_there_is_an_end_to_what_stands_beside_a_picture(part: str) -> None:
    """Small values take many times their text in memory."""
    text = part * (BESIDE_BYTES_MAX + 1)
    with pytest.raises(BodyTooLarge):
        parse_json(BytesIO((f"[{text}0]" if part.endswith(",") else f'["{text}"]').encode()))


@pytest.mark.parametrize(
    "beside",
    [{}, {"prompt": "😀"}],
)
def test_parsing_takes_three_times_the_body_at_most(beside: dict[str, str]) -> None:
    """A string with one emoji would take four times its characters, including the text around it."""
    body = json.dumps({"image": "A" * 4 * 1024 * 1024} | beside, ensure_ascii=False).encode()
    tracemalloc.start()
    try:
        parse_json(BytesIO(body))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 3.2 * len(body)


def large(body: object) -> str:
    """Return JSON that is parsed alone, thanks to its white space."""
    return json.dumps(body) + " " * JSON_BYTES_MAX


def test_one_large_body_is_parsed_at_a_time() -> None:
    inside, most = [0], [0]
    bulkhead = Bulkhead(8)
    guard = threading.Lock()

    def parse(body: object, _files: ExitStack) -> object:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.01)
        with guard:
            inside[0] -= 1
        return body

    def request(number: int) -> object:
        req = create_req(method="POST", body=large({"a": number}), headers={"Content-Type": "application/json"})
        with (
            bulkhead.place("ada") as place,
            json_with_picture(Request(req.env), parse, place=place, limits=LIMITS) as body,
        ):
            return body

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(request, range(8))) == [{"a": number} for number in range(8)]
    assert most == [1]


def test_a_parser_that_refuses_lets_the_next_body_in() -> None:
    def refuse(_body: object, _files: ExitStack) -> None:
        raise ValueError("no")

    bulkhead = Bulkhead(1)
    for _ in range(2):
        req = create_req(method="POST", body=large({}), headers={"Content-Type": "application/json"})
        with (
            pytest.raises(ValueError, match="no"),
            bulkhead.place("ada") as place,
            json_with_picture(Request(req.env), refuse, place=place, limits=LIMITS),
        ):
            pass


def test_a_small_body_waits_for_no_large_one() -> None:
    begun, may_end, bulkhead = threading.Event(), threading.Event(), Bulkhead(2)

    def parse_late(body: object, _files: ExitStack) -> object:
        begun.set()
        assert may_end.wait(PATIENCE_S)
        return body

    def request(text: str, parse: Callable[[object, ExitStack], object]) -> object:
        req = create_req(method="POST", body=text, headers={"Content-Type": "application/json"})
        with (
            bulkhead.place("ada") as place,
            json_with_picture(Request(req.env), parse, place=place, limits=LIMITS) as body,
        ):
            return body

    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(request, large({"a": 1}), parse_late)
        assert begun.wait(PATIENCE_S)
        assert request("{}", lambda body, _files: body) == {}
        with pytest.raises(ServerBusy):
            request(large({}), parse_late)
        may_end.set()
        assert late.result() == {"a": 1}
