"""From settings to a running Spike: the composition root, settings and logging. It needs a POSIX system."""

from spike_runtime.platform import check_platform

check_platform()

from spike_runtime.settings import Settings, WrongSettings, load_settings  # noqa: E402
from spike_runtime.wiring import Spike, assemble, build, build_offline  # noqa: E402

__all__ = ["Settings", "Spike", "WrongSettings", "assemble", "build", "build_offline", "load_settings"]
