"""Failures that a test asks for: the next calls of a port raise an error in place of their effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeVar, cast

from attrs import define, field, frozen

from spike_core.domain.errors import (
    DatabaseUnavailable,
    DownloadFailed,
    GeneratorUnavailable,
    QueueUnavailable,
    SpikeError,
    StorageUnavailable,
    UpscalerUnavailable,
)

FailingPort = Literal[
    "transactions",
    "blobs",
    "queue",
    "probe",
    "metadata",
    "upscaler",
    "blender",
    "generator",
    "downloader",
    "rendition_maker",
]

_ENDLESS: Final = -1
_OUTAGES: Final[dict[FailingPort, type[SpikeError]]] = {
    "transactions": DatabaseUnavailable,
    "blobs": StorageUnavailable,
    "queue": QueueUnavailable,
    "probe": UpscalerUnavailable,
    "metadata": UpscalerUnavailable,
    "upscaler": UpscalerUnavailable,
    "blender": UpscalerUnavailable,
    "generator": GeneratorUnavailable,
    "downloader": DownloadFailed,
    "rendition_maker": UpscalerUnavailable,
}

_Adapter = TypeVar("_Adapter")


@define
class _Failure:
    """What calls of a port raise, and how many of them."""

    port: FailingPort
    method: str | None
    error: BaseException
    calls_left: int

    def is_of(self, port: FailingPort, method: str) -> bool:
        return self.port == port and self.method in {None, method}


@define
class Failures:
    """The failures that wait for calls. The oldest one that fits a call is raised first."""

    _waiting: list[_Failure] = field(factory=list)

    def fail_next(
        self, port: FailingPort, error: SpikeError | None = None, *, method: str | None = None, calls: int = 1
    ) -> None:
        """Make the next `calls` calls of a port, or of one of its methods, raise `error` and do nothing.

        By default it is the error by which the port says that it is unavailable, so that another attempt may succeed:
        `StorageUnavailable` of `blobs`, `UpscalerUnavailable` of `upscaler`. An error such as `UndecodablePicture` or
        `PromptRefused` fails an attempt for good.

        Raises:
            ValueError: `calls` isn't at least 1.
        """
        if calls < 1:
            raise ValueError("calls must be at least 1")
        self._waiting.append(_Failure(port, method, error or _OUTAGES[port](), calls))

    @contextmanager
    def failing(
        self, port: FailingPort, error: SpikeError | None = None, *, method: str | None = None
    ) -> Iterator[None]:
        """Make all calls of a port, or of one of its methods, raise `error` until the context ends."""
        outage = _Failure(port, method, error or _OUTAGES[port](), _ENDLESS)
        self._waiting.append(outage)
        try:
            yield
        finally:
            self._waiting = [failure for failure in self._waiting if failure is not outage]

    def check(self, port: FailingPort, method: str) -> None:
        """Raise what waits for this call, if anything does."""
        for failure in self._waiting:
            if failure.is_of(port, method):
                if failure.calls_left != _ENDLESS:
                    failure.calls_left -= 1
                if failure.calls_left == 0:
                    self._waiting.remove(failure)
                raise failure.error


@frozen
class _Failing:
    """An adapter each of whose calls may fail."""

    _adapter: Any
    _port: FailingPort
    _failures: Failures

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._failures.check(self._port, name)
            return found(*args, **kwargs)

        return call


def failing(adapter: _Adapter, port: FailingPort, failures: Failures) -> _Adapter:
    """Return the adapter with the failures that wait for its port."""
    return cast("_Adapter", _Failing(adapter, port, failures))
