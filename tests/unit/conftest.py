"""What all unit tests share."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from services import Services


@pytest.fixture
def services() -> Services:
    """Return an empty house."""
    return Services.build()


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Put back what a test changes about logging."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
