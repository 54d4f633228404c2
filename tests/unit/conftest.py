"""What all unit tests share."""

import pytest
from hypothesis import settings

from house import House

settings.register_profile("unhurried", deadline=None)  # a busy machine isn't a failure
settings.load_profile("unhurried")


@pytest.fixture
def house() -> House:
    """Return an empty house."""
    return House.build()
