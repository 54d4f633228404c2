"""Opening the configured application for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from spike_core.domain.errors import DatabaseUnavailable, StorageRefused, StorageUnavailable
from spike_runtime import Settings, Spike, WrongSettings, build, load_settings
from spike_runtime.data_folder import access_of_others, keep_files_private
from spike_runtime.isolation import hide_process
from spike_runtime.logs import configure_logging, get_logger
from spike_runtime.settings import RENAMED


@contextmanager
def opened(*, log_level: str | None = None) -> Iterator[Spike]:
    """Build the application from the settings, migrate its database, and close it at the end.

    `log_level` overrides the setting, for commands that print their result.

    Raises:
        WrongSettings: a setting is invalid, or the database can't be used.
    """
    keep_files_private()
    settings = load_settings()
    configure_logging(level=log_level or settings.log_level, form=settings.log_format)
    for old in settings.old_names:
        get_logger(__name__).warning("a setting has another name now", old=old, new=RENAMED[old])
    spike = build(settings)
    hide_process()  # from the children that handle pictures, which run as the same user; an engine is loaded before
    try:
        _warn_of_open_folder(settings)
        _migrate(spike)
        yield spike
    finally:
        spike.close()


def check_storage(spike: Spike) -> None:
    """Fail if the object store refuses requests; only log a warning if it doesn't answer, since that may pass.

    Raises:
        WrongSettings: the store answers, but its address or credentials are wrong.
    """
    try:
        spike.storage.ping()
    except StorageRefused as error:
        raise WrongSettings(f"SPIKE_STORAGE_URL: {error.reason}") from error
    except StorageUnavailable as error:
        get_logger(__name__).warning("the object store doesn't answer yet", exc_info=error)


def _warn_of_open_folder(settings: Settings) -> None:
    mode = access_of_others(settings.data_dir)
    if mode:
        get_logger(__name__).warning(
            "other users can enter the data folder", folder=str(settings.data_dir.resolve()), mode=mode
        )


def _migrate(spike: Spike) -> None:
    try:
        spike.database.migrate()
    except DatabaseUnavailable as error:
        reason = " ".join(str(error.__cause__ or error).split())  # libpq's messages have several lines
        where = "SPIKE_DATABASE_URL" if spike.settings.database_url else "SPIKE_DATA_DIR"
        raise WrongSettings(f"{where}: the database can't be used: {reason}") from error
