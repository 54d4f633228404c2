"""Image processing in child processes that can be killed: an engine that delegates to an engine in a child.

The names are imported on first use: a child imports none of what its parent needs, and starts sooner.
"""

from typing import TYPE_CHECKING

from spike_core.lazy_names import lazy_names

if TYPE_CHECKING:
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

__getattr__ = lazy_names(
    __name__,
    {
        "spike_sandbox.attack_attempts": ("Attempt",),
        "spike_sandbox.child_tasks": ("BuildGenerator", "Tools"),
        "spike_sandbox.engine": (
            "Sandbox",
            "SandboxedBlender",
            "SandboxedCanvasFitter",
            "SandboxedGenerator",
            "SandboxedMetadata",
            "SandboxedProbe",
            "SandboxedUpscaler",
        ),
        "spike_sandbox.environment": ("is_passed",),
        "spike_sandbox.error_codec": ("ErrorInChild",),
        "spike_sandbox.isolation": ("Isolation", "Layer", "Surroundings"),
        "spike_sandbox.limits": ("Limits",),
        "spike_sandbox.privileges": ("hide_process", "is_hidden"),
    },
)


def __dir__() -> list[str]:
    return __all__
