"""Webhooks in a database: the owners' addresses, and which process sends to which."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, literal_column, null, select, update

from spike_core.domain.errors import WebhookNotFound
from spike_core.domain.identifiers import OwnerId, WebhookId
from spike_core.domain.webhooks import ClaimedWebhook, DisabledBecause, Webhook, WebhookSecret
from spike_sqlalchemy.prepared_statements import Parameters, Prepared, Row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import webhooks
from spike_sqlalchemy.utc import UtcDateTime

_SETTINGS: Final = (
    "url",
    "event_types",
    "secret",
    "previous_secret",
    "previous_until",
    "disabled_at",
    "disabled_because",
    "failing_since",
    "failures",
    "is_slow",
    "resting_until",
)
_IS_IT: Final = webhooks.c.id == bindparam("webhook")
_GET: Final = Prepared(select(webhooks).where(_IS_IT))
_LOCK: Final = Prepared(select(webhooks).where(_IS_IT).with_for_update())
_OF_OWNER: Final = Prepared(
    select(webhooks).where(webhooks.c.owner_id == bindparam("owner")).order_by(webhooks.c.created_at, webhooks.c.id)
)
_ADD: Final = Prepared(insert(webhooks).inline(), sets=["id", "owner_id", "created_at", *_SETTINGS])
_UPDATE: Final = Prepared(update(webhooks).where(_IS_IT), sets=list(_SETTINGS))
# first of all, since a disabled webhook with a `due_at` is refused
_UPDATE_DISABLED: Final = Prepared(update(webhooks).where(_IS_IT).values(due_at=null()))
_REMOVE: Final = Prepared(delete(webhooks).where(_IS_IT))
_ANY: Final = Prepared(select(webhooks.c.id).limit(literal_column("1")))
_SCHEDULE: Final = Prepared(
    select(webhooks.c.due_at, webhooks.c.claimed_until, webhooks.c.claims, webhooks.c.disabled_at).where(_IS_IT)
)
_MAKE_DUE: Final = Prepared(update(webhooks).where(_IS_IT).values(due_at=bindparam("at", type_=UtcDateTime)))
_FIRST_DUE: Final = (
    select(webhooks)
    .where(webhooks.c.is_slow == bindparam("slow"), webhooks.c.due_at <= bindparam("now"))
    .order_by(webhooks.c.due_at, webhooks.c.id)
    .limit(bindparam("rows_max"))
)
_DUE: Final = Prepared(_FIRST_DUE)
_LOCK_DUE: Final = Prepared(_FIRST_DUE.with_for_update(skip_locked=True))
_CLAIM: Final = Prepared(
    update(webhooks)
    .where(_IS_IT)
    .values(
        due_at=bindparam("until", type_=UtcDateTime),
        claimed_until=bindparam("until", type_=UtcDateTime),
        claims=webhooks.c.claims + literal_column("1"),
    )
)
_RELEASE: Final = Prepared(
    update(webhooks)
    .where(_IS_IT, webhooks.c.claims == bindparam("claim"), webhooks.c.claimed_until.is_not(None))
    .values(due_at=bindparam("at", type_=UtcDateTime), claimed_until=null())
)


@frozen
class SqlAlchemyWebhooks:
    """See the port."""

    _statements: Statements

    def lock_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks, under an advisory lock: there may be no row to lock."""
        self._statements.advisory_lock("webhooks of", owner_id.text)
        return self.of_owner(owner_id)

    def of_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks."""
        return [_webhook_of(row) for row in self._statements.rows(_OF_OWNER, {"owner": owner_id.text})]

    def get(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id."""
        for row in self._statements.rows(_GET, {"webhook": webhook_id.text}):
            return _webhook_of(row)
        raise WebhookNotFound

    def lock(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id, and lock its row."""
        for row in self._statements.locked_rows(_LOCK, {"webhook": webhook_id.text}):
            return _webhook_of(row)
        raise WebhookNotFound

    def put(self, webhook: Webhook) -> None:
        """Store a webhook."""
        row = _row(webhook)
        its = {"webhook": webhook.id.text}
        if webhook.disabled_at is not None:
            self._statements.write(_UPDATE_DISABLED, its)
        if not self._statements.write(_UPDATE, {**its, **{name: row[name] for name in _SETTINGS}}):
            self._statements.write_all(_ADD, [row])

    def remove(self, webhook_id: WebhookId) -> None:
        """Delete a webhook."""
        self._statements.write(_REMOVE, {"webhook": webhook_id.text})

    def has_any(self) -> bool:
        """Return whether there is a webhook."""
        return bool(self._statements.rows(_ANY, {}))

    def wake(self, webhook_id: WebhookId, *, at: datetime) -> None:
        """Make a webhook due, or when its claim ends."""
        for due_at, claimed_until, _, disabled_at in self._schedule(webhook_id):
            is_claimed = claimed_until is not None and claimed_until > at
            woken_at = (due_at or claimed_until) if is_claimed else min(due_at or at, at)
            if disabled_at is None and woken_at != due_at:
                self._statements.write(_MAKE_DUE, {"webhook": webhook_id.text, "at": woken_at})

    def has_due(self, *, now: datetime) -> bool:
        """Return whether a webhook is due."""
        return any(self._statements.rows(_DUE, {"slow": slow, "now": now, "rows_max": 1}) for slow in (False, True))

    def claim(self, *, now: datetime, until: datetime, limit: int, is_slow: bool) -> Sequence[ClaimedWebhook]:
        """Lock webhooks that are due, and claim them."""
        due = self._statements.locked_rows(_LOCK_DUE, {"slow": is_slow, "now": now, "rows_max": limit})
        self._statements.write_all(_CLAIM, [{"webhook": row[0], "until": until} for row in due])
        return [ClaimedWebhook(webhook=_webhook_of(row), claim=row[_CLAIMS_AT] + 1, until=until) for row in due]

    def holds(self, claimed: ClaimedWebhook) -> bool:
        """Return whether a claim is the latest one, and not released."""
        return any(
            until is not None and claims == claimed.claim for _, until, claims, _ in self._schedule(claimed.webhook.id)
        )

    def release(self, claimed: ClaimedWebhook, *, due_at: datetime | None) -> bool:
        """End a claim."""
        asked = {"webhook": claimed.webhook.id.text, "claim": claimed.claim, "at": due_at}
        return self._statements.write(_RELEASE, asked) == 1

    def _schedule(self, webhook_id: WebhookId) -> Sequence[Row]:
        return self._statements.rows(_SCHEDULE, {"webhook": webhook_id.text})


_CLAIMS_AT: Final = list(webhooks.c.keys()).index("claims")


def _row(webhook: Webhook) -> Parameters:
    return {
        "id": webhook.id.text,
        "owner_id": webhook.owner_id.text,
        "url": webhook.url,
        "event_types": ",".join(sorted(webhook.event_types)),
        "secret": webhook.secret.text,
        "previous_secret": webhook.previous_secret.text if webhook.previous_secret else None,
        "previous_until": webhook.previous_until,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
        "disabled_because": webhook.disabled_because.value if webhook.disabled_because else None,
        "failing_since": webhook.failing_since,
        "failures": webhook.failures,
        "is_slow": webhook.is_slow,
        "resting_until": webhook.resting_until,
    }


def _webhook_of(row: Row) -> Webhook:
    (
        id_, owner_id, url, types, secret, previous_secret, previous_until, created_at, disabled_at, because,
        failing_since, failures, is_slow, _, _, _, resting_until,
    ) = row  # fmt: skip
    return Webhook(
        id=WebhookId(id_),
        owner_id=OwnerId(owner_id),
        url=url,
        event_types=frozenset(types.split(",")),
        secret=WebhookSecret(secret),
        created_at=created_at,
        previous_secret=None if previous_secret is None else WebhookSecret(previous_secret),
        previous_until=previous_until,
        disabled_at=disabled_at,
        disabled_because=None if because is None else DisabledBecause(because),
        failing_since=failing_since,
        failures=failures,
        is_slow=is_slow,
        resting_until=resting_until,
    )
