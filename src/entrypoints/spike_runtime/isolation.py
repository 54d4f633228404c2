"""The isolation of children from this process: hiding it, and diagnostics in which a child tries what is prevented."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from attrs import field, frozen

import spike_sandbox
from spike_sandbox import Attempt, Layer, Sandbox, is_hidden, is_passed

_ISOLATE: Final = "set SPIKE_SANDBOX=on"
_UPGRADE: Final = "use a newer kernel, or a container whose seccomp profile allows it"


@frozen(kw_only=True)
class LayerResult:
    """Whether one layer of isolation holds on this machine."""

    part: str
    trouble: str  # empty if it holds
    remedy: str


@frozen(kw_only=True)
class _Trial:
    """A layer, or another property of children, and what a child must fail to do because of it."""

    part: str
    attempts: Mapping[Attempt, str]
    remedy: str
    layer: Layer | None = field(default=None)


def hide_process() -> None:
    """Hide this process's memory and environment from others of the same user, if the system allows it."""
    with contextlib.suppress(OSError):  # `check_isolation` reports it
        spike_sandbox.hide_process()


def check_isolation(sandbox: Sandbox, *, folder: Path) -> Iterator[LayerResult]:
    """Have children try what each layer prevents; a file in `folder` is what they try to read. Nothing stays stored."""
    lacking = sandbox.lacking()
    with tempfile.NamedTemporaryFile(dir=folder) as secret:
        for trial in _trials(Path(secret.name)):
            reason = lacking.get(trial.layer, "") if trial.layer else ""
            yield LayerResult(part=trial.part, trouble=reason or _succeeded(sandbox, trial), remedy=trial.remedy)
    yield _environment(sandbox)
    yield LayerResult(
        part="hidden parent",
        trouble="" if is_hidden() else "processes of this user may read the memory and environment of this one",
        remedy="run Spike on Linux",
    )


def _succeeded(sandbox: Sandbox, trial: _Trial) -> str:
    """Return what a child was able to do; an empty text if it was nothing."""
    done = [what for what, on in trial.attempts.items() if not sandbox.attempt(what, on=on)]
    return f"a child was able to {', '.join(done)}" if done else ""


def _trials(secret: Path) -> Iterator[_Trial]:
    yield _Trial(
        part="no new privileges",
        layer=Layer.PRIVILEGES,
        attempts={Attempt.GAIN_PRIVILEGES: ""},
        remedy=_ISOLATE,
    )
    yield _Trial(
        part="namespaces",
        layer=Layer.NAMESPACES,
        attempts={Attempt.SHARE_NETWORK: _network()},
        remedy="allow user namespaces (user.max_user_namespaces, AppArmor, the container); seccomp refuses sockets too",
    )
    yield _Trial(
        part="no capabilities",
        layer=Layer.CAPABILITIES,
        attempts={Attempt.USE_CAPABILITIES: ""},
        remedy="run Spike as a user who isn't root",
    )
    yield _Trial(
        part="hidden memory",
        layer=Layer.HIDDEN,
        attempts={Attempt.READ_MEMORY: str(os.getpid()), Attempt.SIGNAL: str(os.getpid())},
        remedy=_ISOLATE,
    )
    yield _Trial(
        part="limits",
        layer=Layer.LIMITS,
        attempts={Attempt.OPEN_MANY_FILES: "", Attempt.MAP_SHARED_MEMORY: ""},
        remedy=_ISOLATE,
    )
    yield _Trial(
        part="Landlock",
        layer=Layer.LANDLOCK,
        attempts={Attempt.READ_FILE: str(secret), Attempt.WRITE_FILE: str(secret)},
        remedy=f"{_UPGRADE} (Linux 5.13); or run Spike as a user who may read nothing else",
    )
    yield _Trial(
        part="seccomp",
        layer=Layer.SECCOMP,
        attempts={Attempt.FORK: "", Attempt.EXECUTE: sys.executable},
        remedy=_UPGRADE,
    )


def _environment(sandbox: Sandbox) -> LayerResult:
    """Check that children get none of this process's environment but what `is_passed` names."""
    passed = [
        name
        for name in os.environ
        if not is_passed(name) and not name.startswith("PYTHON") and not sandbox.attempt(Attempt.READ_VARIABLE, on=name)
    ]
    trouble = f"children have the variables {', '.join(sorted(passed))}" if passed else ""
    return LayerResult(part="environment", trouble=trouble, remedy="remove them from SPIKE_SANDBOX_VARIABLES")


def _network() -> str:
    try:
        return os.readlink("/proc/self/ns/net")  # noqa: PTH115  # it is no path
    except OSError:
        return ""
