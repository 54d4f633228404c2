"""The actor's handling of one message."""

import json

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_core.domain.jobs import JobStatus
from spike_http import create_app
from spike_runtime.logs import configure_logging
from spike_worker.active_jobs import ActiveJobs
from spike_worker.actor import handle_message

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def test_a_request_is_followed_from_upload_to_settled_job(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", form="json")
    services = MemorySpike.build()
    answer = Caller(testing.TestClient(create_app(services.spike)), services.register()).upload(PICTURE)
    handle_message(services.spike.jobs, services.spike.metrics, ActiveJobs(), services.broker.queue.messages.popleft())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["request", "job begun", "job ended"]
    assert {line["request_id"] for line in lines} == {answer.headers["x-request-id"]}
    assert {line["job_id"] for line in lines[1:]} == {answer.json["enhancement"]["jobId"]}


def test_a_duplicate_message_is_dropped_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    services = MemorySpike.build()
    Caller(testing.TestClient(create_app(services.spike)), services.register()).upload(PICTURE)
    job_id = services.broker.queue.messages.popleft()
    handle_message(services.spike.jobs, services.spike.metrics, ActiveJobs(), job_id)
    configure_logging(level="INFO", form="json")
    capsys.readouterr()
    handle_message(services.spike.jobs, services.spike.metrics, ActiveJobs(), job_id)
    assert capsys.readouterr().err == ""
    assert services.statuses() == [JobStatus.COMPLETED]
