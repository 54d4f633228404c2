"""The application with SQLite, files and the classical engine, for each module of uploads that has none of its own."""

from collections.abc import Iterator

import pytest
from falcon import testing

from forked_children import forked_children
from multipart import CONTENT_TYPE
from spike_core.domain.accounts import Email
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings, Spike, build


@pytest.fixture(scope="module")
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture(scope="module")
def spike(_forked: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spike]:
    folder = tmp_path_factory.mktemp("spike") / "var"
    # nothing is enhanced: networks would enlarge each picture that is accepted
    with build(Settings(data_dir=folder, upscaler="classical", worker_threads=0, rate_upload=0)) as spike:
        spike.database.migrate()
        yield spike


@pytest.fixture(scope="module")
def client(spike: Spike) -> testing.TestClient:
    return testing.TestClient(create_app(spike))


@pytest.fixture(scope="module")
def headers(spike: Spike) -> dict[str, str]:
    registered = spike.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(1000))
    return {"Authorization": f"Bearer {registered.session_token.text}", "Content-Type": CONTENT_TYPE}
