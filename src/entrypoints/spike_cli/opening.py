"""Opening a Spike for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from spike_runtime import Spike, build, load_settings
from spike_runtime.logs import configure_logging


@contextmanager
def opened(*, log_level: str | None = None) -> Iterator[Spike]:
    """Build a Spike from the settings, with its database up to date, and close it at the end.

    `log_level` replaces the setting's: a command that prints its answer isn't to chat.

    Raises:
        WrongSettings, DatabaseUnavailable: it can't be.
    """
    settings = load_settings()
    configure_logging(level=log_level or settings.log_level, form=settings.log_format)
    spike = build(settings)
    try:
        spike.database.migrate()
        yield spike
    finally:
        spike.database.close()
