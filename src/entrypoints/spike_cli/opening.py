"""Opening a Spike for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from spike_core.domain.errors import DatabaseUnavailable
from spike_runtime import Spike, WrongSettings, build, load_settings
from spike_runtime.logs import configure_logging


@contextmanager
def opened(*, log_level: str | None = None) -> Iterator[Spike]:
    """Build a Spike from the settings, with its database up to date, and close it at the end.

    `log_level` replaces the setting's: a command that prints its answer isn't to chat.

    Raises:
        WrongSettings: it can't be.
    """
    settings = load_settings()
    configure_logging(level=log_level or settings.log_level, form=settings.log_format)
    spike = build(settings)
    try:
        _migrate(spike)
        yield spike
    finally:
        spike.database.close()


def _migrate(spike: Spike) -> None:
    try:
        spike.database.migrate()
    except DatabaseUnavailable as error:
        reason = " ".join(str(error.__cause__ or error).split())  # libpq's take several lines
        where = "SPIKE_DATABASE_URL" if spike.settings.database_url else "SPIKE_DATA_DIR"
        raise WrongSettings(f"{where}: the database can't be used: {reason}") from error
