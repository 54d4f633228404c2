"""Odd and hostile files uploaded with real adapters: accepted and charged, or refused without effect."""

from collections.abc import Iterator

import pytest
from falcon import testing

from corpus import CORPUS
from effort import staggered
from forked_children import forked_children
from multipart import CONTENT_TYPE, an_upload
from spike_core.domain.accounts import Email
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings, Spike, build


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture(scope="module")
def spike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spike]:
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


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about metadata that it can't read
@pytest.mark.parametrize("name", staggered(list(CORPUS), step=3))
def test_an_upload_is_taken_and_charged_or_refused_and_leaves_nothing(
    spike: Spike, client: testing.TestClient, headers: dict[str, str], name: str
) -> None:
    def state() -> tuple[int, int, int]:
        balance = client.simulate_get("/api/tokens/balance", headers=headers).json["balance"]
        images = client.simulate_get("/api/images?limit=100", headers=headers).json["images"]
        return balance, len(images), len(spike.storage.blobs.scan(limit=1000))

    balance, images, objects = state()
    answer = client.simulate_post("/api/images/upload", headers=headers, body=an_upload(CORPUS[name].make()))
    if CORPUS[name].is_refused:
        assert (answer.status_code, answer.json["title"]) == (400, "Invalid File")
        assert state() == (balance, images, objects)
    else:
        assert answer.status_code == 200, answer.text
        assert state()[:2] == (balance - 2, images + 1)
        assert state()[2] > objects
