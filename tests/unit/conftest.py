"""Fixtures of all unit tests."""

import logging
from collections.abc import Iterator

import pytest

from services import Services


@pytest.fixture
def services() -> Services:
    """Return services without data."""
    return Services.build()


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Restore the logging configuration after a test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
