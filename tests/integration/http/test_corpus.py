"""Odd and hostile files uploaded with real adapters: accepted and charged, or refused without effect."""

import pytest
from falcon import testing

from corpus import CORPUS
from effort import staggered
from multipart import an_upload
from spike_runtime import Spike


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
