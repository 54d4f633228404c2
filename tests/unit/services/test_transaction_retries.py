import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pkgutil import iter_modules

import pytest
from attrs import define, evolve

import spike_core.services
from services import Services
from spike_core.domain.errors import SpikeError, TransactionUndone
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_retries import TRANSACTION_TRIES_MAX, retry_on_conflict

SUPPRESSED = {"Queries.image", "IdempotencyStore.amend", "BatchUploads.upload"}  # these see to it inside


@define
class Undone:
    """Transactions of which the database rolls back the next few at their end, as it may at any statement."""

    inner: Transactions
    left: int = 0

    def begin(self) -> AbstractContextManager[Transaction]:
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        return self.inner.view()

    def when_committed(self, action: Callable[[], object]) -> None:
        self.inner.when_committed(action)

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self.inner.begin() as tx:
            yield tx
            if self.left:
                self.left -= 1
                raise TransactionUndone


def use_cases() -> dict[str, object]:
    """Return each public method of a service that begins a transaction."""
    found: dict[str, object] = {}
    for each in iter_modules(spike_core.services.__path__):
        module = import_module(f"spike_core.services.{each.name}")
        source = inspect.getsource(module)
        lines = source.splitlines()
        kinds = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        for kind, method in [(top, node) for top in kinds for node in top.body if isinstance(node, ast.FunctionDef)]:
            body = "\n".join(lines[method.lineno - 1 : method.end_lineno])
            if not method.name.startswith("_") and "transactions.begin()" in body:
                found[f"{kind.name}.{method.name}"] = getattr(getattr(module, kind.name), method.name)
    return found


USE_CASES = use_cases()


def test_there_are_use_cases_to_look_at() -> None:
    assert {"Enhancements.enhance", "JobTransitions.complete", "Uploads.upload"} | SUPPRESSED <= set(USE_CASES)


@pytest.mark.parametrize("name", sorted(set(USE_CASES) - SUPPRESSED))
def test_every_use_case_that_writes_is_retried_when_it_is_undone(name: str) -> None:
    assert hasattr(USE_CASES[name], "__wrapped__")


@pytest.fixture
def services() -> Services:
    return Services.build()


def test_an_undone_request_is_retried_and_charged_once(services: Services) -> None:
    owner = services.owner(tokens=10)
    image = services.upload(owner).image
    undone = Undone(services.jobs.enhancements.transactions, left=TRANSACTION_TRIES_MAX - 1)
    enhancing = evolve(services.jobs.enhancements, transactions=undone).enhance(
        owner, image_id=image.id, tier=Tier.TIER_1K
    )
    assert undone.left == 0
    assert enhancing.balance.amount == services.balance(owner)
    assert services.findings() == []


def test_an_upload_that_is_undone_reads_its_file_again(services: Services) -> None:
    owner = services.owner(tokens=10)
    undone = Undone(services.images.uploads.transactions, left=1)
    evolved = evolve(
        services, images=evolve(services.images, uploads=evolve(services.images.uploads, transactions=undone))
    )
    evolved.upload(owner)
    assert undone.left == 0
    assert len(services.inventory().objects) == 1
    assert services.findings() == []


def test_both_steps_of_a_deletion_are_retried(services: Services) -> None:
    owner = services.owner()
    first, second = (services.upload(owner).image.id for _ in range(2))
    undone = Undone(services.transactions, left=TRANSACTION_TRIES_MAX - 1)
    deletion = evolve(services.images.deletion, transactions=undone)
    deletion.remove(owner, first)
    with services.transactions.begin() as tx:
        tx.images.begin_deletion(second, now=services.clock.now())
    undone.left = TRANSACTION_TRIES_MAX - 1
    assert (deletion.finish_pending().finished, undone.left) == (1, 0)
    assert services.inventory().images == {}
    assert services.findings() == []


def test_retries_come_to_an_end() -> None:
    calls = []

    @retry_on_conflict
    def hopeless() -> None:
        calls.append(1)
        raise TransactionUndone

    with pytest.raises(TransactionUndone):
        hopeless()
    assert len(calls) == TRANSACTION_TRIES_MAX


def test_no_other_error_is_retried() -> None:
    calls = []

    @retry_on_conflict
    def refused() -> None:
        calls.append(1)
        raise SpikeError

    with pytest.raises(SpikeError):
        refused()
    assert len(calls) == 1
