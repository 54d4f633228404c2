"""The audit finds each kind of damage, names the row, and finds nothing in valid data, even during changes."""

import io
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from faults import FaultyBlobStore, FaultyTransactions
from services import Inventory, Services, audit_in_pages
from spike_contracts.builders import an_image_id
from spike_core.domain.errors import StorageUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CancelledJob, CompletedJob, PendingJob, RefundedJob
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.tokens import Tokens
from spike_core.services.audit import DEAD_MESSAGE_AGE
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions
from spike_memory.state import State

PAGE: Final = 20


@pytest.fixture(autouse=True)
def _pages(monkeypatch: pytest.MonkeyPatch) -> None:
    audit_in_pages(PAGE, monkeypatch)


def a_busy_house(transactions: MemoryTransactions | None = None) -> Services:
    """Return services with a job in every state, two users, and an image without a job."""
    services = Services.build(transactions=transactions)
    owner, other = services.owner(), services.owner("eve@example.org")
    services.upload(owner, album_id=services.album(owner, auto_enhance=False).id)
    for uploader in (owner, other):
        services.accept(uploader)
    services.work()
    services.jobs.cancellation.cancel(owner, services.accept(owner).id)
    services.jobs.transitions.fail(services.claim(other), "no")
    services.claim(owner)
    services.accept(other)
    services.inbox.refuses = True
    services.accept(owner)
    services.pass_time(timedelta(minutes=40))
    services.accept(other)
    return services


def test_nothing_is_wrong_with_an_empty_house(services: Services) -> None:
    assert services.findings() == []


def test_nothing_is_wrong_with_a_busy_house() -> None:
    services = a_busy_house()
    before = services.inventory()
    assert len({type(job) for job in before.jobs.values()}) == 6
    assert services.findings() == []
    services.check_nothing_but_time_passed(before)


def test_nothing_is_wrong_with_it_when_it_has_come_to_rest() -> None:
    services = a_busy_house()
    services.inbox.refuses = False
    services.come_to_rest()
    services.pass_time(timedelta(days=1))
    services.maintenance.recovery.collect_orphans()
    assert services.findings() == []


def first(inventory: Inventory, kind: type[object]) -> JobId:
    return next(id_ for id_, job in inventory.jobs.items() if isinstance(job, kind))


def entries_changed(state: State, change: Callable[[LedgerEntry], list[LedgerEntry]]) -> None:
    for owner, entries in state.ledgers.items():
        state.ledgers[owner] = tuple(kept for entry in entries for kept in change(entry))


def balance_changed(state: State, inventory: Inventory) -> str:
    owner, wallet = next(iter(inventory.wallets.items()))
    state.wallets[owner] = evolve(wallet, balance=wallet.balance + Tokens(1))
    return str(owner)


def spending_changed(state: State, inventory: Inventory) -> str:
    owner, wallet = next(iter(inventory.wallets.items()))
    state.wallets[owner] = evolve(wallet, spent=wallet.spent + Tokens(1))
    return str(owner)


def refunds_changed(state: State, inventory: Inventory) -> str:
    owner, wallet = next(iter(inventory.wallets.items()))
    state.wallets[owner] = evolve(wallet, refunded=wallet.refunded + Tokens(1))
    return str(owner)


def earning_lost(state: State, inventory: Inventory) -> str:
    owner = next(iter(inventory.wallets))
    state.ledgers[owner] = state.ledgers[owner][1:]
    return str(owner)


def charge_lost(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, CompletedJob)
    entries_changed(state, lambda entry: [] if entry.job_id == job_id else [entry])
    return str(job_id)


def charge_doubled(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, CompletedJob)
    entries_changed(state, lambda entry: [entry, entry] if entry.job_id == job_id else [entry])
    return str(job_id)


def charge_of_another_amount(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, CompletedJob)
    entries_changed(state, lambda entry: [evolve(entry, amount=-3) if entry.job_id == job_id else entry])
    return str(job_id)


def refund_lost(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, CancelledJob)
    entries_changed(state, lambda entry: [] if entry.job_id == job_id and entry.kind is EntryKind.REFUND else [entry])
    return str(job_id)


def refund_doubled(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, RefundedJob)
    entries_changed(state, lambda entry: [entry] * (1 + (entry.job_id == job_id and entry.kind is EntryKind.REFUND)))
    return str(job_id)


def delivered_and_refunded(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, CompletedJob)

    def refunded(entry: LedgerEntry) -> list[LedgerEntry]:
        if entry.job_id != job_id:
            return [entry]
        return [entry, evolve(entry, kind=EntryKind.REFUND, amount=-entry.amount)]

    entries_changed(state, refunded)
    return str(job_id)


def balance_after_changed(state: State, _inventory: Inventory) -> str:
    """The sums agree, but the running balance doesn't."""
    owner_id, ledger = next((owner_id, ledger) for owner_id, ledger in state.ledgers.items() if len(ledger) > 1)
    state.ledgers[owner_id] = (evolve(ledger[0], balance_after=Tokens(7)), *ledger[1:])
    return str(owner_id)


def refunded_while_it_goes_on(state: State, inventory: Inventory) -> str:
    job_id = first(inventory, RefundedJob)
    state.jobs[job_id] = PendingJob(spec=inventory.jobs[job_id].spec)
    return str(job_id)


@pytest.mark.parametrize(
    ("damage", "invariant"),
    [
        (balance_changed, "I1"),
        (spending_changed, "I1"),
        (refunds_changed, "I1"),
        (earning_lost, "I1"),
        (balance_after_changed, "I1"),
        (charge_lost, "I2"),
        (charge_doubled, "I2"),
        (charge_of_another_amount, "I2"),
        (refund_doubled, "I2"),
        (refund_lost, "I3"),
        (delivered_and_refunded, "I3"),
        (refunded_while_it_goes_on, "I3"),
    ],
)
def test_damaged_rows_are_found_and_named(damage: Callable[[State, Inventory], str], invariant: str) -> None:
    transactions = MemoryTransactions()
    services = a_busy_house(transactions)
    subject = damage(transactions._state, services.inventory())
    assert (invariant, subject) in {(finding.invariant, finding.subject) for finding in services.findings()}


def test_a_missing_original_is_found() -> None:
    services = a_busy_house()
    image = next(iter(services.inventory().images.values()))
    services.blobs.delete([image.original])
    assert [(finding.invariant, finding.subject) for finding in services.findings()] == [("I8", str(image.id))]


def test_a_missing_result_is_found() -> None:
    services = a_busy_house()
    inventory = services.inventory()
    job_id = first(inventory, CompletedJob)
    job = inventory.jobs[job_id]
    assert isinstance(job, CompletedJob)
    services.blobs.delete([job.result.key])
    assert [(finding.invariant, finding.subject) for finding in services.findings()] == [("I8", str(job_id))]


def test_an_object_that_no_row_names_is_found_when_a_sweep_should_have_collected_it() -> None:
    services = a_busy_house()
    key = ObjectKey.of_original(an_image_id(), PictureFormat.JPEG)
    services.blobs.put(key, io.BytesIO(b"orphan"))
    services.pass_time(2 * (services.limits.orphan_age + services.limits.orphan_interval))
    assert services.findings() == []
    services.pass_time(timedelta(microseconds=1))
    assert [(finding.invariant, finding.subject) for finding in services.findings()] == [("I8", str(key))]
    services.maintenance.recovery.collect_orphans()
    assert services.findings() == []


def test_a_message_of_an_ended_job_is_found_when_relays_should_have_dropped_it() -> None:
    services = a_busy_house()
    job_id = first(services.inventory(), CancelledJob)
    with services.transactions.begin() as tx:
        tx.outbox.put([OutboxMessage(job_id=job_id, due_at=services.clock.now())])
    services.pass_time(DEAD_MESSAGE_AGE)
    assert services.findings() == []
    services.pass_time(timedelta(microseconds=1))
    assert [(finding.invariant, finding.subject) for finding in services.findings()] == [("outbox", str(job_id))]
    services.inbox.refuses = False
    services.jobs.dispatch.relay()
    assert services.findings() == []


def test_messages_behind_the_first_page_are_judged() -> None:
    services = Services.build()
    owner = services.owner(tokens=10 * PAGE)
    services.inbox.refuses = True
    jobs = [services.accept(owner) for _ in range(PAGE + 1)]
    last = max(job.id for job in jobs)
    services.jobs.cancellation.cancel(owner, last)
    with services.transactions.begin() as tx:
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=services.clock.now()) for job in jobs])
    services.pass_time(2 * DEAD_MESSAGE_AGE)
    assert [(finding.invariant, finding.subject) for finding in services.findings()] == [("outbox", str(last))]


def test_damage_behind_the_first_page_is_found() -> None:
    """With exactly one full page of images, jobs and objects, and one more image without its object."""
    services = Services.build()
    owner = services.owner(tokens=10 * PAGE)
    for _ in range(PAGE):
        services.accept(owner)
    assert services.findings() == []
    last = services.upload(owner).image
    services.blobs.delete([last.original])
    assert [finding.subject for finding in services.findings()] == [str(last.id)]


def test_wallets_behind_the_first_page_are_judged() -> None:
    transactions = MemoryTransactions()
    services = Services.build(transactions=transactions)
    for number in range(PAGE + 1):
        last = services.owner(f"{number}@example.org", tokens=1)
    transactions._state.wallets[last] = evolve(transactions._state.wallets[last], balance=Tokens(2))
    assert [finding.subject for finding in services.findings()] == [str(last)]


def test_jobs_behind_the_first_page_are_judged() -> None:
    transactions = MemoryTransactions()
    services = Services.build(transactions=transactions)
    owner = services.owner(tokens=10 * PAGE)
    for _ in range(PAGE + 1):
        last = services.accept(owner)
    transactions._state.jobs[last.id] = CancelledJob(spec=last.spec, ended_at=services.clock.now())
    found = [(finding.invariant, finding.subject) for finding in services.findings()]
    assert found == [("usage", str(owner)), ("usage", str(owner)), ("I3", str(last.id))]


class ObservedBlobStore(FaultyBlobStore):
    """Runs an action when the audit checks which objects exist."""

    act: Callable[[], None] | None = None

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        if self.act is not None:
            self.act()
            self.act = None
        return super().find(keys)


def test_a_row_that_goes_away_while_the_audit_looks_is_no_damage() -> None:
    """Deleting an image removes objects and rows; the audit reads again before it reports."""
    clock, transactions = ManualClock(), MemoryTransactions()
    blobs = ObservedBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, transactions=transactions, blobs=blobs)
    owner = services.owner()
    image = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image

    def delete_image() -> None:
        services.images.deletion.remove(owner, image.id)

    blobs.act = delete_image
    assert services.findings() == []


def test_a_store_that_does_not_answer_is_trouble_and_no_finding() -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, transactions=FaultyTransactions(MemoryTransactions()), blobs=blobs)
    services.accept(services.owner())
    for method in ("find", "scan"):
        blobs.failing = {method}
        with pytest.raises(StorageUnavailable):
            services.findings()
