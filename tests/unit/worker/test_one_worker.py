"""One process works on a data folder: a second one would take its jobs for those of a dead process."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pictures import encoded, photograph
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import ClaimedJob
from spike_runtime import Settings, Spike, WrongSettings, build
from spike_worker import housekeeping, working


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def built(folder: Path) -> Spike:
    return build(Settings(data_dir=folder, upscaler="classical", sandbox="off", worker_threads=1))


@pytest.fixture
def first(folder: Path) -> Iterator[Spike]:
    with built(folder) as spike:
        spike.database.migrate()
        yield spike


@pytest.mark.parametrize("begin", [working, housekeeping])
def test_a_second_process_is_refused_with_its_reason_and_a_healthy_job_stays_as_it_was(
    first: Spike, folder: Path, begin: Callable[[Spike], AbstractContextManager[object]]
) -> None:
    """Also one that only does the housekeeping, which takes up the jobs of dead processes."""
    with housekeeping(first):
        ada = first.accounts.registration.find_or_register(Email("ada@example.org"))
        uploaded = first.images.uploads.upload(
            ada.id, name=ImageName("a.png"), content=io.BytesIO(encoded(photograph(size=(64, 48))))
        )
        assert uploaded.job is not None
        claimed = first.jobs.transitions.claim(uploaded.job.id)
        for _ in range(2):
            with (
                built(folder) as second,
                pytest.raises(WrongSettings, match=r"works on the jobs in .*Only one may, since it"),
                begin(second),
            ):
                pass
        job = first.queries.job(claimed.id, viewer=ada.id).job
        assert isinstance(job, ClaimedJob)
        assert (job, job.crashes) == (claimed, 0)


def test_the_next_process_works_once_the_first_has_ended(first: Spike, folder: Path) -> None:
    with working(first):
        assert first.maintenance.presence.is_any_working()
    with built(folder) as second, working(second):
        assert second.maintenance.presence.is_any_working()


def test_a_process_that_accepts_only_needs_no_lock(first: Spike, folder: Path) -> None:
    """A web server of several processes, beside the one that works."""
    with working(first), built(folder) as web:
        ada = web.accounts.registration.find_or_register(Email("ada@example.org"))
        assert web.accounts.registration.find_or_register(Email("ada@example.org")) == ada
        assert web.maintenance.presence.is_any_working()


def test_nobody_works_where_only_the_housekeeping_is_done(first: Spike) -> None:
    with housekeeping(first):
        assert not first.maintenance.presence.is_any_working()
