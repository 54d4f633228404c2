"""The application in memory, and a raw client of `/mcp`."""

import itertools
from typing import Final

import pytest
from falcon import testing

from mcp_messages import RawClient
from memory_spike import MemorySpike
from spike_http import create_app

NUMBERS: Final = itertools.count()


@pytest.fixture(scope="module")
def services() -> MemorySpike:
    return MemorySpike.build()


@pytest.fixture(scope="module")
def client(services: MemorySpike) -> testing.TestClient:
    return testing.TestClient(create_app(services.spike))


@pytest.fixture
def raw(services: MemorySpike, client: testing.TestClient) -> RawClient:
    """A user of their own in an application that tests share, with nothing left to do."""
    services.work()
    return RawClient(client, services.register(f"ada{next(NUMBERS)}@example.org").api_key.text)
