"""Events for the contract suites."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, get_args

from attrs import evolve

from spike_contracts.builders import (
    NOON,
    a_body,
    a_claimed_job,
    a_job_id,
    a_result,
    an_image,
    an_owner,
)
from spike_core.domain.events import (
    Event,
    ImageDeleted,
    ImageUploaded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobRefunded,
    TokensMoved,
    task_name,
)
from spike_core.domain.identifiers import BatchId, EventId, OwnerId, RequestId
from spike_core.domain.ledger import EntryKind, Reference
from spike_core.domain.tokens import Tokens

SECOND: Final = timedelta(seconds=1)


def a_movement(number: int = 1, *, owner_id: OwnerId | None = None) -> TokensMoved:
    """Return the event about an owner's ledger entry with this number."""
    return TokensMoved(
        id=EventId.of(a_body()),
        owner_id=owner_id or an_owner(),
        occurred_at=NOON,
        sequence=number,
        kind=EntryKind.EARN_BONUS,
        amount=number,
        balance=Tokens(number),
        job_id=None,
        reason="Welcome",
    )


def one_event_of_each_kind() -> Sequence[Event]:
    """Return an event of each kind, with every optional field set in one and missing in another."""
    image, job = an_image(), a_claimed_job()
    result = a_result(job)
    moment = NOON + timedelta(microseconds=1)
    shared: dict[str, Any] = {"id": EventId.of(a_body()), "owner_id": image.owner_id, "occurred_at": moment}
    ended: dict[str, Any] = {
        **shared,
        "job_id": job.id,
        "image_id": job.spec.image_id,
        "batch_id": BatchId.of(a_body()),
        "request_id": RequestId.of(a_body()),
        "task": task_name(job.spec.task),
        "tier": "TIER_8K",  # of another catalog
        "charged": Tokens(2),
        "balance": Tokens(98),
        "accepted_at": NOON,
        "attempt": 1,
    }
    unnamed: dict[str, Any] = {**ended, "image_id": None, "batch_id": None, "request_id": None}
    events: list[Event] = [
        JobCompleted(
            **ended,
            result=result.key,
            format=result.format,
            dimensions=result.dimensions,
            size_bytes=result.size_bytes,
            method=result.method,
        ),
        JobRefunded(**unnamed, reason='"Ünïcode"\n'),
        JobFailed(**ended, reason=""),
        JobCancelled(**unnamed),
        evolve(a_movement(), job_id=a_job_id()),
        evolve(a_movement(), reference=Reference("pi_1 'é🦊'")),
        ImageUploaded(
            **shared,
            image_id=image.id,
            name=image.name,
            description=None,
            format=image.format,
            dimensions=image.dimensions,
            size_bytes=image.size_bytes,
            original=image.original,
            is_public=True,
        ),
        ImageDeleted(**shared, image_id=image.id, name=image.name),
    ]
    assert list(dict.fromkeys(type(event) for event in events)) == list(get_args(Event))
    return [evolve(event, id=EventId.of(a_body())) for event in events]
