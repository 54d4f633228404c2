"""The application with in-memory adapters, and a signed-in client."""

import functools

import pytest
from falcon import testing
from falcon.routing import compiled

from caller import Caller
from memory_spike import MemorySpike
from spike_http import create_app

# Falcon writes Python code for the routes of each app, which is the same for most apps: a process compiles it once.
vars(compiled)["compile"] = functools.cache(compile)


@pytest.fixture
def services() -> MemorySpike:
    return MemorySpike.build()


@pytest.fixture
def client(services: MemorySpike) -> testing.TestClient:
    return testing.TestClient(create_app(services.spike))


@pytest.fixture
def ada(services: MemorySpike, client: testing.TestClient) -> Caller:
    return Caller(client, services.register("ada@example.org"))


@pytest.fixture
def bob(services: MemorySpike, client: testing.TestClient) -> Caller:
    return Caller(client, services.register("bob@example.org"))


@pytest.fixture
def poor(services: MemorySpike, client: testing.TestClient) -> Caller:
    """A client with three tokens."""
    return Caller(client, services.register("poor@example.org", tokens=3))
