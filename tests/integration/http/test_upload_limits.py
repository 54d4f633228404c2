"""Real files at a limit above the default: uploaded, enhanced in the sandbox, and kept when the limit is lowered."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from falcon import testing
from PIL import Image

from caller import Caller
from forked_children import forked_children
from spike_core.domain.accounts import Email
from spike_core.domain.identifiers import JobId
from spike_core.domain.tokens import Tokens
from spike_core.services.accounts import Registered
from spike_http import create_app
from spike_runtime import Settings, Spike, build

MIB: Final = 1024 * 1024
TRAILER: Final = b"\0" * 11 * MIB  # a phone's second picture, which is kept and not decoded


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spike") / "var"


@pytest.fixture(scope="module")
def raised(folder: Path) -> Iterator[Spike]:
    with build(Settings(data_dir=folder, upscaler="classical", file_mb_max=12, image_megapixels_max=56)) as spike:
        spike.database.migrate()
        yield spike


@pytest.fixture(scope="module")
def registered(raised: Spike) -> Registered:
    return raised.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(100))


def a_jpeg(width_px: int, height_px: int) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width_px, height_px)).save(out, "JPEG", quality=75)
    return out.getvalue()


def a_png(width_px: int, height_px: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width_px, height_px)).save(out, "PNG")
    return out.getvalue()


def caller(spike: Spike, registered: Registered) -> Caller:
    return Caller(testing.TestClient(create_app(spike)), registered)


def test_a_file_above_the_default_limits_is_accepted_and_enhanced(
    raised: Spike, registered: Registered, folder: Path
) -> None:
    ada = caller(raised, registered)
    answer = ada.upload(a_jpeg(9000, 6100) + TRAILER)
    assert answer.status_code == 200, answer.text
    job_id = answer.json["enhancement"]["jobId"]
    raised.jobs.runner.perform(JobId(job_id))
    job = ada.get(f"/api/jobs/{job_id}").json["job"]
    assert job["status"] == "COMPLETED", job
    too_large = ada.upload(a_jpeg(64, 64) + TRAILER + bytes(MIB))
    assert too_large.json["error"] == "File exceeds maximum size of 12MB"
    too_many = ada.upload(a_png(9000, 6300))
    assert too_many.json["error"] == "Image exceeds maximum of 56 megapixels"

    with build(Settings(data_dir=folder, upscaler="classical", file_mb_max=1, image_megapixels_max=1)) as lowered:
        later = caller(lowered, registered)
        assert later.upload(a_jpeg(1001, 1000)).json["error"] == "Image exceeds maximum of 1 megapixels"
        assert later.upload(TRAILER).json["error"] == "File exceeds maximum size of 1MB"
        order = {"imageId": answer.json["image"]["id"], "tier": "TIER_1K"}
        second = later.post("/api/images/enhance", order).json["jobId"]
        lowered.jobs.runner.perform(JobId(second))
        assert later.get(f"/api/jobs/{second}").json["job"]["status"] == "COMPLETED"


def test_a_child_gets_more_memory_and_time_for_larger_pictures(raised: Spike) -> None:
    assert raised.sandbox is not None
    limits = raised.sandbox.probe_pool.limits
    assert limits.memory_bytes == round(2048 * MIB * 56 / 50)
    assert raised.sandbox.look_time.total_seconds() == pytest.approx(3 * 56 / 50)
