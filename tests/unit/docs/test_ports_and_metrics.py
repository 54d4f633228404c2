"""`docs/reference/ports.md` names every port, `docs/reference/metrics.md` every series, and nothing else."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from house import House
from spike_core import ports
from spike_runtime.metrics import Metrics

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference"
PORT: Final = re.compile(r"^\| `(\w+)` \| `(\w+)\.py` \| .+ \| (.+) \|$", re.MULTILINE)
SERIES: Final = re.compile(r"^\| `(spike_\w+)` \| (\w+) \|", re.MULTILINE)
EXPOSED: Final = re.compile(r"^# TYPE (spike_\w+?)(?:_total)? (\w+)$", re.MULTILINE)


def protocols() -> Iterator[tuple[str, str, frozenset[str]]]:
    for module in pkgutil.iter_modules(ports.__path__):
        if module.name == "plugins":  # factories, told in docs/architecture.md
            continue
        found = importlib.import_module(f"{ports.__name__}.{module.name}")
        for name, kind in vars(found).items():
            if isinstance(kind, type) and kind.__module__ == found.__name__ and getattr(kind, "_is_protocol", False):
                methods = {method for method in vars(kind) if not method.startswith("_")}
                yield name, module.name, frozenset(methods)


def test_every_port_is_told_with_its_methods() -> None:
    page = (REFERENCE / "ports.md").read_text(encoding="utf-8")
    told = {(name, file, frozenset(re.findall(r"`(\w+)`", methods))) for name, file, methods in PORT.findall(page)}
    assert told == set(protocols())


def test_every_series_is_told_with_its_kind(house: House) -> None:
    page = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    metrics = Metrics(transactions=house.transactions, clock=house.clock)
    exposed = {row for row in EXPOSED.findall(metrics.exposition().decode()) if not row[0].endswith("_created")}
    assert set(SERIES.findall(page)) == exposed
