"""Schemathesis on every operation of the document, signed in and not: responses match the document."""

from typing import Any, Final

import pytest
from falcon import testing

from memory_spike import MemorySpike
from spike_http import create_app

DOCUMENT: Final[Any] = testing.TestClient(create_app(MemorySpike.build().spike)).simulate_get("/openapi.json").json
LABELS: Final = [f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item]


@pytest.mark.parametrize("label", LABELS)
def test_strangers_and_users_are_answered_as_described(label: str) -> None:
    from operations import ask_as_strangers_and_users  # noqa: PLC0415  # slow to import, and each worker collects

    ask_as_strangers_and_users(label)


@pytest.mark.parametrize("label", LABELS)
def test_each_operation_succeeds_as_described(label: str) -> None:
    """A document that describes only failures would pass the tests above."""
    from operations import ask_until_it_succeeds  # noqa: PLC0415

    ask_until_it_succeeds(label)


def test_the_document_describes_no_other_operations() -> None:
    from operations import OPERATIONS  # noqa: PLC0415

    assert sorted(OPERATIONS) == sorted(LABELS)
