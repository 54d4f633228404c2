"""The journal of a transaction: what it has changed, and the domain events that describe this."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

from attrs import define, field, frozen

from spike_core.domain.errors import WalletNotFound
from spike_core.domain.event_deliveries import AddressedEvent, SubscriberName, Subscription
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
from spike_core.domain.identifiers import EventId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob, RefundedJob, SettledJob
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.wallet import Posting, Wallet
from spike_core.ports.transactions import Transaction

Select = Callable[[Transaction, Sequence[Event]], Sequence[Event]]
"""Returns those of a transaction's events that a subscriber wants, in their order; reads only."""


@frozen(kw_only=True)
class DeletedImage:
    """An image that the transaction hides."""

    image: Image
    at: datetime


Change = SettledJob | LedgerEntry | Image | DeletedImage

EVENT_OF: Final[Mapping[type[Change], type[Event]]] = {
    CompletedJob: JobCompleted,
    RefundedJob: JobRefunded,
    FailedJob: JobFailed,
    CancelledJob: JobCancelled,
    LedgerEntry: TokensMoved,
    Image: ImageUploaded,
    DeletedImage: ImageDeleted,
}


@define(kw_only=True)
class Journal:
    """What a transaction has changed so far, in its order."""

    subscriptions: Sequence[Subscription]
    selecting: Mapping[SubscriberName, Select]
    changes: list[Change] = field(factory=list, init=False)
    wallets: dict[OwnerId, Wallet] = field(factory=dict, init=False)  # as they were posted last

    def subscribers(self, kind: type[Event]) -> frozenset[SubscriberName]:
        """Return those who want events of this kind."""
        return frozenset(each.name for each in self.subscriptions if kind.event_type in each.event_types)

    def post(self, posting: Posting) -> None:
        """Note a wallet that was stored with its new entries."""
        self.wallets[posting.wallet.owner_id] = posting.wallet
        self.changes += posting.entries

    def addressed(self, tx: Transaction) -> Sequence[AddressedEvent]:
        """Return the events that some subscriber wants."""
        wanted = [
            (self._event(tx, change), set(subscribers))
            for change in self.changes
            if (subscribers := self.subscribers(EVENT_OF[type(change)]))
        ]
        for name, select in self.selecting.items():
            offered = [event for event, names in wanted if name in names]
            selected = {event.id for event in select(tx, offered)} if offered else set()
            for event, names in wanted:
                if event.id not in selected:
                    names.discard(name)
        return [AddressedEvent(event=event, subscribers=frozenset(names)) for event, names in wanted if names]

    def _event(self, tx: Transaction, change: Change) -> Event:
        match change:
            case LedgerEntry():
                return _moved(change)
            case Image():
                return _uploaded(change)
            case DeletedImage():
                image = change.image
                return ImageDeleted(
                    id=EventId.about(ImageDeleted.event_type, image.id.text),
                    owner_id=image.owner_id,
                    occurred_at=change.at,
                    image_id=image.id,
                    name=image.name,
                )
            case _:
                return _ended(change, balance=self._balance_after(tx, change))

    def _balance_after(self, tx: Transaction, job: SettledJob) -> Tokens:
        """Return the owner's balance after the job's refund, or at the end of the transaction if there was none."""
        for change in self.changes:
            if isinstance(change, LedgerEntry) and change.job_id == job.id and change.kind is EntryKind.REFUND:
                return change.balance_after
        posted = self.wallets.get(job.spec.owner_id)
        if posted is not None:
            return posted.balance
        try:
            return tx.wallets.get(job.spec.owner_id).balance
        except WalletNotFound:
            return NO_TOKENS


def _moved(entry: LedgerEntry) -> TokensMoved:
    return TokensMoved(
        id=EventId.about(TokensMoved.event_type, entry.owner_id.text, str(entry.sequence)),
        owner_id=entry.owner_id,
        occurred_at=entry.created_at,
        sequence=entry.sequence,
        kind=entry.kind,
        amount=entry.amount,
        balance=entry.balance_after,
        job_id=entry.job_id,
        reason=entry.reason,
        reference=entry.reference,
    )


def _uploaded(image: Image) -> ImageUploaded:
    return ImageUploaded(
        id=EventId.about(ImageUploaded.event_type, image.id.text),
        owner_id=image.owner_id,
        occurred_at=image.created_at,
        image_id=image.id,
        name=image.name,
        description=image.description,
        format=image.format,
        dimensions=image.dimensions,
        size_bytes=image.size_bytes,
        original=image.original,
        is_public=image.is_public,
    )


def _ended(job: SettledJob, *, balance: Tokens) -> Event:
    spec = job.spec
    shared: dict[str, Any] = {
        "id": EventId.about(EVENT_OF[type(job)].event_type, job.id.text),
        "owner_id": spec.owner_id,
        "occurred_at": job.ended_at,
        "job_id": job.id,
        "image_id": spec.image_id,
        "batch_id": spec.batch_id,
        "request_id": spec.request_id,
        "task": task_name(spec.task),
        "tier": spec.tier.name,
        "charged": spec.charged,
        "balance": balance,
        "accepted_at": spec.created_at,
        "attempt": job.attempt,
    }
    match job:
        case CompletedJob():
            result = job.result
            return JobCompleted(
                **shared,
                result=result.key,
                format=result.format,
                dimensions=result.dimensions,
                size_bytes=result.size_bytes,
                method=result.method,
            )
        case RefundedJob():
            return JobRefunded(**shared, reason=job.reason)
        case FailedJob():
            return JobFailed(**shared, reason=job.reason)
        case CancelledJob():
            return JobCancelled(**shared)
        case unreachable:
            assert_never(unreachable)
