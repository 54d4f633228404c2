"""`docs/reference/ports.md` documents every port, `docs/reference/metrics.md` every series, and nothing else."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from services import Services
from spike_core import ports
from spike_core.domain.event_deliveries import SubscriberName, Subscription
from spike_core.domain.tiers import Tier
from spike_prometheus import PrometheusMetrics
from spike_runtime.metrics import Metrics

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference"
PORT: Final = re.compile(r"^\| `(\w+)` \| `(\w+)\.py` \| (.+) \| (.+) \|$", re.MULTILINE)
SERIES: Final = re.compile(r"^\| `(spike_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)


def protocols() -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Yield name, file, the first sentence of the docstring, and the methods of each port."""
    for module in pkgutil.iter_modules(ports.__path__):
        if module.name == "factories":  # described in docs/architecture.md
            continue
        found = importlib.import_module(f"{ports.__name__}.{module.name}")
        for name, kind in vars(found).items():
            if isinstance(kind, type) and kind.__module__ == found.__name__ and getattr(kind, "_is_protocol", False):
                methods = {method for method in vars(kind) if not method.startswith("_")}
                yield name, module.name, first_sentence(kind), frozenset(methods)


def first_sentence(kind: type) -> str:
    paragraph = " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
    return re.split(r"\.(?: |$)", paragraph)[0]


def test_every_port_is_documented_with_its_first_sentence_and_its_methods() -> None:
    page = (REFERENCE / "ports.md").read_text(encoding="utf-8")
    documented = {
        (name, file, sentence, frozenset(re.findall(r"`(\w+)`", methods)))
        for name, file, sentence, methods in PORT.findall(page)
    }
    assert documented == set(protocols())


def exposed(metrics: Metrics) -> set[tuple[str, str, frozenset[str], str]]:
    """Return name, type, labels and meaning of each series, after each has counted something."""
    metrics.count_request(method="GET", route="/healthz", status=200, seconds=0.1)
    metrics.count_attempt(tier=Tier.FREE, outcome="delivered", seconds=1.0)
    metrics.count_wait(tier=Tier.FREE, wait=timedelta(seconds=1))
    metrics.count_recovery(sweep="relay", found=1)
    metrics.count_postponed(sweep="removals", postponed=1)
    metrics.count_events(subscriber="mail", handled=1, failed=1, set_aside=1)
    return {
        (family.name, family.type, labels_of(family), family.documentation)
        for family in text_string_to_metric_families(metrics.exposition().decode())
        if family.name.startswith("spike_") and not family.name.endswith("_created")
    }


def labels_of(family: Metric) -> frozenset[str]:
    """Return the labels of its samples, without `le`, which every histogram has."""
    return frozenset(label for sample in family.samples for label in sample.labels) - {"le"}


def test_every_series_is_documented_with_its_kind_labels_and_meaning_and_none_else(services: Services) -> None:
    with services.transactions.begin() as tx:
        name = SubscriberName("mail")
        tx.subscriptions.put(Subscription(name=name, event_types=frozenset(), seen_at=services.clock.now()))
    page = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    documented = {
        (name, kind, frozenset(re.findall(r"\w+", labels)), means) for name, kind, labels, means in SERIES.findall(page)
    }
    assert documented == exposed(PrometheusMetrics(transactions=services.transactions, clock=services.clock))
