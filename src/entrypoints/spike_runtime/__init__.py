"""From settings to a running Spike: the composition root, settings and logging."""

from spike_runtime.settings import Settings, WrongSettings, load_settings
from spike_runtime.wiring import Spike, assemble, build, build_offline

__all__ = ["Settings", "Spike", "WrongSettings", "assemble", "build", "build_offline", "load_settings"]
