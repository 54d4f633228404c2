"""`spike worker`: processes that enhance pictures for separate servers."""

import os
import sys
from datetime import timedelta
from typing import Final

import click
from attrs import evolve

from spike_cli.opening import check_storage, opened
from spike_runtime import Settings, WrongSettings
from spike_worker import Supervisor

# After the drain time of running jobs: to requeue those that haven't finished, and to close connections.
GRACE_BEYOND_DRAIN: Final = timedelta(seconds=10)
COMMAND: Final = (sys.executable, "-m", "spike_cli.worker_process")


@click.command()
@click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes to keep alive."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    help="Pictures that each process enhances at once. Default: SPIKE_WORKER_THREADS.",
)
def worker(processes: int, threads: int | None) -> None:
    """Enhance pictures in separate processes, which are restarted when they die.

    SIGTERM and SIGINT shut them down gracefully: no further job is started, and running jobs are finished or requeued.
    """
    with opened() as spike:  # reports invalid settings once, before any process starts
        settings = spike.settings if threads is None else evolve(spike.settings, worker_threads=threads)
        if spike.broker.is_in_process:
            raise WrongSettings(
                "SPIKE_BROKER_URL: this queue can't be shared by processes; "
                "spike worker needs one that can, such as redis://host:6379/0"
            )
        check_storage(spike)
        if not settings.worker_threads:
            raise WrongSettings("SPIKE_WORKER_THREADS must be at least 1 for spike worker")
    supervisor = Supervisor(
        command=COMMAND,
        environment={**os.environ, "SPIKE_WORKER_THREADS": str(settings.worker_threads)},
        processes=processes,
        grace=_grace(settings),
    )
    sys.exit(0 if supervisor.run() else 1)


def _grace(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.worker_drain_s) + GRACE_BEYOND_DRAIN
