"""How often requests ask the database: as often for many things as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from sqlalchemy import event

from builders import a_job, an_image
from spike_core.domain.accounts import Email
from spike_core.domain.limits import JOBS_ASKED_MAX
from spike_core.services.accounts import Registered
from spike_http import create_app
from spike_runtime import Settings, Spike, build
from spike_sqlalchemy import SqlAlchemyDatabase


@pytest.fixture
def spike(tmp_path: Path) -> Iterator[Spike]:
    spike = build(Settings(data_dir=tmp_path / "var"))
    spike.database.migrate()
    yield spike
    spike.database.close()


@pytest.fixture
def ada(spike: Spike) -> Registered:
    return spike.registration.register(Email("ada@example.org"))


@contextmanager
def counted(spike: Spike) -> Iterator[list[str]]:
    """Yield the list that every statement of SQLite's is added to, BEGIN and COMMIT too."""
    assert isinstance(spike.database, SqlAlchemyDatabase)
    engine, statements = spike.database.engine, list[str]()

    def trace(connection: Any, *_: object) -> None:
        connection.set_trace_callback(statements.append)

    def end(connection: Any, *_: object) -> None:
        connection.set_trace_callback(None)

    event.listen(engine, "checkout", trace)
    event.listen(engine, "checkin", end)
    try:
        yield statements
    finally:
        event.remove(engine, "checkout", trace)
        event.remove(engine, "checkin", end)


def test_fifty_jobs_of_fifty_images_are_read_with_as_many_statements_as_one(spike: Spike, ada: Registered) -> None:
    images = [an_image(owner_id=ada.user.id) for _ in range(JOBS_ASKED_MAX)]
    jobs = [a_job(image=image) for image in images]
    with spike.database.transactions.begin() as tx:
        for image in images:
            tx.images.add(image)
        tx.jobs.add(jobs)
    client = testing.TestClient(create_app(spike))
    counts = []
    for asked in (jobs[:1], jobs):
        with counted(spike) as statements:
            answer = client.simulate_post(
                "/api/jobs/batch-status",
                headers={"Authorization": f"Bearer {ada.session_token.text}"},
                json={"jobIds": [str(job.id) for job in asked]},
            )
        assert [job["id"] for job in answer.json["jobs"]] == [str(job.id) for job in asked]
        counts.append(len([sql for sql in statements if sql.startswith("SELECT")]))
        assert {job["queuePosition"] for job in answer.json["jobs"]} == set(range(1, len(asked) + 1))
    assert counts == [4, 4], "the session, the jobs, their images, their places in the queue"
