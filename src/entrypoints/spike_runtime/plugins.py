"""Adapters by name: the entry points of the group `spike.adapters`."""

import functools
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any, Final

from spike_core.ports.factories import ADAPTER_API
from spike_runtime.entry_points import entry_points
from spike_runtime.settings import WrongSettings

GROUP: Final = "spike.adapters"
DECLARATION: Final = "ADAPTER_API"  # of a factory's module; without it, an adapter is taken for one of API 1


def load_adapter(role: str, name: str, *, setting: str) -> Any:
    """Return the factory of the entry point `<role>.<name>`; its type is in `spike_core.ports.factories`.

    Raises:
        WrongSettings: no such adapter is installed, or one of its dependencies isn't; or it is written for another
            version of the ports; or two packages have an adapter of the same name, whichever it is.
    """
    installed = _installed()
    found = installed.get(f"{role}.{name}")
    if found is None:
        known = sorted(each.partition(".")[2] for each in installed if each.startswith(f"{role}."))
        raise WrongSettings(f"{setting}: no {role} {name!r} is installed; there is {', '.join(known) or 'none'}")
    try:
        factory = found.load()
    except ImportError as error:
        raise WrongSettings(f"{setting}: {role} {name!r} needs a package that isn't installed: {error}") from error
    declared = getattr(sys.modules[found.module], DECLARATION, 1)
    if declared != ADAPTER_API:
        package = f"{found.dist.name} {found.dist.version}" if found.dist else found.module
        raise WrongSettings(
            f"{setting}: {role} {name!r} of {package} is written for adapter API {declared}, and this Spike has "
            f"{ADAPTER_API}; install versions of the two that fit"
        )
    return factory


def installed_names() -> Sequence[str]:
    """Return the names of all installed adapters, whatever their roles, each once."""
    return sorted({each.partition(".")[2] for each in _installed()})


@functools.cache  # a start needs it six times
def _installed() -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other is not point:
            raise WrongSettings(
                f"two packages have an adapter {point.name}: {_package_of(other)} and {_package_of(point)}; "
                "uninstall one of them"
            )
    return found


def _package_of(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def scheme_of(url: str, *, setting: str) -> str:
    """Return the scheme of a URL, which is its adapter's name.

    Raises:
        WrongSettings: the URL has no scheme.
    """
    scheme, colon, _ = url.partition(":")
    if not colon or not scheme:
        raise WrongSettings(f"{setting} must be a URL such as scheme://…")
    return scheme.partition("+")[0].lower()
