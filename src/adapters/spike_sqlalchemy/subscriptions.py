"""Subscriptions in a database: the subscribers that the processes of an installation have."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, select, update

from spike_core.domain.event_deliveries import SubscriberName, Subscription
from spike_sqlalchemy.prepared_statements import Prepared, upsert
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import event_subscribers

_ALL: Final = Prepared(
    select(event_subscribers)
    .where(event_subscribers.c.name > bindparam("after"))  # so that an index is used
    .order_by(event_subscribers.c.name)
)
_SUBSCRIBE: Final = upsert(event_subscribers)
_SEE: Final = Prepared(
    update(event_subscribers).where(event_subscribers.c.name == bindparam("subscriber_name")), sets=["seen_at"]
)
_UNSUBSCRIBE: Final = Prepared(delete(event_subscribers).where(event_subscribers.c.name == bindparam("name")))


@frozen
class SqlAlchemySubscriptions:
    """See the port."""

    _statements: Statements

    def all(self) -> Sequence[Subscription]:
        """Return all subscriptions."""
        return [
            Subscription(name=SubscriberName(name), event_types=frozenset(types.split(",")), seen_at=seen_at)
            for name, types, seen_at in self._statements.rows(_ALL, {"after": ""})
        ]

    def put(self, subscription: Subscription) -> None:
        """Store a subscription."""
        types = ",".join(sorted(subscription.event_types))
        row = {"name": subscription.name.text, "event_types": types, "seen_at": subscription.seen_at}
        self._statements.write(_SUBSCRIBE, row)

    def see(self, name: SubscriberName, *, now: datetime) -> None:
        """Set when it was last seen."""
        self._statements.write(_SEE, {"subscriber_name": name.text, "seen_at": now})

    def remove(self, name: SubscriberName) -> None:
        """Delete a subscription."""
        self._statements.write(_UNSUBSCRIBE, {"name": name.text})
