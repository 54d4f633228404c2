"""Webhooks: what is sent when, to which of them, and what becomes of it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import pytest
from attrs import define

from spike_core.domain.errors import (
    TooManyWebhooks,
    UnsafeWebhookUrl,
    WebhookDeliveryNotFound,
    WebhookDisabled,
    WebhookNotFound,
)
from spike_core.domain.events import ImageUploaded, JobCompleted, TokensMoved
from spike_core.domain.identifiers import OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.tokens import Tokens
from spike_core.domain.webhooks import (
    LOG_RETENTION,
    RETRY_DELAYS,
    WEBHOOK_PENDING_MAX,
    WEBHOOKS,
    WEBHOOKS_MAX,
    DisabledBecause,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
    WebhookState,
)
from spike_core.services import webhook_fan_out
from spike_core.services.webhook_endpoints import WebhookPatch
from spike_core.services.webhook_sending import DELIVERIES_PER_CLAIM
from spike_memory import InMemorySpike, MemoryWebhookSender, build_in_memory

URL: Final = "https://app.example.org/hook"
OTHER: Final = "https://other.example.org/hook"
MOVED: Final = frozenset({TokensMoved.event_type})
UPLOADED: Final = frozenset({ImageUploaded.event_type})
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class World:
    """A Spike with one owner, and receivers."""

    def __init__(self, receivers: MemoryWebhookSender | None = None) -> None:
        self.receivers = receivers or MemoryWebhookSender()
        self.spike: InMemorySpike = build_in_memory(webhook_sender=self.receivers)
        self.owner_id: OwnerId = self.spike.owner()
        self.endpoints = self.spike.webhooks.endpoints

    def create(self, url: str = URL, *, events: frozenset[str] = MOVED) -> Webhook:
        return self.endpoints.create(self.owner_id, url=url, event_types=events)

    def grant(self, times: int = 1) -> None:
        for _ in range(times):
            self.spike.wallets.grant(self.owner_id, Tokens(1))

    def upload(self) -> None:
        """Upload a picture, whose events are of another subject than those of the ones before."""
        self.spike.upload(self.owner_id)

    def fan_out(self) -> None:
        """Store deliveries."""
        while self.spike.events.deliver(WEBHOOKS).count:
            pass

    def send(self) -> None:
        """Send what is due now, as a process does in a round."""
        self.fan_out()
        while claimed := self.spike.webhooks.sending.claim(slots=9, quick_slots=9, slow_slots=9):
            for each in claimed:
                self.spike.webhooks.sending.send(each)

    def pass_time(self, time: timedelta, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Let time pass while a process sends."""
        for _ in range(time // step):
            self.spike.clock.advance(step)
            self.send()

    def log(self, webhook: Webhook) -> Sequence[WebhookDelivery]:
        """Return the deliveries, oldest first."""
        return self.endpoints.deliveries(self.owner_id, webhook.id, limit=100).deliveries[::-1]

    def stored(self, webhook: Webhook) -> Webhook:
        return next(each for each in self.endpoints.of(self.owner_id) if each.id == webhook.id)

    def received(self, url: str = URL) -> list[int]:
        """Return the numbers of the ledger entries whose events a receiver got."""
        events = [message.event for message in self.receivers.sent if message.url == url]
        return [event.sequence for event in events if isinstance(event, TokensMoved)]


@pytest.fixture
def world() -> World:
    return World()


def test_a_webhook_is_delivered_after_its_receiver_was_down_for_an_hour(world: World) -> None:
    """Attempts follow the published schedule with at most a tenth more; each keeps the id of the event."""
    webhook = world.create(events=frozenset({JobCompleted.event_type}))
    job = world.spike.upload(world.owner_id).job
    assert job is not None
    world.spike.work()
    world.receivers.statuses[URL] = None
    world.send()
    world.pass_time(HOUR)
    [delivery] = world.log(webhook)
    assert (delivery.state, delivery.attempts, delivery.detail) == (WebhookState.PENDING, 4, "no answer")
    due_after = (delivery.due_at or delivery.created_at) - delivery.created_at
    assert sum(RETRY_DELAYS[:4], timedelta(0)) <= due_after <= sum(RETRY_DELAYS[:4], timedelta(0)) * 1.1 + 2 * HOUR / 30
    assert world.stored(webhook).failing_since == delivery.created_at
    del world.receivers.statuses[URL]
    world.pass_time(2 * HOUR)
    [message] = world.receivers.sent
    assert isinstance(message.event, JobCompleted)
    assert message.event.job_id == job.id
    [delivery] = world.log(webhook)
    assert (delivery.state, delivery.attempts, delivery.status) == (WebhookState.DELIVERED, 5, 200)
    assert [each.status for each in delivery.log] == [None, None, None, None, 200]
    assert world.endpoints.redeliver(world.owner_id, webhook.id, delivery.id).attempts == 0
    world.send()
    assert len(world.log(webhook)[0].log) == 6, "what was before stays in the log"
    assert world.stored(webhook).failing_since is None


def test_events_of_a_subject_arrive_in_order_and_a_webhook_that_fails_delays_no_other(world: World) -> None:
    world.create()
    world.create(OTHER)
    world.receivers.statuses[URL] = 500
    world.grant(3)
    world.send()
    assert world.received(OTHER) == [2, 3, 4]
    assert world.received() == [2], "later ones wait for the first"
    del world.receivers.statuses[URL]
    world.pass_time(HOUR / 6)
    assert world.received() == [2, 2, 3, 4]


def test_nothing_is_recorded_until_there_is_a_webhook_and_after_the_last_is_deleted(world: World) -> None:
    world.grant()
    assert world.spike.events.backlogs() == []
    webhook = world.create()
    world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(event_types=frozenset({"job.failed"})))
    world.grant()
    world.send()
    assert world.log(webhook) == []
    world.spike.webhooks.sending.purge()
    assert [each.subscriber for each in world.spike.events.backlogs()] == [WEBHOOKS]
    world.endpoints.remove(world.owner_id, webhook.id)
    world.spike.webhooks.sending.purge()
    assert world.spike.events.backlogs() == []


def test_an_event_that_is_handed_over_twice_is_sent_once(world: World) -> None:
    webhook = world.create()
    world.grant()
    fan_out = world.spike.events.subscribers[WEBHOOKS]
    world.send()
    event = world.receivers.sent[0].event
    assert isinstance(event, TokensMoved)
    fan_out.handle(event)
    world.send()
    assert len(world.receivers.sent) == len(world.log(webhook)) == 1


def test_an_answer_of_410_disables_a_webhook_until_its_owner_enables_it(world: World) -> None:
    webhook = world.create()
    world.receivers.statuses[URL] = 410
    world.grant(2)
    world.send()
    disabled = world.stored(webhook)
    assert (disabled.disabled_because, disabled.disabled_at) == (DisabledBecause.GONE, world.spike.clock.now())
    world.grant()
    del world.receivers.statuses[URL]
    world.pass_time(DAY, step=HOUR)
    assert world.received() == [2], "neither what waited nor what came later"
    with pytest.raises(WebhookDisabled):
        world.endpoints.test(world.owner_id, webhook.id)
    with pytest.raises(WebhookDisabled):
        world.endpoints.redeliver(world.owner_id, webhook.id, world.log(webhook)[0].id)
    world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(enabled=True))
    world.send()
    assert world.received() == [2, 3]
    assert [each.state for each in world.log(webhook)] == [WebhookState.FAILED, WebhookState.DELIVERED]


def test_five_days_without_a_success_disable_a_webhook_and_a_success_begins_anew(world: World) -> None:
    webhook = world.create()
    world.receivers.statuses[URL] = 500
    for _ in range(4):
        world.grant()
        world.pass_time(DAY, step=HOUR)
    first = world.log(webhook)[0]
    assert (first.state, first.attempts) == (WebhookState.FAILED, len(RETRY_DELAYS) + 1), "after three days"
    assert world.stored(webhook).disabled_at is None
    world.grant()
    world.pass_time(2 * DAY, step=HOUR)
    assert world.stored(webhook).disabled_because is DisabledBecause.FAILING
    world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(enabled=True))
    del world.receivers.statuses[URL]
    world.pass_time(DAY, step=HOUR)
    assert world.stored(webhook).failing_since is None
    assert world.endpoints.redeliver(world.owner_id, webhook.id, first.id).attempts == 0
    world.send()
    assert world.log(webhook)[0].state is WebhookState.DELIVERED


def test_an_outage_of_our_own_disables_no_webhook_and_one_whose_host_alone_is_away_is_disabled(world: World) -> None:
    """No network reaches no host at all. What fails while another host answers isn't our fault."""
    urls = [f"https://{name}.example.org/hook" for name in "abc"]
    webhooks = [world.create(url) for url in urls]
    world.receivers.statuses |= dict.fromkeys(urls)
    for _ in range(6):
        world.grant()
        world.pass_time(DAY, step=HOUR)
    assert [world.stored(webhook).disabled_at for webhook in webhooks] == [None, None, None]
    assert all(world.stored(webhook).failures > 6 for webhook in webhooks), "they are tried, and rest between"
    del world.receivers.statuses[urls[0]]
    for _ in range(6):
        world.grant()
        world.pass_time(DAY, step=HOUR)
    because = [world.stored(webhook).disabled_because for webhook in webhooks]
    assert because == [None, DisabledBecause.FAILING, DisabledBecause.FAILING]
    assert world.received(urls[0])[-1] == 13, "all that was granted since"


def test_hosts_that_are_gone_keep_no_other_from_being_disabled_while_a_receiver_answers_daily(world: World) -> None:
    """Anyone can name three hosts that don't exist."""
    gone = [f"https://{name}.example.org/hook" for name in "abcd"]
    webhooks = [world.create(url) for url in (*gone, URL)]
    world.receivers.statuses |= dict.fromkeys(gone)
    for _ in range(12):
        world.grant()
        world.pass_time(DAY / 2, step=HOUR)
    because = [world.stored(webhook).disabled_because for webhook in webhooks]
    assert because == [*[DisabledBecause.FAILING] * 4, None]


def test_two_secrets_sign_for_a_day_after_a_rotation(world: World) -> None:
    webhook = world.create()
    rotated = world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(rotates_secret=True))
    assert len({webhook.secret.text, rotated.secret.text}) == 2
    assert 24 <= len(rotated.secret.key) <= 64
    assert repr(rotated.secret) == "WebhookSecret()"
    for time, secrets in ((timedelta(0), (rotated.secret, webhook.secret)), (DAY, (rotated.secret,))):
        world.spike.clock.advance(time)
        world.endpoints.test(world.owner_id, webhook.id)
        world.send()
        assert world.receivers.sent[-1].secrets == secrets


def test_an_owner_has_a_few_webhooks_to_public_addresses_and_only_their_own(world: World) -> None:
    for url in ("https://localhost/", "file:///etc/passwd"):
        with pytest.raises(UnsafeWebhookUrl):
            world.create(url)
    webhook, *_ = [world.create() for _ in range(WEBHOOKS_MAX)]
    with pytest.raises(TooManyWebhooks):
        world.create()
    with pytest.raises(UnsafeWebhookUrl):
        world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(url="https://localhost/"))
    bob = world.spike.owner("bob@example.org")
    delivery = world.endpoints.test(world.owner_id, webhook.id)
    for stranger, id_ in ((bob, webhook.id), (world.owner_id, WebhookId.of("x" * 24))):
        actions: list[Callable[[OwnerId, WebhookId], object]] = [
            world.endpoints.remove,
            world.endpoints.test,
            partial(world.endpoints.update, patch=WebhookPatch(enabled=False)),
            partial(world.endpoints.deliveries, limit=1),
            partial(world.endpoints.redeliver, delivery_id=delivery.id),
        ]
        for action in actions:
            with pytest.raises(WebhookNotFound):
                action(stranger, id_)
    with pytest.raises(WebhookDeliveryNotFound):
        world.endpoints.redeliver(world.owner_id, webhook.id, WebhookDeliveryId.of("x" * 24))


def test_what_a_receiver_doesn_t_take_fills_no_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a delivery is failed at once: it is in the log, and can be sent again."""
    assert WEBHOOK_PENDING_MAX <= 10_000
    monkeypatch.setattr(webhook_fan_out, "WEBHOOK_PENDING_MAX", 2)
    webhook = world.create()
    world.receivers.statuses[URL] = 500
    world.grant(3)
    world.send()
    states = [each.state for each in world.log(webhook)]
    assert states == [WebhookState.PENDING, WebhookState.PENDING, WebhookState.FAILED]
    world.spike.clock.advance(LOG_RETENTION + timedelta(seconds=1))
    assert world.spike.webhooks.sending.purge() == 3
    assert world.log(webhook) == []


def test_a_webhook_that_is_deleted_or_claimed_by_others_while_it_is_sent_to_stays_so(world: World) -> None:
    webhook, other = world.create(), world.create(OTHER)
    world.grant()
    world.fan_out()
    sending = world.spike.webhooks.sending
    claimed = {each.webhook.id: each for each in sending.claim(slots=9, quick_slots=9, slow_slots=9)}
    world.endpoints.remove(world.owner_id, webhook.id)
    assert sending.send(claimed[webhook.id]) == 1
    world.spike.clock.advance(timedelta(minutes=2))
    [again] = sending.claim(slots=9, quick_slots=9, slow_slots=9)
    sending.send(claimed[other.id])
    assert world.log(other)[0].state is WebhookState.PENDING, "its claim was lost"
    assert sending.send(again) == 1
    assert world.log(other)[0].attempts == 1
    assert sending.claim(slots=0, quick_slots=0, slow_slots=0) == ()


def test_a_webhook_that_fails_rests_whatever_else_happens_and_as_long_as_its_receiver_asks(world: World) -> None:
    """Each event is of another image, so none of them waits for another one."""
    world.spike.wallets.grant(world.owner_id, Tokens(900))
    webhook = world.create(events=UPLOADED)
    world.receivers.statuses[URL] = 429
    for seconds, after in ((1, 0), (4, 0), (16, 0), (100, 100)):
        world.receivers.retry_after = timedelta(seconds=after)
        before, began_at = len(world.receivers.sent), world.spike.clock.now()
        world.upload()
        world.send()
        assert len(world.receivers.sent) == before + 1
        while len(world.receivers.sent) == before + 1:
            world.upload()
            world.spike.clock.advance(timedelta(seconds=1))
            world.send()
        rested = world.spike.clock.now() - began_at
        assert timedelta(seconds=seconds) <= rested <= timedelta(seconds=seconds + 1)
        rest = (world.stored(webhook).resting_until or began_at) - world.spike.clock.now()
        world.spike.clock.advance(rest)


def test_a_webhook_with_much_to_send_gets_behind_the_others_after_its_turn(world: World) -> None:
    """Otherwise a few owners with many events would hold up all others for as long as they have any."""
    first = world.create(events=UPLOADED)
    world.spike.wallets.grant(world.owner_id, Tokens(900))
    for _ in range(DELIVERIES_PER_CLAIM * 2):
        world.upload()
    second = world.create(OTHER)
    world.fan_out()
    world.spike.clock.advance(timedelta(seconds=1))
    world.grant()
    world.fan_out()
    turns = []
    while claimed := world.spike.webhooks.sending.claim(slots=1, quick_slots=1, slow_slots=1):
        world.spike.clock.advance(timedelta(seconds=1))
        world.spike.webhooks.sending.send(claimed[0])
        turns.append(claimed[0].webhook.id)
    assert turns == [first.id, second.id, first.id]


def test_slow_webhooks_and_others_leave_places_to_each_other(world: World) -> None:
    webhooks = [world.create(url) for url in (URL, OTHER, URL + "/3", URL + "/4")]
    world.receivers.statuses = {URL: 500, OTHER: 500}
    world.grant()
    world.send()
    world.spike.clock.advance(DAY)
    world.grant()
    world.fan_out()
    claimed = world.spike.webhooks.sending.claim(slots=9, quick_slots=1, slow_slots=1)
    assert [each.webhook.is_slow for each in claimed] == [False, True]
    claimed = world.spike.webhooks.sending.claim(slots=9, quick_slots=-1, slow_slots=9)
    assert [each.webhook.is_slow for each in claimed] == [True]
    assert len(webhooks) == 4


@define
class Meanwhile(MemoryWebhookSender):
    """Does something while an attempt is under way."""

    action: Callable[[], object] = bool

    def send(self, message: WebhookMessage) -> WebhookAttempt:
        """Receive a message."""
        self.action()
        return super().send(message)


def test_a_webhook_that_is_changed_while_it_is_sent_to_is_sent_to_as_it_is_then() -> None:
    world = World(receivers := Meanwhile())
    webhook = world.create()
    world.grant(2)
    world.fan_out()
    patch = WebhookPatch(url=OTHER, rotates_secret=True)
    receivers.action = lambda: world.endpoints.update(world.owner_id, webhook.id, patch)
    world.spike.webhooks.sending.claim(slots=1, quick_slots=1, slow_slots=1)
    world.spike.clock.advance(timedelta(minutes=1))
    [claimed] = world.spike.webhooks.sending.claim(slots=1, quick_slots=1, slow_slots=1)
    assert world.spike.webhooks.sending.send(claimed) == 2
    first, second = receivers.sent
    assert (first.url, second.url) == (URL, OTHER)
    assert first.secrets[0] in second.secrets[1:]


def test_a_process_that_was_paused_after_its_claim_leaves_the_webhook_to_others(world: World) -> None:
    webhook = world.create()
    world.grant()
    world.fan_out()
    [claimed] = world.spike.webhooks.sending.claim(slots=1, quick_slots=1, slow_slots=1)
    world.spike.clock.advance(timedelta(seconds=45))
    assert world.spike.webhooks.sending.send(claimed) == 0
    assert world.receivers.sent == []
    world.send()
    assert world.log(webhook)[0].state is WebhookState.DELIVERED


def test_events_that_no_webhook_of_their_owner_wants_are_not_recorded(world: World) -> None:
    """What others do costs nothing but a look whether they have a webhook."""
    webhook = world.create(events=UPLOADED)
    world.spike.upload(world.spike.owner("bob@example.org"))
    world.grant()
    assert world.spike.events.backlogs()[0].waiting == 0
    world.upload()
    assert world.spike.events.backlogs()[0].waiting == 1
    world.endpoints.update(world.owner_id, webhook.id, WebhookPatch(enabled=False))
    world.upload()
    assert world.spike.events.backlogs()[0].waiting == 1
