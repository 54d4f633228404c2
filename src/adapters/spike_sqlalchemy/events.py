"""Event deliveries in a database.

A delivery is stored as due. A claim that finds an earlier one of its subject takes away its `due_at`, and whatever ends
that earlier one gives it back. So each delivery is looked at twice at most, however many wait behind one that fails.

On PostgreSQL a claim does so only while it holds a lock of an earlier delivery: what ends that one comes later, and
sees that this one needs its `due_at` back.

Only a delivery that is the first of its subject is claimed, so at most one of a subject is in flight, unless an earlier
one is resumed meanwhile. That one then has no `due_at` either until the claimed one ends, or is looked at again after
its lease.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Select,
    String,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    text,
    tuple_,
    update,
)

from spike_core.codec import event_from_json, event_json
from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import (
    AddressedEvent,
    Backlog,
    Delivery,
    SubscriberName,
    UnreadableEvent,
)
from spike_core.domain.events import Event
from spike_core.domain.identifiers import EventId
from spike_sqlalchemy.prepared_statements import Parameters, Prepared, Row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_SET_ASIDE, IS_TO_BE_HANDED, event_deliveries
from spike_sqlalchemy.utc import UtcDateTime

CLAIM_ROUNDS_MAX: Final = 20  # in one claim, of rows that turn out to wait for an earlier one
_CLAIMS: Final = "event claims"  # locked by those who claim, against those who resume

_ADD: Final = Prepared(
    insert(event_deliveries).inline(), sets=["subscriber", "event_id", "subject", "event", "recorded_at", "due_at"]
)
_OF_SUBSCRIBER: Final = event_deliveries.c.subscriber == bindparam("of_subscriber")
_FIRST_DUE: Final = (
    select(event_deliveries)
    .where(_OF_SUBSCRIBER, event_deliveries.c.due_at <= bindparam("now"))
    .order_by(event_deliveries.c.due_at, event_deliveries.c.position)
    .limit(bindparam("rows_max"))
)
_DUE: Final = Prepared(_FIRST_DUE)
_LOCK_DUE: Final = Prepared(_FIRST_DUE.with_for_update(skip_locked=True))
# Bounds in place of an equality keep the column in the order, which only the index of these columns returns then. By
# position alone, PostgreSQL may read the primary key, hence all deliveries, for a subject that had many.
_SUBJECT_PARAMETER: Final = bindparam("of_subject", type_=String)
_TO_BE_HANDED: Final = (
    select(event_deliveries.c.position, event_deliveries.c.due_at, event_deliveries.c.attempts)
    .where(_OF_SUBSCRIBER, event_deliveries.c.subject >= _SUBJECT_PARAMETER, text(IS_TO_BE_HANDED))
    .order_by(event_deliveries.c.subject, event_deliveries.c.position)
    .limit(literal_column("1"))
)
_OF_SUBJECT: Final = _TO_BE_HANDED.where(event_deliveries.c.subject <= _SUBJECT_PARAMETER)
_FIRST_OF_SUBJECT: Final = Prepared(_OF_SUBJECT)
_LOCK_FIRST_OF_SUBJECT: Final = Prepared(_OF_SUBJECT.with_for_update())
_EARLIER: Final = _TO_BE_HANDED.where(
    tuple_(event_deliveries.c.subject, event_deliveries.c.position)
    < tuple_(_SUBJECT_PARAMETER, bindparam("before", type_=BigInteger))
)
_EARLIER_OF_SUBJECT: Final = Prepared(_EARLIER)
_LOCK_EARLIER_OF_SUBJECT: Final = Prepared(_EARLIER.with_for_update(skip_locked=True))
_AT: Final = event_deliveries.c.position == bindparam("at")
_MAKE_WAIT: Final = Prepared(update(event_deliveries).where(_AT).values(due_at=null()))
_CLAIM: Final = Prepared(
    update(event_deliveries)
    .where(_AT)
    .values(due_at=bindparam("until", type_=UtcDateTime), attempts=event_deliveries.c.attempts + literal_column("1"))
)
_MAKE_DUE: Final = Prepared(update(event_deliveries).where(_AT).values(due_at=bindparam("now", type_=UtcDateTime)))
_CLAIMED: Final = (
    _AT,
    event_deliveries.c.event_id == bindparam("claimed_event"),
    event_deliveries.c.attempts == bindparam("claimed_attempt"),
    event_deliveries.c.due_at.is_not(None),  # neither set aside nor behind a resumed one
)
_SUBJECT: Final = Prepared(select(event_deliveries.c.subject).where(*_CLAIMED).with_for_update())
_DELETE: Final = Prepared(delete(event_deliveries).where(_AT))
_POSTPONE: Final = Prepared(
    update(event_deliveries).where(*_CLAIMED).values(due_at=bindparam("until", type_=UtcDateTime))
)
_POSTPONE_FAILED: Final = Prepared(
    update(event_deliveries)
    .where(*_CLAIMED)
    .values(due_at=bindparam("until", type_=UtcDateTime), failing_since=bindparam("first_failure", type_=UtcDateTime))
)
_SET_ASIDE: Final = Prepared(
    update(event_deliveries).where(_AT).values(due_at=null(), set_aside_at=bindparam("now", type_=UtcDateTime))
)
_GIVEN_UP: Final = Prepared(
    select(event_deliveries.c.position, event_deliveries.c.subject)
    .where(_OF_SUBSCRIBER, text(IS_SET_ASIDE))
    .order_by(event_deliveries.c.position)
    .limit(bindparam("rows_max"))
    .with_for_update(skip_locked=True)
)
_RESUME: Final = Prepared(
    update(event_deliveries)
    .where(_AT)
    .values(due_at=bindparam("resumed_due_at", type_=UtcDateTime), set_aside_at=null(), failing_since=null())
)
_NEXT_SUBSCRIBER: Final = Prepared(
    select(event_deliveries.c.subscriber)
    .where(event_deliveries.c.subscriber > bindparam("after"))
    .order_by(event_deliveries.c.subscriber)
    .limit(literal_column("1"))
)
_OLDEST: Final = Prepared(
    select(event_deliveries.c.recorded_at)
    .where(_OF_SUBSCRIBER, text(IS_TO_BE_HANDED))
    .order_by(event_deliveries.c.recorded_at, event_deliveries.c.position)
    .limit(literal_column("1"))
)
_OLD: Final = Prepared(
    select(event_deliveries.c.position, event_deliveries.c.subject, event_deliveries.c.due_at)
    .where(_OF_SUBSCRIBER, event_deliveries.c.recorded_at < bindparam("recorded_before"))
    .order_by(event_deliveries.c.recorded_at, event_deliveries.c.position)
    .limit(bindparam("rows_max"))
    .with_for_update(skip_locked=True)
)


def _count(condition: str) -> Prepared:
    """Return the statement that counts a subscriber's deliveries by an index, up to a limit."""
    rows: Select[int] = select(event_deliveries.c.position).where(_OF_SUBSCRIBER, text(condition))
    return Prepared(select(func.count()).select_from(rows.limit(bindparam("count_max")).subquery("counted")))


_WAITING: Final = _count(IS_TO_BE_HANDED)
_SET_ASIDES: Final = _count(IS_SET_ASIDE)


@frozen
class _First:
    """The first delivery of a subject."""

    position: int
    due_at: datetime | None
    attempts: int


class _Place(Enum):
    """Where a due delivery is among those of its subject."""

    FIRST = auto()
    BEHIND = auto()  # an earlier one, which can't end before this transaction
    UNKNOWN = auto()  # behind one that is just being changed


@frozen
class SqlAlchemyEventDeliveries:
    """See the port."""

    _statements: Statements

    def add(self, events: Sequence[AddressedEvent], *, now: datetime) -> None:
        """Store deliveries."""
        rows = []
        for addressed in events:
            event = addressed.event
            row = {"event_id": event.id.text, "subject": event.subject, "event": event_json(event)}
            times = {"recorded_at": now, "due_at": now}
            rows += [{"subscriber": name.text, **row, **times} for name in sorted(addressed.subscribers)]
        self._statements.write_all(_ADD, rows)

    def has_due(self, subscriber: SubscriberName, *, now: datetime) -> bool:
        """Return whether anything is due."""
        return bool(self._statements.rows(_DUE, {"of_subscriber": subscriber.text, "now": now, "rows_max": 1}))

    def claim(self, subscriber: SubscriberName, *, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """Lock deliveries that are due, and postpone those that are the first of their subject."""
        asked = {"of_subscriber": subscriber.text, "now": now, "rows_max": limit}
        self._statements.shared_advisory_lock(_CLAIMS, subscriber.text)
        for _ in range(CLAIM_ROUNDS_MAX):
            due = self._statements.locked_rows(_LOCK_DUE, asked)
            places = [(row, self._place(row, now=now)) for row in due]
            behind = [{"at": row[0]} for row, place in places if place is _Place.BEHIND]
            claimed = [row for row, place in places if place is _Place.FIRST]
            self._statements.write_all(_MAKE_WAIT, behind)
            self._statements.write_all(_CLAIM, [{"at": row[0], "until": until} for row in claimed])
            if claimed or not behind:
                return [_delivery_of(row) for row in claimed]
        return ()

    def renew(self, delivery: Delivery, *, until: datetime) -> bool:
        """Postpone a claimed delivery."""
        return self._statements.write(_POSTPONE, {**_claim_row(delivery), "until": until}) == 1

    def finish(self, delivery: Delivery, *, now: datetime) -> bool:
        """Delete a handled delivery."""
        for subject in self._subject(delivery):
            self._statements.write(_DELETE, {"at": delivery.position})
            self._make_next_due(delivery.subscriber.text, subject, now=now)
            return True
        return False

    def postpone(self, delivery: Delivery, *, due_at: datetime, failing_since: datetime | None) -> bool:
        """Make a claimed delivery due again."""
        row = {**_claim_row(delivery), "until": due_at, "first_failure": failing_since}
        return self._statements.write(_POSTPONE_FAILED, row) == 1

    def set_aside(self, delivery: Delivery, *, now: datetime) -> bool:
        """Give up a claimed delivery."""
        for subject in self._subject(delivery):
            self._statements.write(_SET_ASIDE, {"at": delivery.position, "now": now})
            self._make_next_due(delivery.subscriber.text, subject, now=now)
            return True
        return False

    def resume(self, subscriber: SubscriberName, *, now: datetime, limit: int) -> int:
        """Make deliveries due that were set aside, unless one of their subject has been claimed.

        Nothing is claimed meanwhile, so that none of the subject can be in flight unseen.
        """
        self._statements.advisory_lock(_CLAIMS, subscriber.text)
        rows = self._statements.locked_rows(_GIVEN_UP, {"of_subscriber": subscriber.text, "rows_max": limit})
        for position, subject in rows:
            first = self._locked_first(subscriber.text, subject)
            waits = first is not None and (first.position < position or first.attempts > 0)
            self._statements.write(_RESUME, {"at": position, "resumed_due_at": None if waits else now})
        return len(rows)

    def subscribers(self) -> Sequence[SubscriberName]:
        """Return the names for which deliveries are stored, going from one to the next by an index."""
        names: list[str] = []
        while rows := self._statements.rows(_NEXT_SUBSCRIBER, {"after": names[-1] if names else ""}):
            [(name,)] = rows
            names.append(name)
        return [SubscriberName(name) for name in names]

    def backlog(self, subscriber: SubscriberName, *, count_max: int) -> Backlog:
        """Return how much waits, and since when."""
        asked = {"of_subscriber": subscriber.text}
        counted = {**asked, "count_max": count_max}
        [(waiting,)] = self._statements.rows(_WAITING, counted)
        [(set_aside,)] = self._statements.rows(_SET_ASIDES, counted)
        oldest = self._statements.rows(_OLDEST, asked) if waiting else ()
        return Backlog(
            subscriber=subscriber, waiting=waiting, oldest_at=oldest[0][0] if oldest else None, set_aside=set_aside
        )

    def purge(self, subscriber: SubscriberName, *, recorded_before: datetime, limit: int) -> int:
        """Delete old deliveries."""
        asked = {"of_subscriber": subscriber.text, "recorded_before": recorded_before, "rows_max": limit}
        old = self._statements.locked_rows(_OLD, asked)
        self._statements.write_all(_DELETE, [{"at": position} for position, *_ in old])
        for subject in sorted({subject for _, subject, due_at in old if due_at is not None}):
            self._make_next_due(subscriber.text, subject, now=recorded_before)
        return len(old)

    def _place(self, row: Row, *, now: datetime) -> _Place:
        """Return the place of a due delivery; make the first one due if that was resumed while this one was claimed."""
        position, subscriber, _, subject, _, _, _, attempts, *_ = row
        asked = {"of_subscriber": subscriber, "of_subject": subject, "before": position}
        earlier = self._statements.rows(_EARLIER_OF_SUBJECT, asked)
        if not earlier:
            return _Place.FIRST
        locked = self._statements.locked_rows(_LOCK_EARLIER_OF_SUBJECT, asked)
        if not locked:
            return _Place.UNKNOWN
        if attempts > 0:
            first = _First(*locked[0])
            if first.position != earlier[0][0]:
                return _Place.UNKNOWN
            if first.due_at is None:
                self._statements.write(_MAKE_DUE, {"at": first.position, "now": now})
        return _Place.BEHIND

    def _subject(self, delivery: Delivery) -> Iterator[str]:
        """Yield the subject of a delivery, which is locked, if it is still claimed by this fencing token."""
        for (subject,) in self._statements.locked_rows(_SUBJECT, _claim_row(delivery)):
            yield subject

    def _make_next_due(self, subscriber: str, subject: str, *, now: datetime) -> None:
        """Give the first delivery of a subject its `due_at` back."""
        first = self._locked_first(subscriber, subject)
        if first is not None and first.due_at is None:
            self._statements.write(_MAKE_DUE, {"at": first.position, "now": now})

    def _locked_first(self, subscriber: str, subject: str) -> _First | None:
        """Lock the first delivery of a subject; another one if it is just being deleted or set aside."""
        asked = {"of_subscriber": subscriber, "of_subject": subject}
        while self._statements.rows(_FIRST_OF_SUBJECT, asked):
            for row in self._statements.locked_rows(_LOCK_FIRST_OF_SUBJECT, asked):
                return _First(*row)
        return None


def _claim_row(delivery: Delivery) -> Parameters:
    return {"at": delivery.position, "claimed_event": delivery.id.text, "claimed_attempt": delivery.attempt}


def _delivery_of(row: Row) -> Delivery:
    """Return the delivery in a row that was read before it was claimed."""
    position, subscriber, event_id, _, event, _, _, attempts, failing_since, _ = row
    return Delivery(
        subscriber=SubscriberName(subscriber),
        position=position,
        attempt=attempts + 1,
        failing_since=failing_since,
        event=_event_of(event_id, event),
    )


def _event_of(event_id: str, document: str) -> Event | UnreadableEvent:
    try:
        return event_from_json(document)
    except InvalidValue as error:
        return UnreadableEvent(id=EventId(event_id), problem=str(error))
