"""`spike serve` with its objects in a bucket, on a real S3 server."""

import io
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import pytest
from attrs import frozen
from PIL import Image

from effort import long
from missing import do_without
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import Answer, Server, run_spike, serving
from servers.s3 import OwnServer, S3Server, running
from servers.swift_server import ACCESS_KEY, SECRET_KEY

QUICK: Final = {"connect_timeout_s": "1", "read_timeout_s": "20", "attempts_max": "1"}


def settings_for(server: S3Server) -> dict[str, str]:
    url = server.url(f"t-{uuid.uuid4().hex}", **QUICK)
    return {"SPIKE_STORAGE_URL": url, "SPIKE_RATE_GET_IMAGE": "0", **server.credentials}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def header(answer: Answer, name: str) -> str:
    """Return a header, ignoring case."""
    return {name.lower(): value for name, value in answer.headers.items()}[name]


@frozen
class Client:
    """A client that uses only HTTP."""

    server: Server
    token: str

    def upload(self) -> Answer:
        body = an_upload(encoded(photograph("chelsea.png")), filename="photo.jpg")
        return self.server.ask("POST", "/api/images/upload", token=self.token, body=body, content_type=CONTENT_TYPE)

    def enhance(self, image_id: str, tier: str) -> str:
        body = json.dumps({"imageId": image_id, "tier": tier}).encode()
        answer = self.server.ask(
            "POST", "/api/images/enhance", token=self.token, body=body, content_type="application/json"
        )
        assert answer.status == 200, answer.content
        job_id: str = answer.json["jobId"]
        return job_id

    def look(self, image_id: str) -> Answer:
        return self.server.ask("GET", f"/api/images/{image_id}", token=self.token)

    def balance(self) -> int:
        balance: int = self.server.ask("GET", "/api/tokens/balance", token=self.token).json["balance"]
        return balance

    def finished(self, uploaded: Any) -> Any:
        return self.server.wait_for_job(uploaded["image"]["id"], uploaded["enhancement"]["jobId"], token=self.token)


def test_a_picture_is_uploaded_enhanced_downloaded_and_deleted(folder: Path, s3_server: S3Server) -> None:
    settings = settings_for(s3_server)
    with serving(folder, **settings | {"SPIKE_LOG_LEVEL": "DEBUG"}) as server:
        client = Client(server, server.token)
        uploaded = client.upload().json
        job = client.finished(uploaded)
        assert job["status"] == "COMPLETED", job

        link = urlsplit(job["enhancedUrl"])
        assert f"{link.scheme}://{link.netloc}" in s3_server.storage_url, "the store serves it, not we"
        assert link.path.endswith(f"/enhanced/{job['id']}.jpg")
        downloaded = server.ask("GET", job["enhancedUrl"])
        assert (downloaded.status, header(downloaded, "content-type")) == (200, "image/jpeg")
        with Image.open(io.BytesIO(downloaded.content)) as enhanced:
            enhanced.load()
            assert max(enhanced.size) == 1024
        image = client.look(uploaded["image"]["id"]).json["image"]
        original = server.ask("GET", image["originalUrl"])
        assert original.content == encoded(photograph("chelsea.png"))

        assert server.ask("GET", f"/files{link.path}").status == 404
        assert server.ask("GET", "/readyz").json["checks"]["storage"] == "ok"
        assert list((folder / "objects").rglob("*")) == [], "nothing is kept on the disk"

        gone = server.ask("DELETE", f"/api/images/{uploaded['image']['id']}", token=client.token)
        assert gone.status == 200
        assert server.ask("GET", job["enhancedUrl"]).status == 404
        assert server.ask("GET", image["originalUrl"]).status == 404
        assert server.stop() == 0
    log = folder.with_suffix(".log").read_text()
    assert re.search(rf"{SECRET_KEY}|Signature=|AWS4-HMAC", log) is None, "what opens objects is never logged"
    audit = run_spike("audit", folder=folder, **settings)
    assert (audit.returncode, audit.stdout) == (0, "every invariant holds\n")


def test_an_answer_stays_the_same_while_nothing_changes(folder: Path, s3_server: S3Server) -> None:
    """Links that changed every second would change every ETag."""
    with serving(folder, **settings_for(s3_server)) as server:
        client = Client(server, server.token)
        uploaded = client.upload().json
        client.finished(uploaded)
        tags = {header(client.look(uploaded["image"]["id"]), "etag") for _ in range(20)}
        assert len(tags) <= 2


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """Return a server that a test may stop."""
    with running(tmp_path_factory.mktemp("own")) as own:
        yield own


def names_in(own: OwnServer, server: S3Server) -> list[str]:
    client = boto3.client(
        "s3", endpoint_url=own.endpoint_url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY
    )
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket_of(server)).get("Contents", [])]


def bucket_of(server: S3Server) -> str:
    return urlsplit(server.storage_url).netloc


@long(kept_by="tests/integration/processes/test_serve_s3.py::test_a_store_that_stays_away_gives_the_tokens_back")
def test_a_store_that_goes_away_and_comes_back_loses_nothing(folder: Path, own_server: OwnServer) -> None:
    s3 = own_server.with_bucket()
    settings: Mapping[str, str] = settings_for(s3) | {
        "SPIKE_RETRY_DELAY_S": "0.5",
        "SPIKE_ATTEMPTS_MAX": "20",
        "SPIKE_COLLECT_INTERVAL_S": "0.5",
        "SPIKE_ORPHANS_INTERVAL_S": "0.5",
    }
    with serving(folder, **settings) as server:
        client = Client(server, server.token)
        first = client.upload().json
        client.finished(first)
        balance = client.balance()

        own_server.processes.stop()
        refused = client.upload()
        assert (refused.status, refused.json["error"]) == (500, "Upload processing failed")
        assert client.balance() == balance, "a failed upload is never charged"
        assert server.ask("GET", "/api/images", token=client.token).json["images"][0]["id"] == first["image"]["id"]
        ready = server.ask("GET", "/readyz")
        assert ready.status == 503
        away = [name for name, state in ready.json["checks"].items() if state != "ok"]
        assert away == ["storage"]
        assert server.ask("GET", "/healthz").status == 200
        job_id = client.enhance(first["image"]["id"], "TIER_2K")

        own_server.processes.start()
        job = server.wait_for_job(first["image"]["id"], job_id, token=client.token)
        assert job["status"] == "COMPLETED", job
        assert server.ask("GET", job["enhancedUrl"]).status == 200
        assert client.balance() == balance - 5
        assert server.ask("GET", "/readyz").json["status"] == "ready"

        own_server.processes.stop()
        deleted = server.ask("DELETE", f"/api/images/{first['image']['id']}", token=client.token)
        assert deleted.status == 500, "an object may be left"
        assert client.look(first["image"]["id"]).status == 404
        own_server.processes.start()
        assert server.ask("DELETE", f"/api/images/{first['image']['id']}", token=client.token).status in {200, 404}
        assert client.balance() == balance - 5
        assert server.stop() == 0
    assert names_in(own_server, s3) == []
    audit = run_spike("audit", folder=folder, **settings)
    assert (audit.returncode, audit.stdout) == (0, "every invariant holds\n")


def test_a_store_that_stays_away_gives_the_tokens_back(folder: Path, own_server: OwnServer) -> None:
    settings: Mapping[str, str] = settings_for(own_server.with_bucket()) | {"SPIKE_RETRY_DELAY_S": "0"}
    with serving(folder, **settings) as server:
        client = Client(server, server.token)
        first = client.upload().json
        client.finished(first)
        balance = client.balance()
        own_server.processes.stop()
        job_id = client.enhance(first["image"]["id"], "TIER_4K")
        job = server.wait_for_job(first["image"]["id"], job_id, token=client.token)
        assert job["status"] == "REFUNDED"
        assert "127.0.0.1" not in json.dumps(job["errorMessage"])
        assert client.balance() == balance


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"SPIKE_STORAGE_URL": "s3://spike-nowhere?{query}"}, "there is no such bucket"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no credentials"),
    ],
    ids=["bucket", "secret", "none"],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    folder: Path, s3_server: S3Server, change: Mapping[str, str], hint: str
) -> None:
    if not s3_server.checks_signatures and "AWS_SECRET_ACCESS_KEY" in change:
        do_without("this S3 server takes any credentials")
    settings = settings_for(s3_server)
    query = urlsplit(settings["SPIKE_STORAGE_URL"]).query
    answer = run_spike(
        "serve",
        "--port",
        "0",
        folder=folder,
        **settings | {name: value.format(query=query) for name, value in change.items()},
    )
    assert answer.returncode == 1
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("spike: SPIKE_STORAGE_URL: ")
    assert hint in last
    assert "Traceback" not in answer.stderr
    assert SECRET_KEY not in answer.stderr


def test_a_server_starts_while_its_store_is_down(folder: Path, own_server: OwnServer) -> None:
    settings = settings_for(own_server.with_bucket())
    own_server.processes.stop()
    with serving(folder, **settings) as server:
        assert server.ask("GET", "/readyz").json["checks"]["storage"] == "unavailable"
        own_server.processes.start()
        assert server.ask("GET", "/readyz").json["checks"]["storage"] == "ok"
        assert Client(server, server.token).upload().status == 200
