"""The topology of `deploy/compose.yaml` as processes: nginx, two servers, two workers, PostgreSQL, Valkey, S3."""

import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from eventually import eventually
from fleet import IMPATIENT, a_fleet, check_audit, ended, lines_of
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import Answer, serving_on
from servers.nginx import nginx_before
from servers.processes import free_port
from servers.s3 import S3Server


@pytest.fixture
def settings(postgres_url: str, redis_url: str, s3_server: S3Server) -> dict[str, str]:
    return {
        **IMPATIENT,
        **s3_server.credentials,
        "SPIKE_SANDBOX": "on",
        "SPIKE_SANDBOX_PROBES": "1",  # each child takes a third of a second of processor time to start
        "SPIKE_WORKER_THREADS": "1",
        "SPIKE_QUICK_THREADS": "0",
        "SPIKE_DATABASE_URL": postgres_url,
        "SPIKE_BROKER_URL": redis_url,
        "SPIKE_RATE_LIMIT_URL": redis_url,
        "SPIKE_STORAGE_URL": s3_server.url(f"t-{uuid.uuid4().hex}"),
        "SPIKE_SECRET": "the same for all of them",
        "SPIKE_TRUSTED_PROXIES": "127.0.0.1",
    }


def about(request_id: str, *logs: Path) -> Sequence[Mapping[str, Any]]:
    return [line for log in logs for line in lines_of(log) if line.get("request_id") == request_id]


def settled(request_id: str, *logs: Path) -> Sequence[Mapping[str, Any]]:
    """Wait for the line of a settled job, which the worker logs after the commit, and return its fields."""

    def look() -> Sequence[Mapping[str, Any]]:
        lines = about(request_id, *logs)
        return lines if any(line["event"] == "job ended" for line in lines) else []

    return eventually(f"the end of the job of {request_id} in a log", look)


def header(answer: Answer, name: str) -> str:
    """Return a header, ignoring case."""
    return {name.lower(): value for name, value in answer.headers.items()}[name.lower()]


def test_an_upload_through_nginx_is_settled_by_a_worker_and_can_be_followed(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """One request id is in the logs of the server that received the request and of the worker that settled its job."""
    folder, ports = tmp_path / "var", (free_port(), free_port())
    settings = {**settings, "SPIKE_METRICS_DIR": str(tmp_path / "metrics")}
    with ExitStack() as stack:
        first, second = [stack.enter_context(serving_on(port, folder, settings)) for port in ports]
        fleets = [stack.enter_context(a_fleet(folder, **settings)) for _ in range(2)]
        port = stack.enter_context(nginx_before(*ports))
        proxied = evolve(first, url=f"http://127.0.0.1:{port}")

        body = an_upload(encoded(photograph(size=(320, 40))))
        uploads = [
            proxied.ask("POST", "/api/images/upload", token=first.token, body=body, content_type=CONTENT_TYPE)
            for _ in range(4)
        ]
        assert [answer.status for answer in uploads] == [200] * 4
        for answer in uploads:
            assert set(ended(proxied, answer.json["image"]["id"]).values()) == {"COMPLETED"}

            request_id = header(answer, "X-Request-ID")
            served = about(request_id, folder.parent / "var.log")
            worked = settled(request_id, *(fleet.log for fleet in fleets))
            assert [line["event"] for line in served if line["event"] == "request"] == ["request"]
            assert [line["event"] for line in worked if line["logger"] == "spike_worker.actor"] == [
                "job begun",
                "job ended",
            ]
            assert {line["job_id"] for line in worked} == {answer.json["enhancement"]["jobId"]}

        outside = [proxied.ask("GET", path).status for path in ("/metrics", "//metrics", "/./metrics", "/%6detrics")]
        assert outside == [404] * 4
        numbers = second.ask("GET", "/metrics").content.decode()
        [attempts] = re.findall(r'spike_job_attempts_total\{outcome="delivered",tier="TIER_1K"\} (\S+)', numbers)
        assert float(attempts) == 4, "workers count for whichever server is asked"

        too_large = proxied.ask(
            "POST",
            "/api/images/upload",
            token=first.token,
            body=an_upload(bytes(60_000_000)),
            content_type=CONTENT_TYPE,
        )
        assert (too_large.status, too_large.json["code"]) == (400, "FILE_TOO_LARGE"), "in the service's words"

        assert [server.stop() for server in (first, second)] == [0, 0]
        away = proxied.ask("GET", "/healthz")
        assert (away.status, header(away, "Retry-After")) == (503, "5")
        assert set(away.json) == {"error", "title", "suggestion", "code", "requestId"}
        assert re.fullmatch(r"req_[a-z0-9]{24}", away.json["requestId"])
        assert [fleet.stop() for fleet in fleets] == [0, 0]
    check_audit(folder, **settings)
