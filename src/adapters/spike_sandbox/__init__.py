"""Image work in child processes that can be killed: an engine that runs another engine there."""

from spike_sandbox.engine import Sandbox, SandboxedBlender, SandboxedMetadata, SandboxedProbe, SandboxedUpscaler
from spike_sandbox.limits import Limits
from spike_sandbox.verdicts import ErrorInChild

__all__ = [
    "ErrorInChild",
    "Limits",
    "Sandbox",
    "SandboxedBlender",
    "SandboxedMetadata",
    "SandboxedProbe",
    "SandboxedUpscaler",
]
