"""Configuration of all tests."""

import gc
import logging
import os
from collections import defaultdict
from collections.abc import Generator, Hashable, Iterator, Mapping
from typing import Final

import pytest
import structlog
from hypothesis import settings

import new_databases
import preloaded
from effort import each_value_once, examples, in_starting_order, left_out

# Several processes share the processors here, and the threads of OpenMP would spin while they wait for each other:
# measured with ncnn, that made tests take six times as long. Libraries read it when they are loaded; children inherit
# it.
os.environ["OMP_WAIT_POLICY"] = "passive"

# Rich would take seconds to draw a logged error with the variables of all its frames.
for _processor in structlog.get_config()["processors"]:
    if isinstance(_processor, structlog.dev.ConsoleRenderer):
        _processor.exception_formatter = structlog.dev.plain_traceback

pytest_plugins = ["documentation_site", "fault_table", "servers.postgres", "servers.s3", "servers.valkey"]

# No deadlines, since a busy machine isn't a failure. CI repeats the same examples, so that a failure is due to the
# change; developers' runs try new ones.
settings.register_profile(
    "spike", max_examples=examples(100), deadline=None, derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("spike")

new_databases.make_at_once()

pytest.register_assert_rewrite("machine")  # its assertions, too, show their values


# how long each took on one of four workers, on two busy processors; what isn't named has many short tests
FOLDERS_S: Final[Mapping[str, float]] = {
    "tests/integration/sqlalchemy": 585,
    "tests/integration/processes": 523,
    "tests/integration/browser": 390,
    "tests/integration/pillow": 333,
    "tests/integration/faults": 287,
    "tests/integration/sandbox": 266,
    "tests/integration/s3": 158,
    "tests/integration/ncnn": 146,
    "tests/integration/http": 146,
    "tests/unit/http/openapi": 132,
    "tests/integration/openai": 98,
    "tests/integration/docs": 96,
    "tests/integration/examples": 93,
    "tests/unit/http/resources": 79,
    "tests/unit/docs": 48,
    "tests/integration/procedural": 45,
    "tests/integration/contracts": 44,
    "tests/unit/http": 44,
    "tests/unit/services": 44,
    "tests/integration/dramatiq": 37,
    "tests/integration/deploy": 28,
    "tests/unit/memory": 28,
    "tests/integration/filesystem": 26,
    "tests/unit/worker": 19,
}


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Restore the logging configuration after a test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Start the process that forks commands, once for all workers of pytest-xdist."""
    preloaded.listen()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without garbage collection, and keep them out of all later ones, which are rare: they stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out combinations of parameters that `make test` can spare, and start long tests first."""
    combined: dict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        if item.get_closest_marker(each_value_once.name):
            combined[item.nodeid.partition("[")[0]].append(item)
    spared: set[pytest.Item] = set()
    for functions in combined.values():
        places = left_out([_values(function) for function in functions])
        spared.update(functions[place] for place in places)
    if spared:
        config.hook.pytest_deselected(items=list(spared))
        items[:] = [item for item in items if item not in spared]
    if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        folders = [item.nodeid.partition("::")[0].rpartition("/")[0] for item in items]
        items[:] = [items[place] for place in in_starting_order(folders, FOLDERS_S, workers=workers)]


def _values(function: pytest.Function) -> frozenset[Hashable]:
    """Return what tells the values of a test's parameters from each other; a row of several parameters is one value."""
    params = dict(function.callspec.params)
    values: set[Hashable] = set()
    for mark in function.iter_markers("parametrize"):
        names = mark.args[0]
        row = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        if all(name in params for name in row):
            values.add((*row, *(id(params.pop(name)) for name in row)))
    return frozenset(values | {(name, id(value)) for name, value in params.items()})
