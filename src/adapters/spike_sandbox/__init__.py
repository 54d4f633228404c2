"""Image processing in child processes that can be killed: an engine that delegates to an engine in a child."""

from spike_sandbox.attack_attempts import Attempt
from spike_sandbox.child_tasks import BuildGenerator, Tools
from spike_sandbox.engine import (
    Sandbox,
    SandboxedBlender,
    SandboxedCanvasFitter,
    SandboxedGenerator,
    SandboxedMetadata,
    SandboxedProbe,
    SandboxedUpscaler,
)
from spike_sandbox.environment import is_passed
from spike_sandbox.error_codec import ErrorInChild
from spike_sandbox.isolation import Isolation, Layer, Surroundings
from spike_sandbox.limits import Limits
from spike_sandbox.privileges import hide_process, is_hidden

__all__ = [
    "Attempt",
    "BuildGenerator",
    "ErrorInChild",
    "Isolation",
    "Layer",
    "Limits",
    "Sandbox",
    "SandboxedBlender",
    "SandboxedCanvasFitter",
    "SandboxedGenerator",
    "SandboxedMetadata",
    "SandboxedProbe",
    "SandboxedUpscaler",
    "Surroundings",
    "Tools",
    "hide_process",
    "is_hidden",
    "is_passed",
]
