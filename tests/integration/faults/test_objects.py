"""An object store that fails, hangs, sends wrong answers or is slow, at uploads, results and deletions."""

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from buckets import keys_in, without_renditions
from effort import long, staggered
from eventually import eventually
from fault_scenario import FaultScenario
from fleet import Fleet, a_fleet
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from recovery_times import FaultKind
from running import Answer, Server, serving
from servers.fault_proxy import FaultProxy, FaultRule, ProxyFault, fault_proxy
from servers.s3 import S3Server
from spike_core.domain.jobs import CompletedJob, RefundedJob

ORIGINALS: Final = "/images/"
RESULTS: Final = "/enhanced/"
TIERS: Final = ("FREE", "TIER_1K", "TIER_2K")
PERSISTENT: Final = {"SPIKE_ATTEMPTS_MAX": "100"}
OFTEN: Final = {"SPIKE_COLLECT_INTERVAL_S": "1", "SPIKE_ORPHANS_INTERVAL_S": "1", "SPIKE_ORPHAN_AGE_S": "4"}
IMPATIENT: Final = {"connect_timeout_s": "1", "read_timeout_s": "1", "attempts_max": "1"}

BAD: Final = (ProxyFault.FAILS, ProxyFault.HANGS, ProxyFault.LIES)


@pytest.fixture
def store(s3_server: S3Server) -> Iterator[FaultProxy]:
    """Start the fault proxy before the store."""
    [endpoint_url] = parse_qs(urlsplit(s3_server.storage_url).query)["endpoint_url"]
    with fault_proxy(endpoint_url) as store:
        yield store


@pytest.fixture
def storage(s3_server: S3Server, store: FaultProxy) -> Mapping[str, str]:
    """Return the settings of a bucket, through the proxy, with short timeouts."""
    url = urlsplit(s3_server.url(f"t-{uuid.uuid4().hex}", **IMPATIENT))
    options = {name: value for name, [value] in parse_qs(url.query).items()}
    query = urlencode({**options, "endpoint_url": f"http://127.0.0.1:{store.port}"})
    return {**s3_server.credentials, "SPIKE_STORAGE_URL": url._replace(query=query).geturl()}


@contextmanager
def an_installation(scenario: FaultScenario, **more: str) -> Iterator[tuple[Server, Fleet, str]]:
    """Run a server and a worker, and upload a picture whose first job is done; stop both at the end."""
    settings = {**scenario.settings, **more}
    with serving(scenario.folder, **settings) as server, a_fleet(scenario.folder, **settings) as fleet:
        image_id = scenario.upload(server)
        eventually("the first job is done", lambda: isinstance(next(iter(scenario.jobs().values())), CompletedJob))
        yield server, fleet, image_id
        assert (fleet.stop(), server.stop()) == (0, 0)


def try_to_upload(scenario: FaultScenario, server: Server) -> Answer:
    body = an_upload(encoded(photograph(size=(320, 40))))
    return server.ask("POST", "/api/images/upload", token=scenario.token, body=body, content_type=CONTENT_TYPE)


def await_objects(scenario: FaultScenario, number: int) -> None:
    """Wait until so many originals and results are left, and besides them only their renditions."""

    def are_left() -> bool:
        keys = keys_in(scenario.settings)
        return len(without_renditions(keys)) == number and keys == scenario.named()

    eventually(f"{number} objects and their renditions are left", are_left)


def test_uploads_that_the_store_fails_are_not_charged_and_leave_nothing(
    scenario: FaultScenario, store: FaultProxy
) -> None:
    with an_installation(scenario, **OFTEN) as (server, _, _image_id):
        for mood in BAD:
            before = without_renditions(keys_in(scenario.settings))
            with scenario.injecting(f"object store {mood.value}, for uploads", FaultKind.NO_WAIT):
                store.take(FaultRule(mood, "PUT", ORIGINALS))
                with ThreadPoolExecutor(4) as pool:
                    answers = list(pool.map(lambda _: try_to_upload(scenario, server), range(4)))
                assert store.struck >= 4
                store.calm_down()
            assert {(answer.status, answer.json["error"]) for answer in answers} == {(500, "Upload processing failed")}
            scenario.upload(server)
            scenario.recover()
            await_objects(scenario, len(before) + 2)  # nothing is left of the failed ones


def test_results_that_the_store_fails_are_stored_by_a_later_attempt(scenario: FaultScenario, store: FaultProxy) -> None:
    with an_installation(scenario, **PERSISTENT, **OFTEN) as (server, _, image_id):
        for mood in staggered(BAD[::-1], step=2):
            with scenario.injecting(f"object store {mood.value}, for results", FaultKind.REFUSED):
                store.take(FaultRule(mood, "PUT", RESULTS))
                for tier in TIERS:
                    scenario.enhance(server, image_id, tier)
                eventually("several attempts have failed", lambda: store.struck >= 4)
                store.calm_down()
            scenario.recover()
        assert {type(job) for job in scenario.jobs().values()} == {CompletedJob}
        await_objects(scenario, 1 + len(scenario.prices))  # one original, and one result for each job


@long(kept_by="tests/integration/processes/test_serve_s3.py::test_a_store_that_stays_away_gives_the_tokens_back")
def test_jobs_whose_results_the_store_never_takes_are_given_back(scenario: FaultScenario, store: FaultProxy) -> None:
    with an_installation(scenario, **OFTEN) as (server, _, image_id):
        with scenario.injecting("object store takes no result, for as long as a job is tried", FaultKind.REFUSED):
            store.take(FaultRule(ProxyFault.LIES, "PUT", RESULTS))
            job_id = scenario.enhance(server, image_id, "TIER_2K")
            scenario.await_end(job_id)
            store.calm_down()
        scenario.recover()
        assert isinstance(scenario.job(job_id), RefundedJob)
        await_objects(scenario, 2)  # those of failed attempts are collected


@long(kept_by="tests/unit/services/test_deletion.py::test_an_object_that_cant_be_deleted_is_deleted_later")
def test_deletions_that_the_store_fails_are_finished_later(scenario: FaultScenario, store: FaultProxy) -> None:
    """The client gets a 500, the image is hidden from everyone, and the sweeper finishes the deletion."""
    with an_installation(scenario, **OFTEN) as (server, _, _first):
        album = scenario.post(server, "/api/albums", {"name": "Holidays", "autoEnhance": False})
        before = without_renditions(keys_in(scenario.settings))
        for mood in BAD:
            image_id = scenario.upload(server, album_id=album["album"]["id"])
            with scenario.injecting(f"object store {mood.value}, for deletions", FaultKind.NO_WAIT):
                store.take(FaultRule(mood, "POST", "delete"), FaultRule(mood, "DELETE"))
                answer = server.ask("DELETE", f"/api/images/{image_id}", token=scenario.token)
                assert (answer.status, store.struck > 0) == (500, True)
                assert server.ask("GET", f"/api/images/{image_id}", token=scenario.token).status == 404
                store.calm_down()
            scenario.recover()
            await_objects(scenario, len(before))
            eventually("the rows are gone", lambda: len(scenario.images()) == 1)


@long(
    kept_by="tests/integration/faults/test_objects.py::test_results_that_the_store_fails_are_stored_by_a_later_attempt"
)
def test_a_slow_store_makes_everything_slow_and_nothing_wrong(scenario: FaultScenario, store: FaultProxy) -> None:
    """Slower than a heartbeat, so that leases are renewed during transfers."""
    store.delay_s = 0.6
    patient = {"SPIKE_LEASE_S": "2", "SPIKE_HEARTBEAT_S": "0.3", "SPIKE_DEATHS_MAX": "20", **PERSISTENT}
    with an_installation(scenario, **patient) as (
        server,
        _,
        image_id,
    ):
        with scenario.injecting("object store takes 0.6 s for each object", FaultKind.NO_WAIT):
            store.take(*(FaultRule(ProxyFault.DAWDLES, method) for method in ("GET", "PUT")))
            scenario.upload(server)
            for tier in TIERS:
                scenario.enhance(server, image_id, tier)
        scenario.recover()
        assert {type(job) for job in scenario.jobs().values()} == {CompletedJob}
