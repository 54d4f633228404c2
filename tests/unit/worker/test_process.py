"""The life cycle of a worker process, run within the test's process."""

import io
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from blocking_blobs import BlockingBlobStore
from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import JobStatus
from spike_memory.engine import a_picture
from spike_runtime import Settings
from spike_worker.process import LOOK_S, Shutdown, ShutdownSignal, work_until

PATIENCE_S = 10
PICTURE = a_picture(Dimensions(width_px=640, height_px=480))


@pytest.fixture
def _signals_as_they_were() -> Iterator[None]:
    earlier = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return the read end of a worker process, and the write end of its supervisor."""
    reading, writing = os.pipe()
    yield reading, writing
    for thread in threading.enumerate():
        if thread.name == "supervisor":  # which reads to the end
            thread.join(PATIENCE_S)
    os.close(reading)


@pytest.mark.usefixtures("_signals_as_they_were")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_the_end(pipe: tuple[int, int], number: signal.Signals) -> None:
    end = ShutdownSignal()
    end.listen(pipe[0])
    assert not end.has_come(within_s=0)
    signal.raise_signal(number)
    assert end.has_come(within_s=PATIENCE_S)
    os.close(pipe[1])
    assert end.has_come(within_s=PATIENCE_S), "who watches the pipe has let go of it before it is closed"


@pytest.mark.usefixtures("_signals_as_they_were")
def test_the_death_of_the_supervisor_is_the_end(pipe: tuple[int, int]) -> None:
    end = ShutdownSignal()
    end.listen(pipe[0])
    assert not end.has_come(within_s=0)
    os.close(pipe[1])
    assert end.has_come(within_s=PATIENCE_S)


def test_work_goes_on_until_the_end() -> None:
    services = MemorySpike.build(Settings(relay_interval_s=0.01))

    def end(within_s: float) -> bool:
        assert within_s == LOOK_S
        return services.statuses() == [JobStatus.COMPLETED]

    owner_id = services.register().user.id
    services.spike.images.uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(PICTURE))
    assert work_until(end, services.spike) is Shutdown.SIGNALLED


@pytest.mark.parametrize("longest_side_px", [4096, 8192])
def test_a_job_that_takes_longer_than_an_attempt_may_ends_the_process_with_an_error(longest_side_px: int) -> None:
    """What an attempt may take follows the largest tier on offer: four times the pixels, four times the time."""
    BlockingBlobStore.may_go_on.clear()
    tiers = {"TIER_X": {"longest_side_px": longest_side_px, "price": 9}}
    settings = Settings(relay_interval_s=0.01, worker_drain_s=0.05, tiers=tiers)
    services = MemorySpike.build(settings, blobs=BlockingBlobStore)
    owner_id = services.register().user.id
    services.spike.images.uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(PICTURE))
    limit = services.spike.settings.job_limits.work_time_max * (longest_side_px / 4096) ** 2
    began_at = services.clock.now()

    def end(_within_s: float) -> bool:
        services.clock.advance(limit / 2 if services.statuses() == [JobStatus.PROCESSING] else timedelta(0))
        return False

    try:
        assert work_until(end, services.spike) is Shutdown.STUCK
        assert services.clock.now() - began_at > limit
    finally:
        BlockingBlobStore.may_go_on.set()
