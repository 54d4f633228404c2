"""`spike serve` as a user sees it: the main task, invalid bodies, shutdown, restart."""

import io
import json
import re
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from effort import long
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import PATIENCE_S, Server, run_spike, serving
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import PictureFormat

# with the fewest children, each of which takes a third of a second of processor time to start
SANDBOXED: Final = {
    "SPIKE_SANDBOX": "on",
    "SPIKE_SANDBOX_PROBES": "1",
    "SPIKE_WORKER_THREADS": "1",
    "SPIKE_QUICK_THREADS": "0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def an_image(server: Server, token: str, *, name: str = "photo.jpg", size: tuple[int, int] | None = None) -> str:
    """Upload a photograph and return its id."""
    body = an_upload(encoded(photograph("chelsea.png", size=size)), filename=name)
    answer = server.ask("POST", "/api/images/upload", token=token, body=body, content_type=CONTENT_TYPE)
    assert answer.status == 200, answer.content
    image_id: str = answer.json["image"]["id"]
    return image_id


def enhance(server: Server, token: str, image_id: str, tier: str) -> str:
    body = json.dumps({"imageId": image_id, "tier": tier}).encode()
    answer = server.ask("POST", "/api/images/enhance", token=token, body=body, content_type="application/json")
    assert answer.status == 200, answer.content
    job_id: str = answer.json["jobId"]
    return job_id


def test_the_printed_curl_line_works_as_it_stands(folder: Path) -> None:
    with serving(folder, **SANDBOXED) as server:
        (line,) = re.findall(r"^\s*(curl .*)$", server.greeting, re.MULTILINE)
        answer = subprocess.run(
            ["bash", "-c", f"{line} --silent --show-error"],
            capture_output=True,
            check=True,
            timeout=PATIENCE_S,
        )
        uploaded = json.loads(answer.stdout)
        job = server.wait_for_job(uploaded["image"]["id"], uploaded["enhancement"]["jobId"], token=server.token)
        assert job["status"] == "COMPLETED"
        with Image.open(io.BytesIO(server.ask("GET", job["enhancedUrl"]).content)) as enhanced:
            enhanced.load()
            assert max(enhanced.size) == 1024
            assert enhanced.size == (job["enhancedWidth"], job["enhancedHeight"])


def test_a_photograph_comes_back_at_each_tier(folder: Path) -> None:
    with serving(folder, **SANDBOXED) as server:
        token = server.token
        image_id = an_image(server, token, size=(450, 100))
        for tier, side in (("FREE", 1024), ("TIER_1K", 1024), ("TIER_2K", 2048), ("TIER_4K", 4096)):
            job = server.wait_for_job(image_id, enhance(server, token, image_id, tier), token=token)
            assert job["status"] == "COMPLETED", job
            with Image.open(io.BytesIO(server.ask("GET", job["enhancedUrl"]).content)) as enhanced:
                enhanced.load()
                assert (max(enhanced.size), enhanced.format) == (side, "JPEG"), tier


@long(
    kept_by="tests/integration/faults/test_embedded.py::test_a_server_killed_in_the_middle_of_everything_goes_on_where_it_was"
)
def test_a_killed_server_loses_no_job(folder: Path) -> None:
    with serving(folder, SPIKE_WORKER_THREADS="1") as server:
        token = server.token
        image_id = an_image(server, token)
        jobs = [enhance(server, token, image_id, tier) for tier in ("TIER_4K", "TIER_4K", "TIER_2K", "TIER_4K", "FREE")]
        server.kill()
    with serving(folder) as server:
        assert "Sign-in token" not in server.greeting
        ended = [server.wait_for_job(image_id, job_id, token=token) for job_id in jobs]
        assert {job["status"] for job in ended} <= {"COMPLETED", "REFUNDED"}
        assert server.stop() == 0
    audit = run_spike("audit", folder=folder)
    assert (audit.returncode, audit.stdout) == (0, "every invariant holds\n")


@long(kept_by="tests/integration/faults/test_workers.py::test_a_picture_that_takes_every_worker_along_is_given_back")
def test_a_picture_that_stops_the_worker_each_time_is_refunded(folder: Path) -> None:
    settings = {"SPIKE_WORKER_THREADS": "1", "SPIKE_DEATHS_MAX": "1"}
    with serving(folder, **settings) as server:
        token = server.token
        image_id = an_image(server, token)
        first = server.ask("GET", f"/api/images/{image_id}", token=token).json["image"]["jobs"][0]["id"]
        server.wait_for_job(image_id, first, token=token)
        jobs = [enhance(server, token, image_id, "TIER_4K") for _ in range(3)]
        while not any(server.ask("GET", f"/api/jobs/{id_}", token=token).json["job"]["progress"] for id_ in jobs):
            statuses = [server.ask("GET", f"/api/jobs/{id_}", token=token).json["job"] for id_ in jobs]
            if any(job["processingStartedAt"] and job["status"] == "PROCESSING" for job in statuses):
                break
        server.kill()
    with serving(folder, **settings) as server:
        ended = [server.wait_for_job(image_id, job_id, token=token) for job_id in jobs]
        assert "REFUNDED" in {job["status"] for job in ended}
        assert server.stop() == 0
    assert run_spike("audit", folder=folder).returncode == 0


@long(kept_by="tests/integration/processes/test_ending.py::test_what_the_kernel_has_accepted_is_answered")
def test_sigterm_ends_what_is_under_way_first(folder: Path) -> None:
    """Requests that were sent before the signal are answered after it; then the server ends."""
    with serving(folder, SPIKE_WEB_THREADS="14") as server:
        token = server.token
        # quick to send and slow to look at, so that most are under way when the first is answered
        picture = Image.linear_gradient("L").resize((7000, 7000)).convert("RGB")
        body = an_upload(encoded(picture, PictureFormat.PNG))
        assert len(body) < UPLOAD_BYTES_MAX
        answered = threading.Event()

        def upload() -> int:
            answer = server.ask("POST", "/api/images/upload", token=token, body=body, content_type=CONTENT_TYPE)
            answered.set()
            return answer.status

        with ThreadPoolExecutor(6) as pool:
            uploads = [pool.submit(upload) for _ in range(6)]
            assert answered.wait(PATIENCE_S)
            under_way = sum(not future.done() for future in uploads)
            assert server.stop() == 0
            assert [future.result() for future in uploads] == [200] * 6
        assert under_way > 0, "the signal came too late to show anything"
    audit = run_spike("audit", "--json", folder=folder)
    assert json.loads(audit.stdout) == {"ok": True, "findings": []}


def test_a_body_over_the_limit_is_refused_in_words(folder: Path) -> None:
    with serving(folder) as server:
        for size_mb in (11, 60):
            body = an_upload(b"\xff" * (size_mb * 1024 * 1024))
            answer = server.ask("POST", "/api/images/upload", token=server.token, body=body, content_type=CONTENT_TYPE)
            assert (answer.status, answer.json["error"]) == (400, "File exceeds maximum size of 10MB")
        assert server.ask("GET", "/api/tokens/balance", token=server.token).json["balance"] == 100


def test_a_ten_megabyte_file_that_lies_about_its_type_is_refused(folder: Path) -> None:
    with serving(folder) as server:
        for start in (
            b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x00\x00\x00\x00WEBP",
            b"GIF89a",
        ):
            body = an_upload(start.ljust(10 * 1024 * 1024, b"\x55"))
            answer = server.ask("POST", "/api/images/upload", token=server.token, body=body, content_type=CONTENT_TYPE)
            assert (answer.status, answer.json["code"]) == (400, "INVALID_INPUT")
        assert server.ask("GET", "/readyz").json["status"] == "ready"
        assert server.ask("GET", "/api/tokens/history", token=server.token).json["hasMore"] is False
        assert server.stop() == 0
    assert list((folder / "objects").rglob("*.*")) == []


def test_a_second_server_on_the_same_folder_is_refused(folder: Path) -> None:
    with serving(folder):
        second = run_spike("serve", "--port", "0", folder=folder)
    assert second.returncode == 1
    assert second.stderr.startswith("spike: SPIKE_DATA_DIR: another process works on the jobs in")


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run_spike("serve", "--port", str(port), folder=folder)
    assert answer.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPIKE_WEB_THREADS", "many"),
        ("SPIKE_WEB_THREADS", "0"),
        ("SPIKE_LEASE_S", "-1"),
        ("SPIKE_HEARTBEAT_S", "59"),
        ("SPIKE_LOG_LEVEL", "LOUD"),
        ("SPIKE_DATABASE_URL", "mysql://localhost/spike"),
        ("SPIKE_DATABASE_URL", "no url"),
        ("SPIKE_STORAGE_URL", "ftp://host/"),
        ("SPIKE_STORAGE_URL", "file://host/path"),
        ("SPIKE_BROKER_URL", "kafka://"),
        ("SPIKE_UPSCALER", "magic"),
        ("SPIKE_PROT", "3000"),
        ("SPIKE_CONFIG", "/nowhere/spike.toml"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(folder: Path, name: str, value: str) -> None:
    answer = run_spike("serve", "--port", "0", folder=folder, **{name: value})
    assert answer.returncode == 1
    assert answer.stderr.startswith("spike: ")
    assert name in answer.stderr
    assert "Traceback" not in answer.stderr
