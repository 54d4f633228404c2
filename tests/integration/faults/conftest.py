"""What faults are done to: PostgreSQL, Valkey, an object store, `spike serve` and `spike worker`.

Tests with the fixture `trial` are checked: at the end, when its processes have ended, `spike audit` finds
nothing, every job that a client was promised is delivered or given back, and the tokens add up.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fault_scenario import GRANT, FaultScenario
from fault_table import note
from fleet import IMPATIENT
from gates import Gate
from servers.valkey import Valkey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the data folder."""
    return tmp_path / "var"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Return an open gate before the engine."""
    return Gate.at(tmp_path / "gate")


@pytest.fixture
def storage(tmp_path: Path) -> Mapping[str, str]:
    """Return the settings of a folder that all processes share; the tests of a failing object store use S3."""
    return {"SPIKE_STORAGE_URL": (tmp_path / "objects").as_uri()}


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """Return the URL of a database; a test that stops the server uses its own `postgres_server`."""
    return postgres_url


@pytest.fixture
def settings(database_url: str, storage: Mapping[str, str], valkey: Valkey, gate: Gate) -> Mapping[str, str]:
    """Return the settings that all processes share."""
    return {
        **IMPATIENT,
        **gate.settings,
        **storage,
        "SPIKE_OPENING_GRANT": str(GRANT),
        "SPIKE_DATABASE_URL": database_url,
        "SPIKE_BROKER_URL": valkey.url,
        "SPIKE_RATE_LIMIT_URL": valkey.url,
        "SPIKE_SECRET": "the same for all of them",
    }


@pytest.fixture
def scenario(request: pytest.FixtureRequest, folder: Path, settings: Mapping[str, str]) -> Iterator[FaultScenario]:
    """Return the client of an installation, and compare the installation with its record at the end."""
    scenario = FaultScenario(folder, settings)
    yield scenario
    try:
        scenario.reckon()
    finally:
        scenario.close()
        note(request.node, scenario.reckonings)
