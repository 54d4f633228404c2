"""`spike worker`: processes that enhance pictures for servers elsewhere."""

import os
import sys
from datetime import timedelta
from typing import Final

import click
from attrs import evolve

from spike_cli.opening import check_storage, opened
from spike_runtime import Settings, WrongSettings
from spike_worker import Supervisor

# Beyond the time that jobs in work have to end: for handing back those that haven't, and closing connections.
GRACE_BEYOND_DRAIN: Final = timedelta(seconds=10)
COMMAND: Final = (sys.executable, "-m", "spike_cli.worker_process")


@click.command()
@click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes to keep alive."
)
@click.option(
    "--threads", type=click.IntRange(1, 256), help="Pictures that each enhances at once; SPIKE_WORKER_THREADS else."
)
def worker(processes: int, threads: int | None) -> None:
    """Enhance pictures in processes of their own, which are started again when they die.

    SIGTERM and SIGINT end them in order: no further job is begun, and those in work are finished or handed back.
    """
    with opened() as spike:  # what is wrong with the settings is told once, and now
        settings = spike.settings if threads is None else evolve(spike.settings, worker_threads=threads)
        if spike.broker.is_in_process:
            raise WrongSettings(
                "SPIKE_BROKER_URL: this queue stays within one process; "
                "spike worker needs one that processes share, such as redis://host:6379/0"
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
