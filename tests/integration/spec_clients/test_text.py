"""The golden responses and tables (`tests/golden`) are those of the specification's text."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from golden.errors import (
    ENHANCE_UNPAID,
    FORBIDDEN,
    INSUFFICIENT_TOKENS,
    INTERNAL,
    INVALID,
    NOT_FOUND,
    RATE_LIMITED,
    UNAUTHORIZED,
    UPLOAD_TOO_LARGE,
    UPLOAD_UNPAID,
)
from golden.images import (
    ANONYMOUSLY_UPLOADED,
    BATCH_UPLOADED,
    DELETED,
    ENHANCING,
    ENHANCING_BATCH,
    ENHANCING_IN_PARALLEL,
    GENERATING,
    MIXING,
    MODIFYING,
    MOVED,
    POLLED,
    SHOWN,
    UPLOADED,
)
from golden.looks import TEXT, differences, written
from golden.tables import (
    ASPECT_RATIOS,
    FILE_ERROR_TYPES,
    JOB_STATUSES,
    MODIFIABLE_MEDIA_TYPES,
    RATES,
    STATUS_OF_CODE,
    TIERS,
    UNLIMITED,
    WINDOW_MINUTES,
)
from spec_text import BlockName, Spec

GOLDEN: Final[Mapping[str, Any]] = {
    "Upload Single Image / Success Response (200)": UPLOADED,
    "Upload Single Image / Error Response (400)": UPLOAD_TOO_LARGE,
    "Upload Single Image / Error Response (402)": UPLOAD_UNPAID,
    "Upload Multiple Images (Batch) / Success Response (200)": BATCH_UPLOADED,
    "Enhance Single Image / Option 1: Blend with existing image": {"blendSource": {"imageId": TEXT}},
    "Enhance Single Image / Option 2: Blend with uploaded image": {
        "blendSource": {"base64": TEXT, "mimeType": "image/jpeg"}
    },
    "Enhance Single Image / Success Response (200)": ENHANCING,
    "Enhance Single Image / Insufficient Tokens Response (402)": ENHANCE_UNPAID,
    "Enhance with Multiple Tiers (Parallel) / Success Response (200)": ENHANCING_IN_PARALLEL,
    "Batch Enhance Multiple Images / Success Response (200)": ENHANCING_BATCH,
    "Polling Enhancement Status / Response with Jobs": POLLED,
    "Generate Image from Text / Success Response (200)": GENERATING,
    "Modify Existing Image / Success Response (200)": MODIFYING,
    "Move Images to Album / Success Response (200)": MOVED,
    "Get Image with Jobs / Response (200)": SHOWN,
    "Delete Image / Success Response (200)": DELETED,
    "Anonymous Upload / Success Response (200)": ANONYMOUSLY_UPLOADED,
    "Anonymous Enhance (Mix) / Success Response (200)": MIXING,
    "Common Error Responses / Unauthorized (401)": UNAUTHORIZED,
    "Common Error Responses / Forbidden (403)": FORBIDDEN,
    "Common Error Responses / Not Found (404)": NOT_FOUND,
    "Common Error Responses / Rate Limited (429)": RATE_LIMITED,
    "Common Error Responses / Validation Error (400)": INVALID,
    "Common Error Responses / Insufficient Tokens (402)": INSUFFICIENT_TOKENS,
    "Common Error Responses / Internal Error (500)": INTERNAL,
}


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    _, found, rest = text.partition(f"\n### {heading}\n")
    assert found, f"there is a heading {heading}"
    table = re.search(r"(?:^\|.*\|\n)+", rest, re.MULTILINE)
    assert table is not None, f"there is a table under {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def listed(text: str, label: str) -> list[str]:
    """Return the code-styled words of the list or sentence after a bold label."""
    _, found, rest = text.partition(f"**{label}:**")
    assert found, f"there is a label {label}"
    paragraph = next(part for part in rest.split("\n\n") if "`" in part)
    return re.findall(r"`([^`]+)`(?=:|,|$)", paragraph, re.MULTILINE)


@pytest.mark.parametrize("place", GOLDEN)
def test_a_golden_answer_has_the_texts_fields_kinds_and_words(spec: Spec, place: str) -> None:
    """Ids may be shorter in the text; fields that Spike added must be missing there."""
    example = json.loads(spec.blocks[BlockName("json", place)])
    assert differences(written(GOLDEN[place]), example) == []


def test_every_example_of_json_is_golden(spec: Spec) -> None:
    assert {name.place for name in spec.of("json")} == {*GOLDEN}


def test_there_is_no_block_that_nobody_looks_at(spec: Spec) -> None:
    """Requests, clients and responses are tested; blocks without a language show headers, which are golden too."""
    assert {name.language for name in spec.blocks} == {"", "http", "json", "javascript", "bash"}
    assert {name.place for name in spec.of("")} == {
        "Session Cookie (Default)",
        "Bearer Token (MCP API)",
        "Request ID Header",
        "Rate Limit Headers",
    }


def test_the_tiers_are_the_texts(spec: Spec) -> None:
    table = {
        tier: (int(tokens), int(px.removesuffix("px")))
        for tier, tokens, px, _ in rows(spec.text, "Enhancement Tiers & Costs")
    }
    assert table == TIERS


def test_the_error_codes_are_the_texts(spec: Spec) -> None:
    assert {code: int(status) for code, status, _ in rows(spec.text, "Error Codes")} == STATUS_OF_CODE


def test_the_rate_limits_are_the_texts(spec: Spec) -> None:
    table = rows(spec.text, "Rate Limits")
    window = f"{WINDOW_MINUTES} minutes"
    limited = {name: [f"{limit} requests", window, by] for name, (limit, by) in RATES.items()}
    assert {name: cells for name, *cells in table if cells[0] != "Not limited"} == limited
    assert {name for name, *cells in table if cells[0] == "Not limited"} == UNLIMITED


def test_the_lists_are_the_texts(spec: Spec) -> None:
    assert tuple(listed(spec.text, "Job Status Values")) == JOB_STATUSES
    assert tuple(listed(spec.text, "Error Types")) == FILE_ERROR_TYPES
    assert tuple(listed(spec.text, "Supported Aspect Ratios")) == ASPECT_RATIOS
    assert tuple(listed(spec.text, "Supported MIME Types")) == MODIFIABLE_MEDIA_TYPES
