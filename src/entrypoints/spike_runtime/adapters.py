"""Opening adapters by settings. An adapter that fails to open is reported with the name of its setting."""

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.errors import InvalidInput
from spike_core.domain.limits import MEBIBYTE, UploadLimits
from spike_core.domain.render_options import FAITHFUL_ONLY, Mode
from spike_core.ports.broker import Broker
from spike_core.ports.clock import Clock
from spike_core.ports.factories import (
    Database,
    DatabaseLimits,
    OpenBroker,
    OpenDatabase,
    OpenLimiter,
    OpenStorage,
    Storage,
)
from spike_core.ports.limiter import RateLimiter
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.plugins import load_adapter, scheme_of
from spike_runtime.settings import Settings, WrongSettings
from spike_sandbox import Isolation, Limits, Sandbox, Surroundings, Tools

SPECIFIED_LIMITS: Final = UploadLimits()
NO_OPTIONS: Final = AdapterOptions()
_ELBOW_ROOM: Final = 3  # seconds of wall-clock time per second of processor time, since the machine is shared


def open_database(url: str, *, limits: DatabaseLimits, options: AdapterOptions = NO_OPTIONS) -> Database:
    """Open the database of this URL, without a network call; so do the functions below.

    Raises:
        WrongSettings: no adapter is installed for the URL, or it can't use the URL.
    """
    setting = "SPIKE_DATABASE_URL"
    name = scheme_of(url, setting=setting)
    open_: OpenDatabase = load_adapter("database", name, setting=setting)
    with _names_setting(setting):
        arguments, url = options.arguments_and_url(open_, name, url)
        return open_(url, limits=limits, **arguments)


def open_storage(url: str, *, clock: Clock, secret: bytes, options: AdapterOptions = NO_OPTIONS) -> Storage:
    """Open the object store of this URL; `secret` signs URLs.

    Raises:
        WrongSettings: as `open_database`.
    """
    setting = "SPIKE_STORAGE_URL"
    name = scheme_of(url, setting=setting)
    open_: OpenStorage = load_adapter("storage", name, setting=setting)
    with _names_setting(setting):
        arguments, url = options.arguments_and_url(open_, name, url)
        return open_(url, clock=clock, secret=secret, **arguments)


def open_broker(url: str, *, options: AdapterOptions = NO_OPTIONS) -> Broker:
    """Open the broker of this URL.

    Raises:
        WrongSettings: as `open_database`.
    """
    setting = "SPIKE_BROKER_URL"
    name = scheme_of(url, setting=setting)
    open_: OpenBroker = load_adapter("broker", name, setting=setting)
    with _names_setting(setting):
        arguments, url = options.arguments_and_url(open_, name, url)
        return open_(url, **arguments)


def open_limiter(url: str, *, options: AdapterOptions = NO_OPTIONS) -> RateLimiter:
    """Open the rate limiter of this URL.

    Raises:
        WrongSettings: as `open_database`.
    """
    setting = "SPIKE_RATE_LIMIT_URL"
    name = scheme_of(url, setting=setting)
    open_: OpenLimiter = load_adapter("limiter", name, setting=setting)
    with _names_setting(setting):
        arguments, url = options.arguments_and_url(open_, name, url)
        return open_(url, **arguments)


def open_sandbox(
    settings: Settings,
    tools: Tools,
    *,
    engine_name: str,
    catalog: Catalog = SPECIFIED,
    modes: frozenset[Mode] = FAITHFUL_ONLY,
    upload_limits: UploadLimits = SPECIFIED_LIMITS,
) -> Sandbox | None:
    """Return a sandbox whose child processes hold these tools; `None` if the sandbox is off.

    The memory of a child and the time to look at a picture grow with the pixels that an upload may have.

    Raises:
        WrongSettings: the engine can't be built in another process.
    """
    if settings.sandbox == "off":
        return None
    pixels_share = float(upload_limits.largest_share)
    memory_bytes = round(pixels_share * settings.sandbox_memory_mb * MEBIBYTE)
    share = catalog.largest_work_share
    probe_time = pixels_share * timedelta(seconds=settings.sandbox_probe_s)
    try:
        return Sandbox.of(
            tools,
            workers=max(1, settings.worker_threads),
            work_limits=Limits(
                memory_bytes=memory_bytes,
                cpu_time=share * timedelta(seconds=settings.sandbox_cpu_s),
                wall_time=share * timedelta(seconds=min(settings.sandbox_time_s, settings.work_time_max_s)),
            ),
            probes=settings.sandbox_probes,
            probe_limits=Limits(memory_bytes=memory_bytes, cpu_time=probe_time, wall_time=_ELBOW_ROOM * probe_time),
            surroundings=_surroundings(settings),
            look_time=pixels_share * timedelta(seconds=settings.sandbox_look_s),
            catalog=catalog,
            modes=modes,
        )
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise WrongSettings(
            f"SPIKE_SANDBOX: the engine {engine_name!r} can't be built in a child process: {error}; "
            "SPIKE_SANDBOX=off runs it in this one"
        ) from error


def _surroundings(settings: Settings) -> Surroundings:
    paths = [Path(path) for path in settings.sandbox_paths.split(os.pathsep) if path]
    names = [name.strip() for name in settings.sandbox_variables.split(",")]
    return Surroundings(isolation=Isolation(paths=paths) if settings.sandbox == "on" else None, variables=names)


@contextmanager
def _names_setting(setting: str) -> Iterator[None]:
    """Raise invalid input as `WrongSettings` that names the setting."""
    try:
        yield
    except InvalidInput as error:
        raise WrongSettings(f"{setting}: {error}") from error
