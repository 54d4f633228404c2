"""Pictures inside JSON, with the variants of base64, `data:` URLs and media types that programs write."""

import base64
import json
import re
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue
from spike_core.domain.limits import SOURCE_BYTES_MAX, UploadLimits
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.objects import PictureFormat
from spike_core.services.ingest import InlineImage
from spike_http.requests.base64_text import BLOCK_BYTES
from spike_http.requests.body_sizes import picture_json_bytes_max
from spike_http.requests.inline_images import parse_inline_image
from spike_memory.engine import a_picture

SIZE = Dimensions(width_px=9, height_px=9)
PNG, JPEG = a_picture(SIZE, PictureFormat.PNG), a_picture(SIZE)
ENCODED = base64.b64encode(PNG).decode()
STANDARD, URL_SAFE = (
    re.compile(f"({digit}{{4}})*({digit}{{2}}(==)?|{digit}{{3}}=?)?") for digit in ("[A-Za-z0-9+/]", "[A-Za-z0-9_-]")
)
TO_STANDARD = str.maketrans("-_", "+/")
TRICKY = bytes(range(256)) + b"\xfb\xff\xfe"  # has characters of both alphabets, and an end without padding


def offered(text: str, media_type: str = "image/png") -> bytes:
    with ExitStack() as files:
        return parse_inline_image(text, media_type=media_type, field="image", files=files).content.read()


def refused(text: str, media_type: str = "image/png") -> bool:
    with ExitStack() as files, pytest.raises(InvalidValue):
        parse_inline_image(text, media_type=media_type, field="image", files=files)
    return True


@pytest.mark.parametrize(
    "prefix",
    [
        "data:image/png;base64,",
        "Data:image/PNG;base64,",
        "DATA:IMAGE/PNG;BASE64,",
        "data:image/png;charset=utf-8;base64,",
        "data:image/png;name=x.png;base64,",
        "data:image/png;name=f%C3%B6%20o.png;charset=binary;Base64,",
        "data:image/png;name=föö.png;base64,",
        "data:image/png; name=x.png; base64,",
        "data:image/x-png;base64,",
        " \n data:image/png;base64,",
        "data:image/png;name=" + "x" * 800 + ";base64,",
    ],
)
def test_a_data_url_may_have_any_case_and_parameters(prefix: str) -> None:
    assert offered(prefix + ENCODED) == PNG
    assert offered(prefix + "\n" + ENCODED.rstrip("=")) == PNG


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/jpeg;base64,{ENCODED}",
        f"data:image/jpeg;name=x.png;base64,{ENCODED}",
        f"data:image/png,{ENCODED}",
        f"data:image/png;base64;name=x,{ENCODED}",
        f"data:image/png;base64{ENCODED}",
        f"data:;base64,{ENCODED}",
        f"data:{ENCODED}",
        f"data:image/png;ba\u017fe64,{ENCODED}",
        f"http:image/png;base64,{ENCODED}",
        f"data:image/png;base64,data:image/png;base64,{ENCODED}",
        f"data:image/png;name={'x' * 2000};base64,{ENCODED}",
    ],
)
def test_what_is_no_such_data_url_is_refused(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    "media_type", ["image/png", "IMAGE/PNG", "Image/x-PNG", " image/png ", "image/png; charset=binary", "image/png;q=1"]
)
def test_a_type_may_have_any_case(media_type: str) -> None:
    assert offered(ENCODED, media_type) == PNG


@pytest.mark.parametrize("media_type", ["image/jpg", "image/JPEG", "IMAGE/PJPEG"])
def test_older_names_of_jpeg_are_jpeg(media_type: str) -> None:
    for prefix in ("", f"data:{media_type};base64,", "data:image/jpeg;base64,"):
        assert offered(prefix + base64.b64encode(JPEG).decode(), media_type) == JPEG


@pytest.mark.parametrize("media_type", ["", ";", "image", "image/", "png", "image/png,image/jpeg", "x/png"])
def test_another_type_is_refused(media_type: str) -> None:
    assert refused(ENCODED, media_type)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 256, 257, 258, 259])
def test_either_alphabet_is_read_with_padding_and_without(size: int) -> None:
    content = TRICKY[-size:] if size else b""
    for encoded in (base64.b64encode(content), base64.urlsafe_b64encode(content)):
        for text in (encoded, encoded.rstrip(b"="), base64_in_lines(encoded), b" ".join([encoded[:5], encoded[5:]])):
            assert offered(text.decode()) == content


def base64_in_lines(encoded: bytes) -> bytes:
    return b"\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76)) + b"\r\n"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "A",
            "AAAAA",
            "AA=",
            "AA=A",
            "=",
            "====",
            "A===",
            "AAA=A",
            "AA==AA==",
            "AAAA=",
            "AAAA====",
            "+/-_",
            "AA+A-AAA",
        ),
        *("AA.A", "AA\x00A", "AA%2B", "é", "AA\u00a0A", "AAAA!", "\ud800AAA", "AA\vAA"),
    ],
)
def test_garbage_is_refused(text: str) -> None:
    assert refused(text)


def test_alphabets_mixed_across_blocks_are_refused() -> None:
    half = "A" * BLOCK_BYTES
    assert offered(half + "-___") == bytes(BLOCK_BYTES // 4 * 3) + b"\xfb\xff\xff"
    assert refused("+" + half + "AA-")
    assert refused("_" + half + "AA/")


@given(st.binary(max_size=200), st.booleans(), st.booleans(), st.lists(st.integers(0, 300), max_size=5))
def test_whatever_was_encoded_is_decoded(content: bytes, url_safe: bool, padded: bool, breaks: list[int]) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    text = encode(content).decode()
    text = text if padded else text.rstrip("=")
    for place in breaks:
        text = f"{text[:place]}\r\n{text[place:]}"
    assert offered(text) == content


@given(st.text(st.sampled_from("AZaz09+/-_= \n"), max_size=12))
def test_what_is_taken_is_what_a_strict_reader_takes(text: str) -> None:
    """The oracle is the grammar of RFC 4648, for both alphabets."""
    plain = "".join(text.split())
    if STANDARD.fullmatch(plain) or URL_SAFE.fullmatch(plain):
        digits = plain.rstrip("=")
        assert offered(text) == base64.b64decode(digits.translate(TO_STANDARD) + "=" * (-len(digits) % 4))
    else:
        assert refused(text)


def test_each_endpoint_takes_them(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    text = "Data:IMAGE/x-png;name=a.png;Base64,\n" + base64.urlsafe_b64encode(PNG).decode().rstrip("=")
    source = {"base64": text, "mimeType": "Image/PNG"}
    bodies: dict[str, Any] = {
        "/api/images/enhance": {"imageId": image_id, "tier": "TIER_1K", "blendSource": source},
        "/api/mcp/modify": {"prompt": "sea", "tier": "TIER_1K", "image": text, "mimeType": "IMAGE/png"},
    }
    for path, body in bodies.items():
        assert ada.post(path, body).status_code == 200, path
    stored = [found.key for found in services.blobs.scan(limit=100) if str(found.key).startswith("inputs/")]
    assert len(stored) == len(bodies)
    for key in stored:
        with services.blobs.open(key) as content:
            assert content.read() == PNG


def test_an_embedding_program_may_spell_a_type_as_it_likes(services: MemorySpike) -> None:
    ingest = services.spike.jobs.enhancements.ingest
    assert ingest.validate_inline(InlineImage(content=BytesIO(PNG), media_type="IMAGE/X-PNG; q=1")).size_bytes == len(
        PNG
    )
    with pytest.raises(InvalidValue):
        ingest.validate_inline(InlineImage(content=BytesIO(PNG), media_type="image/jpg"))


def test_a_picture_of_the_largest_size_fits_in_lines_and_with_escaped_slashes() -> None:
    """PHP escapes slashes; MIME breaks lines after 76 characters."""
    encoded = base64.b64encode(bytes(range(256)) * (SOURCE_BYTES_MAX // 256))
    for body in (json.dumps(base64_in_lines(encoded).decode()), json.dumps(encoded.decode()).replace("/", "\\/")):
        assert len(body) < picture_json_bytes_max(UploadLimits()) - 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image/JPG", "image/jpeg"),
        (" Image/Png ; x=y", "image/png"),
        ("image/x-tiff", "image/tiff"),
        ("", ""),
        ("é", "é"),
    ],
)
def test_media_types_have_one_spelling(text: str, expected: str) -> None:
    assert canonical_media_type(text) == expected
