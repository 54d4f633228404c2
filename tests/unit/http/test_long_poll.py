"""`?wait=N` on jobs, batches and images."""

import threading
from collections.abc import Iterator
from urllib.parse import quote

import falcon
import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.errors import InvalidValue
from spike_core.domain.queue_order import QueueOrder
from spike_http import create_app
from spike_http.bulkhead import Bulkhead
from spike_http.long_poll import LongPoll
from spike_memory.jobs import MemoryJobs

LONG = "30"


def patience(*, waiters_max: int = 1, closing: threading.Event | None = None) -> LongPoll:
    return LongPoll(bulkhead=Bulkhead(waiters_max), closing=closing or threading.Event())


def seen(patience: LongPoll, looks: Iterator[int], *, wait: str | None, done_at: int) -> tuple[int, str | None]:
    req = testing.create_req(query_string="" if wait is None else f"wait={wait}")
    resp = falcon.Response()
    latest = [next(looks)]

    def is_over() -> bool:
        latest.append(next(looks))
        return latest[-1] >= done_at

    found = patience.wait(
        req, resp, first=latest[0], is_done=lambda look: look >= done_at, is_over=is_over, again=lambda: latest[-1]
    )
    return found, resp.get_header("Retry-After")


def test_without_a_wish_to_wait_the_first_look_is_the_answer() -> None:
    for wait in (None, "0"):
        assert seen(patience(), iter(range(9)), wait=wait, done_at=5) == (0, None)


def test_what_is_done_is_told_at_once() -> None:
    assert seen(patience(), iter([5]), wait=LONG, done_at=5) == (5, None)


def test_who_waits_hears_of_the_end_when_it_comes() -> None:
    assert seen(patience(), iter(range(9)), wait=LONG, done_at=3) == (3, None)


def test_the_time_that_was_asked_is_waited_and_no_more() -> None:
    found, hint = seen(patience(), iter(range(1000)), wait="1", done_at=10**6)
    assert 1 <= found < 30
    assert hint is None


def test_a_server_that_ends_lets_nobody_wait() -> None:
    closing = threading.Event()
    closing.set()
    assert seen(patience(closing=closing), iter(range(9)), wait=LONG, done_at=5) == (0, None)


def test_when_too_many_wait_the_answer_comes_at_once() -> None:
    """With a Retry-After; and the slot is free again afterwards."""
    shared = patience()
    inner: list[tuple[int, str | None]] = []

    def looks() -> Iterator[int]:
        yield 0
        inner.append(seen(shared, iter(range(9)), wait=LONG, done_at=5))
        yield 5

    assert seen(shared, looks(), wait=LONG, done_at=5) == (5, None)
    assert inner == [(0, "2")]
    assert seen(shared, iter(range(9)), wait=LONG, done_at=1) == (1, None)


def test_who_waits_makes_room_for_a_request_that_needs_the_place() -> None:
    """It is answered at once, with a Retry-After; and the place is the other's until that is done."""
    bulkhead = Bulkhead(1)
    shared = LongPoll(bulkhead=bulkhead, closing=threading.Event())
    with bulkhead.place("ada") as place:

        def looks() -> Iterator[int]:
            yield 0
            place.take()
            yield 1
            raise AssertionError("it waits on")

        assert seen(shared, looks(), wait=LONG, done_at=5) == (1, "2")
        assert seen(shared, iter(range(9)), wait=LONG, done_at=5) == (0, "2")
    assert seen(shared, iter(range(9)), wait=LONG, done_at=1) == (1, None)


@pytest.mark.parametrize("wait", ["31", "-1", "1.5", "x", "٣"])
def test_only_so_many_whole_seconds_can_be_waited(wait: str) -> None:
    with pytest.raises(InvalidValue):
        seen(patience(), iter(range(9)), wait=quote(wait), done_at=5)


@pytest.mark.parametrize("kind", ["job", "image", "batch"])
def test_an_answer_comes_when_the_work_is_done(ada: Caller, services: MemorySpike, kind: str) -> None:
    uploaded = ada.upload().json
    image_id, job_id = uploaded["image"]["id"], uploaded["enhancement"]["jobId"]
    services.work()
    batch = ada.post("/api/images/batch-enhance", {"imageIds": [image_id], "tier": "FREE"}).json
    job_id = batch["jobs"][0]["jobId"]
    path = {
        "job": f"/api/jobs/{job_id}",
        "image": f"/api/images/{image_id}",
        "batch": f"/api/batches/{batch['batchId']}",
    }
    worker = threading.Timer(0.1, services.work)
    worker.start()
    answer = ada.get(path[kind], wait=LONG)
    worker.join()
    statuses = {
        "job": lambda: [answer.json["job"]["status"]],
        "image": lambda: [job["status"] for job in answer.json["image"]["jobs"]],
        "batch": lambda: [job["status"] for job in answer.json["jobs"]],
    }[kind]()
    assert set(statuses) == {"COMPLETED"}


def test_while_a_request_waits_the_order_of_the_queue_isnt_read_again(
    ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the first look and once for the answer, however often it polls between them."""
    reads: list[int] = []
    queue_order = MemoryJobs.queue_order

    def counted(jobs: MemoryJobs, *, limit: int) -> QueueOrder:
        reads.append(limit)
        return queue_order(jobs, limit=limit)

    monkeypatch.setattr(MemoryJobs, "queue_order", counted)
    job_id = ada.upload().json["enhancement"]["jobId"]
    assert ada.get(f"/api/jobs/{job_id}", wait="1").json["job"]["queuePosition"] == 1
    assert len(reads) == 2


def test_a_stranger_who_waits_is_counted_once(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.publish(image_id)
    ada.client.simulate_get(f"/api/images/{image_id}", params={"wait": "1"})
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == 1


def test_a_server_that_ends_answers_those_who_wait(services: MemorySpike) -> None:
    closing = threading.Event()
    ada = Caller(testing.TestClient(create_app(services.spike, closing=closing)), services.register())
    job_id = ada.upload().json["enhancement"]["jobId"]
    closer = threading.Timer(0.1, closing.set)
    closer.start()
    assert ada.get(f"/api/jobs/{job_id}", wait=LONG).json["job"]["status"] == "PROCESSING"
    closer.join()


def test_what_cant_be_waited_is_refused(ada: Caller) -> None:
    job_id = ada.upload().json["enhancement"]["jobId"]
    assert ada.get(f"/api/jobs/{job_id}", wait="31").status_code == 400
