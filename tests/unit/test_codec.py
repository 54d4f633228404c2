"""The codec: encoding of domain values."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import an_image_id
from spike_contracts.event_builders import a_movement
from spike_core.codec import camel_case, event_from_json, event_json, make_converter, rfc3339
from spike_core.domain.accounts import Email
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import ImageName
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tokens import Tokens


@frozen(kw_only=True)
class Inner:
    token_cost: Tokens
    created_at: datetime | None


@frozen(kw_only=True)
class Outer:
    image_id: ImageId
    name: ImageName
    format: PictureFormat
    owner_email: Email
    inner_parts: list[Inner]
    next_cursor: str | None


def test_a_view_becomes_plain_data() -> None:
    image_id = an_image_id()
    view = Outer(
        image_id=image_id,
        name=ImageName("a.jpg"),
        format=PictureFormat.WEBP,
        owner_email=Email("a@b"),
        inner_parts=[
            Inner(token_cost=Tokens(5), created_at=datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)),
            Inner(token_cost=Tokens(0), created_at=None),
        ],
        next_cursor=None,
    )
    assert make_converter().unstructure(view) == {
        "imageId": str(image_id),
        "name": "a.jpg",
        "format": "WEBP",
        "ownerEmail": "a@b",
        "innerParts": [{"tokenCost": 5, "createdAt": "2026-01-02T03:04:05Z"}, {"tokenCost": 0, "createdAt": None}],
        "nextCursor": None,
    }


def test_a_stored_event_without_a_newer_optional_field_is_read() -> None:
    event = a_movement()
    document = event_json(event)
    older = document.replace(',"reference":null', "")
    assert older != document
    assert event_from_json(older) == event


def test_times_are_told_in_utc() -> None:
    assert rfc3339(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00Z"


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # Hypothesis' own wish
def test_times_come_back_to_the_second(moment: datetime) -> None:
    assert datetime.fromisoformat(rfc3339(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("name", "camel"), [("id", "id"), ("token_cost", "tokenCost"), ("enhanced_size_bytes", "enhancedSizeBytes")]
)
def test_names_become_camel_case(name: str, camel: str) -> None:
    assert camel_case(name) == camel
