"""Several Spike processes with one PostgreSQL database."""

import json
import socket
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from effort import long
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import Server, run_spike, serving
from servers.postgres import PostgresServer

SPENDERS: Final = 12
REQUESTS: Final = 60
AFFORDABLE: Final = 7
PRICE: Final = 2
STARTERS: Final = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def shared(folder: Path, url: str) -> dict[str, str]:
    """Return the settings that processes must share."""
    return {
        "SPIKE_DATABASE_URL": url,
        "SPIKE_STORAGE_URL": (folder.parent / "objects").as_uri(),
        "SPIKE_SECRET": "the same for all of them",
        "SPIKE_RATE_GET_IMAGE": "0",
    }


def new_user(folder: Path, settings: Mapping[str, str], *, tokens: int) -> str:
    """Create a user and return the session token."""
    created = run_spike("users", "create", "ada@example.org", f"--tokens={tokens}", "--json", folder=folder, **settings)
    assert created.returncode == 0, created.stderr
    token: str = json.loads(created.stdout)["sessionToken"]
    return token


def upload(server: Server, token: str) -> Any:
    body = an_upload(encoded(photograph("chelsea.png")), filename="photo.jpg")
    answer = server.ask("POST", "/api/images/upload", token=token, body=body, content_type=CONTENT_TYPE)
    assert answer.status == 200, answer.content
    return answer.json


@long(
    kept_by="tests/integration/faults/test_web.py::test_of_a_hundred_spenders_at_two_servers_as_many_are_accepted_as_the_balance_pays_for"
)
def test_of_many_spenders_at_two_servers_exactly_as_many_are_accepted_as_the_balance_pays_for(
    folder: Path, postgres_url: str
) -> None:
    """Invariant I6, from outside: two server processes, without workers."""
    settings = shared(folder, postgres_url) | {"SPIKE_WORKER_THREADS": "0", "SPIKE_RATE_ENHANCE": "0"}
    token = new_user(folder, settings, tokens=(AFFORDABLE + 1) * PRICE + 1)
    with serving(folder, **settings) as one, serving(folder.with_name("other"), **settings) as other:
        image_id = upload(one, token)["image"]["id"]  # which costs as much as an enhancement
        body = json.dumps({"imageId": image_id, "tier": "TIER_1K"}).encode()

        def spend(number: int) -> int:
            server = (one, other)[number % 2]
            answer = server.ask("POST", "/api/images/enhance", token=token, body=body, content_type="application/json")
            return answer.status

        with ThreadPoolExecutor(SPENDERS) as pool:
            statuses = Counter(pool.map(spend, range(REQUESTS)))
        assert statuses == {200: AFFORDABLE, 402: REQUESTS - AFFORDABLE}
        balances = {server.ask("GET", "/api/mcp/balance", token=token).json["balance"] for server in (one, other)}
        assert balances == {1}
    assert run_spike("audit", folder=folder, **settings).returncode == 0


def test_a_job_that_one_server_accepts_is_seen_to_its_end_at_another(folder: Path, postgres_url: str) -> None:
    settings = shared(folder, postgres_url)
    token = new_user(folder, settings, tokens=100)
    with serving(folder, **settings) as one, serving(folder.with_name("other"), **settings) as other:
        uploaded = upload(one, token)
        job = other.wait_for_job(uploaded["image"]["id"], uploaded["enhancement"]["jobId"], token=token)
        assert job["status"] == "COMPLETED"
        assert other.ask("GET", job["enhancedUrl"]).status == 200
    assert run_spike("audit", folder=folder, **settings).returncode == 0


def test_servers_that_start_at_once_on_an_empty_database_all_serve(folder: Path, empty_postgres_url: str) -> None:
    """One of them migrates, and one creates the first account."""
    settings = shared(folder, empty_postgres_url)

    def greeting(number: int) -> str:
        with serving(folder.with_name(f"server{number}"), **settings) as server:
            return server.greeting

    with ThreadPoolExecutor(STARTERS) as pool:
        greetings = list(pool.map(greeting, range(STARTERS)))
    assert sum("Sign-in token" in greeting for greeting in greetings) == 1


@long(
    kept_by="tests/integration/faults/test_database.py::test_a_database_that_restarts_or_crashes_under_load_loses_nothing"
)
def test_a_server_goes_on_when_its_database_is_back(folder: Path, postgres_server: PostgresServer) -> None:
    settings = shared(folder, postgres_server.url)
    token = new_user(folder, settings, tokens=100)
    with serving(folder, **settings) as server:
        postgres_server.stop()
        assert server.ask("GET", "/readyz").status == 503
        assert server.ask("GET", "/api/mcp/balance", token=token).status == 500
        postgres_server.start()
        assert server.ask("GET", "/readyz").status == 200
        uploaded = upload(server, token)
        job = server.wait_for_job(uploaded["image"]["id"], uploaded["enhancement"]["jobId"], token=token)
        assert job["status"] == "COMPLETED"
    assert run_spike("audit", folder=folder, **settings).returncode == 0


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_database_that_doesnt_answer_stops_the_start_and_is_named(folder: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run = run_spike(command, folder=folder, SPIKE_DATABASE_URL=f"postgresql://spike:swordfish@127.0.0.1:{port}/spike")
    assert run.returncode == 1
    [line] = run.stderr.strip().splitlines()
    assert line.startswith("spike: SPIKE_DATABASE_URL: the database can't be used: ")
    assert "Connection refused" in line
    assert "swordfish" not in line


def test_a_database_that_isnt_there_is_named(folder: Path, postgres: str) -> None:
    run = run_spike("migrate", folder=folder, SPIKE_DATABASE_URL=postgres.rpartition("/")[0] + "/nowhere")
    assert run.returncode == 1
    assert "SPIKE_DATABASE_URL" in run.stderr
    assert 'database "nowhere" does not exist' in run.stderr


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://host", "postgresql://host:port/spike", "mysql://h/d"])
def test_a_url_that_wont_do_is_named(folder: Path, url: str) -> None:
    run = run_spike("migrate", folder=folder, SPIKE_DATABASE_URL=url)
    assert run.returncode == 1
    assert run.stderr.startswith("spike: SPIKE_DATABASE_URL: ")
