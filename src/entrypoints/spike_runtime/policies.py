"""What an app decides, by the entry points of the group `spike.policies`, so that `spike worker` and commands know it.

An entry point's name says which policy it is. It names a function or class that is called without arguments.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any, Final

from attrs import evolve, fields, frozen

from spike_core.domain.catalog import Catalog
from spike_core.ports.price_list import PriceList
from spike_core.ports.regeneration import RegenerationPolicies
from spike_runtime.entry_points import entry_points
from spike_runtime.settings import Settings, WrongSettings

GROUP: Final = "spike.policies"


@frozen(kw_only=True)
class AppPolicies:
    """The policies of an app; `None` where it leaves one to the settings."""

    catalog: Catalog | None = None
    price_list: PriceList | None = None
    regeneration: RegenerationPolicies | None = None


_NAMES: Final = tuple(field.name for field in fields(AppPolicies))


def load_policies(given: AppPolicies) -> AppPolicies:
    """Return the given policies, and those of the entry points where none is given.

    Raises:
        WrongSettings: an entry point's name is no policy's, or two have the same; or one can't be imported or called. A
            process that went on without it would charge or refill wallets by other rules than the app's.
    """
    missing = {name: point for name, point in _installed().items() if getattr(given, name) is None}
    return evolve(given, **{name: _opened(point) for name, point in missing.items()})


def load_catalog(settings: Settings) -> Catalog:
    """Return the catalog of the entry point, without calling others; if there is none, that of the settings.

    Raises:
        WrongSettings: as `load_policies`.
    """
    point = _installed().get("catalog")
    if point is None:
        return settings.catalog
    catalog: Catalog = _opened(point)
    return catalog


def _installed() -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name not in _NAMES:
            raise WrongSettings(f"{GROUP}: {point.name} is no policy; there are {', '.join(_NAMES)}")
        other = found.setdefault(point.name, point)
        if other is not point:
            raise WrongSettings(f"{GROUP}: there are two of {point.name}: {other.value} and {point.value}")
    return found


def _opened(point: EntryPoint) -> Any:
    try:
        return point.load()()
    except Exception as error:
        raise WrongSettings(f"the entry point {point.name} = {point.value} of {GROUP} failed: {error}") from error
