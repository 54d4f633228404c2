"""Image processing in child processes that can be killed: an engine that delegates to an engine in a child."""

from spike_sandbox.engine import (
    Sandbox,
    SandboxedBlender,
    SandboxedCanvasFitter,
    SandboxedGenerator,
    SandboxedMetadata,
    SandboxedProbe,
    SandboxedUpscaler,
)
from spike_sandbox.error_codec import ErrorInChild
from spike_sandbox.limits import Limits
from spike_sandbox.work import BuildGenerator, Tools

__all__ = [
    "BuildGenerator",
    "ErrorInChild",
    "Limits",
    "Sandbox",
    "SandboxedBlender",
    "SandboxedCanvasFitter",
    "SandboxedGenerator",
    "SandboxedMetadata",
    "SandboxedProbe",
    "SandboxedUpscaler",
    "Tools",
]
