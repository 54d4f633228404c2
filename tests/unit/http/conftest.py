"""The application over memory, and a signed-in client."""

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http import create_app


@pytest.fixture
def house() -> MemorySpike:
    return MemorySpike.build()


@pytest.fixture
def client(house: MemorySpike) -> testing.TestClient:
    return testing.TestClient(create_app(house.spike))


@pytest.fixture
def ada(house: MemorySpike, client: testing.TestClient) -> Caller:
    return Caller(client, house.register("ada@example.org"))


@pytest.fixture
def bob(house: MemorySpike, client: testing.TestClient) -> Caller:
    return Caller(client, house.register("bob@example.org"))


@pytest.fixture
def poor(house: MemorySpike, client: testing.TestClient) -> Caller:
    """Has three tokens."""
    return Caller(client, house.register("poor@example.org", tokens=3))
