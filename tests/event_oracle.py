"""An oracle of domain events: what has to be recorded follows from the stored state before and after a transaction.

It knows no use case and no port: it compares rows.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from spike_core.domain.events import EVENT_TYPES, Event, ImageDeleted, ImageUploaded, JobCompleted, TokensMoved
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob, Job, RefundedJob, SettledJob
from spike_core.ports.transactions import Transaction
from spike_memory import MemoryTransactions
from spike_memory.state import State

Fact = tuple[object, ...]


class Everything:
    """A subscriber that wants all events and collects them."""

    name = "everything"
    kinds = frozenset(EVENT_TYPES.values())

    def __init__(self) -> None:
        """Begin without events."""
        self.events: list[Event] = []

    def handle(self, event: Event) -> None:
        """Collect the event."""
        self.events.append(event)


class ObservedTransactions(MemoryTransactions):
    """Transactions that check at each commit that its events are what has changed, no more and no less."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.observed: Counter[str] = Counter()  # events by their type

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        before = self._state
        with super()._begin() as tx:
            yield tx
        changed, recorded = changes(before, self._state), _recorded(before, self._state)
        assert Counter(recorded) == Counter(changed), (recorded, changed)
        self.observed.update(str(fact[0]) for fact in changed)


def changes(before: State, after: State) -> list[Fact]:
    """Return what has happened between two states."""
    return [*_moved(before, after), *_ended(before, after), *_uploaded(before, after), *_deleted(before, after)]


def _moved(before: State, after: State) -> Iterator[Fact]:
    for owner_id, entries in after.ledgers.items():
        for entry in entries[len(before.ledgers.get(owner_id, ())) :]:
            yield (
                *("tokens.moved", owner_id, entry.sequence, entry.kind, entry.amount, entry.balance_after),
                *(entry.job_id, entry.reason, entry.reference),
            )


def _ended(before: State, after: State) -> Iterator[Fact]:
    for job_id in before.jobs.keys() | after.jobs.keys():
        was, is_ = before.jobs.get(job_id), after.jobs.get(job_id)
        if isinstance(was, SettledJob) or (is_ is not None and not isinstance(is_, SettledJob)):
            continue
        job = was if is_ is None else is_
        assert job is not None
        yield _type_of_end(is_), job_id, job.spec.owner_id, job.spec.tier.name, job.spec.charged, _result(is_)


def _type_of_end(job: Job | None) -> str:
    match job:
        case None | CancelledJob():  # a job that is deleted while it is open was cancelled before
            return "job.cancelled"
        case CompletedJob():
            return "job.completed"
        case RefundedJob():
            return "job.refunded"
        case FailedJob():
            return "job.failed"
        case _:
            raise AssertionError(job)


def _result(job: Job | None) -> object:
    return (job.result.key, job.result.dimensions) if isinstance(job, CompletedJob) else None


def _uploaded(before: State, after: State) -> Iterator[Fact]:
    for image_id in after.images.keys() - before.images.keys():
        image = after.images[image_id]
        yield "image.uploaded", image_id, image.owner_id, image.name, image.dimensions, image.original


def _deleted(before: State, after: State) -> Iterator[Fact]:
    for image_id in before.images.keys() - after.images.keys():
        yield "image.deleted", image_id, before.images[image_id].owner_id


def _recorded(before: State, after: State) -> list[Fact]:
    new = [after.event_deliveries[at].event for at in after.event_deliveries.keys() - before.event_deliveries.keys()]
    return [_fact(event) for event in new]


def _fact(event: Event) -> Fact:
    kind = event.event_type
    match event:
        case TokensMoved():
            return (
                *(kind, event.owner_id, event.sequence, event.kind, event.amount, event.balance),
                *(event.job_id, event.reason, event.reference),
            )
        case ImageUploaded():
            return kind, event.image_id, event.owner_id, event.name, event.dimensions, event.original
        case ImageDeleted():
            return kind, event.image_id, event.owner_id
        case _:
            result = (event.result, event.dimensions) if isinstance(event, JobCompleted) else None
            return kind, event.job_id, event.owner_id, event.tier, event.charged, result
