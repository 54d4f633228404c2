"""Deliveries to webhooks in a database. All writes happen under the lock of the webhook's row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import BigInteger, String, bindparam, delete, func, literal_column, select, text, tuple_, update

from spike_core.codec import event_json, webhook_event_from_json
from spike_core.domain.errors import InvalidValue, WebhookDeliveryNotFound
from spike_core.domain.event_deliveries import UnreadableEvent
from spike_core.domain.identifiers import EventId, WebhookDeliveryId, WebhookId
from spike_core.domain.webhooks import WebhookDelivery, WebhookEvent, WebhookState
from spike_sqlalchemy.prepared_statements import Prepared, Row, insert_unless
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_PENDING_DELIVERY, webhook_deliveries, webhooks
from spike_sqlalchemy.utc import UtcDateTime
from spike_sqlalchemy.webhook_logs import log_from_json, log_json

_FIRST: Final = 2**63 - 1  # a position behind all others
_ALL: Final = webhook_deliveries.c
_WEBHOOK: Final = bindparam("webhook", type_=String)
_OF_WEBHOOK: Final = _ALL.webhook_id == _WEBHOOK
# Bounds in place of an equality keep the column in the order, which only the index of these columns returns then. By
# position alone, PostgreSQL may read the primary key, hence the logs of all webhooks, for one that had many pending.
_SUBJECT: Final = bindparam("of_subject", type_=String)
_OF_SUBJECT: Final = (
    select(_ALL.position, _ALL.due_at)
    .where(_OF_WEBHOOK, _ALL.subject >= _SUBJECT, _ALL.subject <= _SUBJECT, text(IS_PENDING_DELIVERY))
    .order_by(_ALL.subject, _ALL.position)
    .limit(literal_column("1"))
)
_FIRST_OF_SUBJECT: Final = Prepared(_OF_SUBJECT)
_ADD: Final = insert_unless(
    webhook_deliveries,
    unique=["webhook_id", "event_id"],
    sets=[column.name for column in webhook_deliveries.c if not column.primary_key],
)
_GET: Final = Prepared(select(webhook_deliveries).where(_ALL.id == bindparam("delivery"), _OF_WEBHOOK))
_AT: Final = _ALL.position == bindparam("at")
_PUT: Final = Prepared(
    update(webhook_deliveries).where(_AT),
    sets=["state", "due_at", "attempts", "attempted_at", "status", "detail", "log"],
)
_MAKE_DUE: Final = Prepared(update(webhook_deliveries).where(_AT).values(due_at=bindparam("now", type_=UtcDateTime)))
_FIRST_DUE: Final = (
    select(webhook_deliveries)
    .where(_OF_WEBHOOK, _ALL.due_at <= bindparam("now"))
    .order_by(_ALL.due_at, _ALL.position)
    .limit(bindparam("rows_max"))
)
_DUE: Final = Prepared(_FIRST_DUE)
_NEXT_DUE_AT: Final = Prepared(
    select(_ALL.due_at)
    .where(_OF_WEBHOOK, _ALL.due_at.is_not(None))
    .order_by(_ALL.due_at, _ALL.position)
    .limit(literal_column("1"))
)
_PENDING: Final = Prepared(
    select(func.count()).select_from(
        select(_ALL.position)
        .where(_OF_WEBHOOK, text(IS_PENDING_DELIVERY))
        .order_by(_ALL.subject, _ALL.position)  # so that the index is used
        .limit(bindparam("count_max"))
        .subquery("counted")
    )
)
_PAGE: Final = Prepared(
    select(webhook_deliveries)
    .where(
        _ALL.webhook_id >= _WEBHOOK,
        tuple_(_ALL.webhook_id, _ALL.position) < tuple_(_WEBHOOK, bindparam("before", type_=BigInteger)),
    )
    .order_by(_ALL.webhook_id.desc(), _ALL.position.desc())
    .limit(bindparam("rows_max"))
)
_OLD: Final = Prepared(
    select(_ALL.position, _ALL.webhook_id, _ALL.subject, _ALL.state)
    .where(_ALL.created_at < bindparam("created_before"))
    .order_by(_ALL.created_at, _ALL.position)
    .limit(bindparam("rows_max"))
)
_LOCK_WEBHOOK: Final = Prepared(select(webhooks.c.id).where(webhooks.c.id == bindparam("webhook")).with_for_update())
_DELETE: Final = Prepared(delete(webhook_deliveries).where(_AT))


@frozen
class SqlAlchemyWebhookDeliveries:
    """See the port."""

    _statements: Statements

    def add(self, delivery: WebhookDelivery) -> bool:
        """Store a delivery, which waits if one of its subject is pending."""
        if isinstance(delivery.event, UnreadableEvent):
            raise TypeError("an event that couldn't be read is stored already")
        row = {
            "id": delivery.id.text,
            "webhook_id": delivery.webhook_id.text,
            "event_id": delivery.event.id.text,
            "event_type": delivery.event_type,
            "subject": delivery.subject,
            "event": event_json(delivery.event),
            "created_at": delivery.created_at,
            **_progress(delivery),
        }
        if delivery.due_at is not None and self._first_of_subject(delivery.webhook_id, delivery.subject):
            row["due_at"] = None
        return self._statements.write(_ADD, row) == 1

    def get(self, webhook_id: WebhookId, delivery_id: WebhookDeliveryId) -> WebhookDelivery:
        """Return a delivery."""
        for row in self._statements.rows(_GET, {"webhook": webhook_id.text, "delivery": delivery_id.text}):
            return _delivery_of(row)
        raise WebhookDeliveryNotFound

    def put(self, delivery: WebhookDelivery) -> None:
        """Store what has changed."""
        self._statements.write(_PUT, {"at": delivery.position, **_progress(delivery)})

    def make_next_due(self, webhook_id: WebhookId, subject: str, *, now: datetime) -> None:
        """Make the first pending one of a subject due."""
        for position, due_at in self._first_of_subject(webhook_id, subject):
            if due_at is None:
                self._statements.write(_MAKE_DUE, {"at": position, "now": now})

    def due(self, webhook_id: WebhookId, *, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
        """Return what is due."""
        asked = {"webhook": webhook_id.text, "now": now, "rows_max": limit}
        return [_delivery_of(row) for row in self._statements.rows(_DUE, asked)]

    def next_due_at(self, webhook_id: WebhookId) -> datetime | None:
        """Return when the first one is due."""
        rows = self._statements.rows(_NEXT_DUE_AT, {"webhook": webhook_id.text})
        return rows[0][0] if rows else None

    def pending(self, webhook_id: WebhookId, *, count_max: int) -> int:
        """Return how many are pending."""
        [(count,)] = self._statements.rows(_PENDING, {"webhook": webhook_id.text, "count_max": count_max})
        return int(count)

    def page(self, webhook_id: WebhookId, *, before: int | None, limit: int) -> Sequence[WebhookDelivery]:
        """Return a page, newest first."""
        asked = {"webhook": webhook_id.text, "before": _FIRST if before is None else before, "rows_max": limit}
        return [_delivery_of(row) for row in self._statements.rows(_PAGE, asked)]

    def purge(self, *, created_before: datetime, limit: int) -> int:
        """Delete old deliveries. Webhooks are locked before their deliveries, as by those who send."""
        old = self._statements.rows(_OLD, {"created_before": created_before, "rows_max": limit})
        ended = {(webhook, subject) for _, webhook, subject, state in old if state == WebhookState.PENDING.value}
        for webhook in sorted({webhook for webhook, _ in ended}):
            self._statements.locked_rows(_LOCK_WEBHOOK, {"webhook": webhook})
        self._statements.write_all(_DELETE, [{"at": position} for position, *_ in old])
        for webhook, subject in sorted(ended):
            self.make_next_due(WebhookId(webhook), subject, now=created_before)
        return len(old)

    def _first_of_subject(self, webhook_id: WebhookId, subject: str) -> Sequence[Row]:
        return self._statements.rows(_FIRST_OF_SUBJECT, {"webhook": webhook_id.text, "of_subject": subject})


def _progress(delivery: WebhookDelivery) -> dict[str, object]:
    return {
        "state": delivery.state.value,
        "due_at": delivery.due_at,
        "attempts": delivery.attempts,
        "attempted_at": delivery.attempted_at,
        "status": delivery.status,
        "detail": delivery.detail,
        "log": log_json(delivery.log) if delivery.log else None,
    }


def _delivery_of(row: Row) -> WebhookDelivery:
    (
        position, id_, webhook_id, event_id, event_type, subject, document, created_at, state, due_at,
        attempts, attempted_at, status, detail, log,
    ) = row  # fmt: skip
    return WebhookDelivery(
        id=WebhookDeliveryId(id_),
        webhook_id=WebhookId(webhook_id),
        event=_event_of(event_id, document),
        event_type=event_type,
        subject=subject,
        created_at=created_at,
        position=position,
        state=WebhookState(state),
        due_at=due_at,
        attempts=attempts,
        attempted_at=attempted_at,
        status=status,
        detail=detail,
        log=log_from_json(log) if log else (),
    )


def _event_of(event_id: str, document: str) -> WebhookEvent | UnreadableEvent:
    try:
        return webhook_event_from_json(document)
    except InvalidValue as error:
        return UnreadableEvent(id=EventId(event_id), problem=error.rule)
