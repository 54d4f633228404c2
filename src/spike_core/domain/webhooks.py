"""Webhooks: addresses to which an owner's events are sent, and the deliveries to them."""

import base64
import hashlib
from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Final, Self

from attrs import evolve, field, frozen

from spike_core.domain.errors import InvalidValue, TooManyWebhooks, WebhookDisabled
from spike_core.domain.event_deliveries import SubscriberName, UnreadableEvent
from spike_core.domain.events import EVENT_TYPES, Event
from spike_core.domain.identifiers import EventId, OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.secrets import Secret

WEBHOOKS: Final = SubscriberName("webhooks")  # the subscriber that turns events into deliveries
WEBHOOKS_MAX: Final = 5  # of one owner
WEBHOOK_URL_CHARS_MAX: Final = 2048
WEBHOOK_PENDING_MAX: Final = 5000  # deliveries to one webhook; further ones are failed at once
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # what every secret begins with
PREVIOUS_SECRET_LIFETIME: Final = timedelta(days=1)  # after a rotation
WEBHOOK_TIME_MAX: Final = timedelta(seconds=15)  # of one attempt, everything included
LOG_RETENTION: Final = timedelta(days=30)  # of deliveries, whatever their state
FAILING_MAX: Final = timedelta(days=5)  # without a success between; then the webhook is disabled
SLOW_AFTER: Final = timedelta(seconds=5)  # an answer that takes longer makes a webhook slow
BACKOFF_MAX: Final = timedelta(minutes=1)  # of a webhook whose latest attempts failed
RETRY_AFTER_MAX: Final = timedelta(hours=1)  # that a receiver may ask for
ATTEMPTS_LOGGED_MAX: Final = 20  # of one delivery, the latest ones
DETAIL_CHARS_MAX: Final = 200
JITTER_MAX: Final = 0.1  # of a delay, added to it
# https://github.com/standard-webhooks/standard-webhooks, the example schedule
RETRY_DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_BACKOFF_MIN: Final = timedelta(seconds=1)
_DOUBLINGS_MAX: Final = 6  # 2^6 s is more than `BACKOFF_MAX`
_JITTER_STEPS: Final = 256


@frozen(kw_only=True)
class WebhookTest:
    """What an owner sends to try a webhook. It is no domain event, and is sent to that webhook alone."""

    event_type: ClassVar[str] = "webhook.test"
    id: EventId
    owner_id: OwnerId
    occurred_at: datetime

    @property
    def subject(self) -> str:
        """No other event has the same."""
        return self.id.text


WebhookEvent = Event | WebhookTest


@frozen
class WebhookSecret:
    """The key of a webhook's signatures: `whsec_` and base64, as Standard Webhooks has it. Stored in the clear."""

    text: str = field(repr=False)

    @classmethod
    def of(cls, secret: Secret) -> Self:
        """Return the secret whose key are the bytes of a random text."""
        return cls(SECRET_PREFIX + base64.b64encode(secret.text.encode()).decode())

    @property
    def key(self) -> bytes:
        """The bytes that sign."""
        return base64.b64decode(self.text.removeprefix(SECRET_PREFIX))


class DisabledBecause(Enum):
    """Why nothing is sent to a webhook."""

    OWNER = "OWNER"  # has disabled it
    GONE = "GONE"  # the receiver has answered that it is gone for good
    FAILING = "FAILING"  # every attempt failed for `FAILING_MAX`


class WebhookState(Enum):
    """How far a delivery has come."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"  # given up


class AttemptResult(Enum):
    """What became of an attempt."""

    ACCEPTED = "ACCEPTED"
    FAILED = "FAILED"
    UNREACHED = "UNREACHED"  # failed, and no host answered: the fault may be the receiver's or our own
    GONE = "GONE"  # nothing more is wanted


@frozen(kw_only=True)
class WebhookAttempt:
    """An attempt to deliver an event."""

    result: AttemptResult
    took: timedelta
    status: int | None = None  # that the receiver answered with
    detail: str = ""  # what went wrong, in words of Spike's own: an answer's content is never kept
    retry_after: timedelta = timedelta(0)  # before which the receiver wants nothing, with 429 or 503


@frozen(kw_only=True)
class LoggedAttempt:
    """An attempt in the log of a delivery."""

    at: datetime  # when it had ended
    took: timedelta  # in whole milliseconds
    status: int | None
    detail: str

    @classmethod
    def of(cls, attempt: WebhookAttempt, *, at: datetime) -> Self:
        """Return an attempt as it is logged."""
        took = timedelta(milliseconds=round(attempt.took / timedelta(milliseconds=1)))
        return cls(at=at, took=took, status=attempt.status, detail=attempt.detail[:DETAIL_CHARS_MAX])


@frozen(kw_only=True)
class Webhook:
    """An address to which those of an owner's events are sent that it wants."""

    id: WebhookId
    owner_id: OwnerId
    url: str
    event_types: frozenset[str]
    secret: WebhookSecret
    created_at: datetime
    previous_secret: WebhookSecret | None = None  # signs too, until `previous_until`
    previous_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: DisabledBecause | None = None
    failing_since: datetime | None = None  # the first failure since the latest success
    failures: int = 0  # since the latest success
    is_slow: bool = False  # the latest attempt failed or took longer than `SLOW_AFTER`
    resting_until: datetime | None = None  # after a failed attempt: nothing is sent before, whatever is due

    def wants(self, event: Event) -> bool:
        """Return whether the event is to be sent there."""
        return self.disabled_at is None and event.event_type in self.event_types

    def check_enabled(self) -> None:
        """Check that something may be sent there.

        Raises:
            WebhookDisabled: it is disabled.
        """
        if self.disabled_at is not None:
            raise WebhookDisabled

    def secrets(self, *, now: datetime) -> tuple[WebhookSecret, ...]:
        """Return the secrets that sign now, the current one first."""
        if self.previous_secret is None or self.previous_until is None or now >= self.previous_until:
            return (self.secret,)
        return (self.secret, self.previous_secret)

    def rotate(self, secret: WebhookSecret, *, now: datetime) -> Self:
        """Return the webhook with a new secret; the one before goes on signing for `PREVIOUS_SECRET_LIFETIME`."""
        until = now + PREVIOUS_SECRET_LIFETIME
        return evolve(self, secret=secret, previous_secret=self.secret, previous_until=until)

    def disable(self, because: DisabledBecause, *, now: datetime) -> Self:
        """Return the webhook disabled, unless it is already."""
        return self if self.disabled_at else evolve(self, disabled_at=now, disabled_because=because)

    def enable(self) -> Self:
        """Return the webhook enabled, as if it had never failed."""
        return evolve(
            self,
            disabled_at=None,
            disabled_because=None,
            failing_since=None,
            failures=0,
            is_slow=False,
            resting_until=None,
        )

    def after(self, attempt: WebhookAttempt, *, now: datetime) -> Self:
        """Return the webhook after an attempt, disabled if that was the last one."""
        if attempt.result is AttemptResult.ACCEPTED:
            is_slow = attempt.took > SLOW_AFTER
            return evolve(self, failing_since=None, failures=0, is_slow=is_slow, resting_until=None)
        failing = evolve(self.resting(attempt, now=now), failing_since=self.failing_since or now)
        if attempt.result is AttemptResult.GONE:
            return failing.disable(DisabledBecause.GONE, now=now)
        if now - (failing.failing_since or now) >= FAILING_MAX:
            return failing.disable(DisabledBecause.FAILING, now=now)
        return failing

    def resting(self, attempt: WebhookAttempt, *, now: datetime) -> Self:
        """Return the webhook after a failure that isn't the receiver's: left alone for a while, and not disabled."""
        failures = self.failures + 1
        rest = max(_backoff(failures), min(attempt.retry_after, RETRY_AFTER_MAX))
        return evolve(self, failing_since=None, failures=failures, is_slow=True, resting_until=now + rest)

    def rested(self, due_at: datetime) -> datetime:
        """Return when something that is due then may be sent."""
        return due_at if self.resting_until is None else max(due_at, self.resting_until)


@frozen(kw_only=True)
class ClaimedWebhook:
    """A webhook to which this process alone sends until then. `claim` is the fencing token."""

    webhook: Webhook
    claim: int
    until: datetime


@frozen(kw_only=True)
class WebhookDelivery:
    """An event on its way to a webhook, or what became of it.

    Those of one subject are sent in the order of their positions: one that waits for an earlier one has no `due_at`.
    """

    id: WebhookDeliveryId
    webhook_id: WebhookId
    event: WebhookEvent | UnreadableEvent
    event_type: str
    subject: str
    created_at: datetime
    position: int = 0  # assigned when it is stored; later ones have higher positions
    state: WebhookState = WebhookState.PENDING
    due_at: datetime | None = None
    attempts: int = 0
    attempted_at: datetime | None = None  # the latest attempt, and what became of it
    status: int | None = None
    detail: str = ""
    log: tuple[LoggedAttempt, ...] = ()  # the latest `ATTEMPTS_LOGGED_MAX`, oldest first; kept when it is sent again

    @classmethod
    def of(cls, event: WebhookEvent, *, to: WebhookId, id_: WebhookDeliveryId, now: datetime) -> Self:
        """Return the delivery of an event, due now."""
        return cls(
            id=id_,
            webhook_id=to,
            event=event,
            event_type=event.event_type,
            subject=event.subject,
            created_at=now,
            due_at=now,
        )

    def after(self, attempt: WebhookAttempt, *, now: datetime) -> Self:
        """Return the delivery after an attempt: ended, or due again by `RETRY_DELAYS`."""
        known = evolve(
            self,
            attempts=self.attempts + 1,
            attempted_at=now,
            status=attempt.status,
            detail=attempt.detail[:DETAIL_CHARS_MAX],
            log=(*self.log, LoggedAttempt.of(attempt, at=now))[-ATTEMPTS_LOGGED_MAX:],
            due_at=None,
        )
        if attempt.result is AttemptResult.ACCEPTED:
            return evolve(known, state=WebhookState.DELIVERED)
        if attempt.result is AttemptResult.GONE or self.attempts >= len(RETRY_DELAYS):
            return evolve(known, state=WebhookState.FAILED)
        delay = max(RETRY_DELAYS[self.attempts], min(attempt.retry_after, RETRY_AFTER_MAX))
        return evolve(known, due_at=now + delay * (1 + self._jitter))

    def give_up(self, detail: str) -> Self:
        """Return the delivery as failed, without an attempt."""
        return evolve(self, state=WebhookState.FAILED, due_at=None, detail=detail)

    def again(self, *, now: datetime) -> Self:
        """Return the delivery due now, with all attempts before it; one that waits for an earlier one still waits."""
        if self.state is WebhookState.PENDING and self.due_at is None:
            return self
        return evolve(self, state=WebhookState.PENDING, attempts=0, due_at=now)

    @property
    def _jitter(self) -> float:
        """A share of a delay that looks random, and is the same whenever it is computed."""
        digest = hashlib.sha256(f"{self.id} {self.attempts}".encode()).digest()
        return JITTER_MAX * digest[0] / _JITTER_STEPS


@frozen(kw_only=True)
class WebhookMessage:
    """What an attempt sends."""

    url: str
    secrets: tuple[WebhookSecret, ...]
    event: WebhookEvent
    sent_at: datetime


def _backoff(failures: int) -> timedelta:
    """How long a webhook is left alone after so many failures, the first of which was the first since a success."""
    return min(_BACKOFF_MIN * (1 << min(failures - 1, _DOUBLINGS_MAX)), BACKOFF_MAX)


def check_room(webhooks: int) -> None:
    """Check that an owner with so many webhooks may have another one.

    Raises:
        TooManyWebhooks: the owner has `WEBHOOKS_MAX`.
    """
    if webhooks >= WEBHOOKS_MAX:
        raise TooManyWebhooks(WEBHOOKS_MAX)


def parse_event_types(texts: list[str]) -> frozenset[str]:
    """Return the types of events that these are.

    Raises:
        InvalidValue: there is none, or one of them is no type.
    """
    if not texts or not EVENT_TYPES.keys() >= set(texts):
        raise InvalidValue(what="events", rule=f"must be one or more of {', '.join(EVENT_TYPES)}")
    return frozenset(texts)


def check_url(url: str) -> None:
    """Check the length of a webhook's URL; whether it is safe, the sender knows.

    Raises:
        InvalidValue: it is empty or longer than `WEBHOOK_URL_CHARS_MAX`.
    """
    if not 1 <= len(url) <= WEBHOOK_URL_CHARS_MAX:
        raise InvalidValue(what="url", rule=f"must have 1 to {WEBHOOK_URL_CHARS_MAX} characters")
