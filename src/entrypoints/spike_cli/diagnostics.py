"""Diagnostics: each configured component is used once, and each problem is reported with its remedy."""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import SpikeError, StorageRefused, Unavailable
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.rate_limits import RateLimit, RateLimitGroup
from spike_runtime.data_folder import access_of_others
from spike_runtime.isolation import check_isolation
from spike_runtime.wiring import Spike

FREE_BYTES_MIN: Final = 1024 * 1024 * 1024
CLOCKS_APART_MAX: Final = timedelta(seconds=5)  # far below a lease
_SANDBOX: Final = "sandbox"
_TRIAL: Final = b"spike doctor was here"
_SMALL: Final = Dimensions(width_px=320, height_px=240)


@frozen(kw_only=True)
class CheckResult:
    """The result for one component."""

    part: str
    setting: str
    trouble: str  # empty if there is none
    remedy: str
    is_warning: bool = False  # the component works all the same

    @property
    def is_well(self) -> bool:
        """Whether there is no problem."""
        return not self.trouble


@frozen(kw_only=True)
class _Check:
    part: str
    setting: str
    use: Callable[[], None]
    remedy: str
    is_warning: bool = False


@frozen
class _CheckFailed(Exception):
    trouble: str


def run_diagnostics(spike: Spike, *, sample: bytes) -> Iterator[CheckResult]:
    """Use each component once and yield the results; `sample` is a picture for the engine. Nothing stays stored."""
    for check in _checks(spike, sample):
        trouble = _trouble_with(check.use)
        yield CheckResult(
            part=check.part,
            setting=check.setting,
            trouble=trouble,
            remedy=check.remedy,
            is_warning=check.is_warning and bool(trouble),
        )
        if check.part == _SANDBOX and spike.sandbox is not None and not trouble:
            for layer in check_isolation(spike.sandbox, folder=spike.settings.data_dir):
                yield CheckResult(
                    part=f"{_SANDBOX}: {layer.part}",
                    setting="SPIKE_SANDBOX",
                    trouble=layer.trouble,
                    remedy=layer.remedy,
                    is_warning=True,
                )


def _checks(spike: Spike, sample: bytes) -> Iterator[_Check]:
    yield _Check(
        part="database",
        setting="SPIKE_DATABASE_URL",
        use=spike.database.ping,
        remedy="start the database, or correct its URL; if it answers, run `spike migrate`",
    )
    yield _Check(
        part="storage",
        setting="SPIKE_STORAGE_URL",
        use=lambda: _use_storage(spike),
        remedy="start the object store, or correct its URL and credentials (to write, read and delete)",
    )
    yield _Check(
        part="clock",
        setting="SPIKE_LEASE_S",
        use=lambda: _compare_clocks(spike),
        remedy="synchronize the clocks of all machines, as by NTP: leases, expiry and orphan collection depend on them",
    )
    yield _Check(
        part="queue",
        setting="SPIKE_BROKER_URL",
        use=spike.broker.ping,
        remedy="start the Redis server, or correct its URL; until then jobs are accepted and wait",
    )
    yield _Check(
        part="rate limits",
        setting="SPIKE_RATE_LIMIT_URL",
        use=lambda: _use_limiter(spike),
        remedy="start the store of the limits, or correct its URL; until then requests aren't counted",
    )
    if spike.sandbox is not None:
        yield _Check(
            part=_SANDBOX,
            setting="SPIKE_SANDBOX",
            use=spike.sandbox.check,
            remedy="allow this user to start processes with SPIKE_SANDBOX_MEMORY_MB of memory, or set it to off",
        )
    yield _Check(
        part="engine",
        setting="SPIKE_UPSCALER",
        use=lambda: _use_engine(spike, sample),
        remedy="reinstall the engine's extra, or choose another engine",
    )
    yield _Check(
        part="generator",
        setting="SPIKE_GENERATOR",
        use=lambda: _use_generator(spike),
        remedy="start its server, or correct SPIKE_GENERATOR_URL or the key; until then generations are refunded",
    )
    if spike.settings.metrics_dir:
        yield _Check(
            part="metrics",
            setting="SPIKE_METRICS_DIR",
            use=lambda: _use_metrics_folder(Path(spike.settings.metrics_dir)),
            remedy="give this user write permission; until then processes can't count",
        )
    yield _Check(
        part="disk",
        setting="SPIKE_DATA_DIR",
        use=lambda: _check_disk(spike),
        remedy="free some space, or move the data folder to a larger disk",
    )
    yield _Check(
        part="permissions",
        setting="SPIKE_DATA_DIR",
        use=lambda: _check_permissions(spike.settings.data_dir),
        remedy="chmod -R go= the folder, unless its group is meant to read pictures and secrets",
        is_warning=True,
    )


def _trouble_with(use: Callable[[], None]) -> str:
    try:
        use()
    except _CheckFailed as error:
        return error.trouble
    except StorageRefused as error:
        return error.reason
    except Unavailable as error:
        return str(error.__cause__ or error)
    except (SpikeError, OSError) as error:
        return str(error)
    return ""


def _use_storage(spike: Spike) -> None:
    key = ObjectKey.of_original(spike.ids.new(ImageId), PictureFormat.PNG)
    with _stored(spike, key), spike.storage.blobs.open(key) as content:
        if content.read() != _TRIAL:
            raise _CheckFailed("the object that was read differs from the one that was written")


def _compare_clocks(spike: Spike) -> None:
    """Compare this machine's clock with the blob store's, which all machines share."""
    image_id, before = spike.ids.new(ImageId), spike.clock.now()
    behind = ObjectKey.of_original(image_id, PictureFormat.JPEG)  # the key after it, which has no object
    try:
        with _stored(spike, ObjectKey.of_original(image_id, PictureFormat.PNG)):
            [stored] = spike.storage.blobs.scan(after=behind, limit=1)
    except Unavailable:
        return  # the storage check reports that
    after = spike.clock.now()
    if stored.stored_at < before - CLOCKS_APART_MAX:
        raise _CheckFailed(f"it is {(before - stored.stored_at).total_seconds():.0f} s ahead of the object store's")
    if stored.stored_at > after + CLOCKS_APART_MAX:
        raise _CheckFailed(f"it is {(stored.stored_at - after).total_seconds():.0f} s behind the object store's")


@contextmanager
def _stored(spike: Spike, key: ObjectKey) -> Iterator[ObjectKey]:
    blobs = spike.storage.blobs
    blobs.put(key, io.BytesIO(_TRIAL))
    try:
        yield key
    finally:
        blobs.delete([key])


def _use_limiter(spike: Spike) -> None:
    spike.limiter.hit("spike doctor", RateLimit(bucket=RateLimitGroup.GENERAL, limit=1, window=timedelta(seconds=1)))


def _use_engine(spike: Spike, sample: bytes) -> None:
    enhanced = spike.engine.upscaler.enhance(io.BytesIO(sample), size=_SMALL)
    if spike.engine.probe.inspect(io.BytesIO(enhanced.content)).dimensions != _SMALL:
        raise _CheckFailed("its result has the wrong size")


def _use_generator(spike: Spike) -> None:
    spike.generator.ping()


def _use_metrics_folder(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(_TRIAL)


def _check_permissions(folder: Path) -> None:
    mode = access_of_others(folder)
    if mode:
        raise _CheckFailed(f"other users can enter {folder.resolve()}: its mode is {mode}")


def _check_disk(spike: Spike) -> None:
    free_bytes = shutil.disk_usage(spike.settings.data_dir).free
    if free_bytes < FREE_BYTES_MIN:
        raise _CheckFailed(f"{free_bytes // 1024**2} MiB are free, less than {FREE_BYTES_MIN // 1024**2}")
