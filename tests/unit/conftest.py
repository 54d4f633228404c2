"""Fixtures of all unit tests."""

import pytest

from services import Services


@pytest.fixture
def services() -> Services:
    """Return services without data."""
    return Services.build()
