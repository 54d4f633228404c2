"""The stateful machine of event deliveries: no crash loses one, and none overtakes an earlier one of its subject.

Two processes share a database and both have the two subscribers. They crash between any two calls of a port: before or
after the commit of a change, before or after the claim, between the hand-over and its record. A subscriber fails, or
its call overlaps with a call by the other process. Owners' webhooks are sent to in the same world.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from faults import pass_by
from spike_contracts.state_machine.crash_injection import Crash, CrashingTransactions, FaultPlan
from spike_core.application import Application, Policies, Ports, compose
from spike_core.domain.accounts import Email
from spike_core.domain.errors import EmailTaken, UserNotFound
from spike_core.domain.event_deliveries import EventLimits, SubscriberName
from spike_core.domain.events import Event, TokensMoved
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import Tokens
from spike_core.domain.webhooks import WEBHOOKS, AttemptResult, WebhookAttempt, WebhookMessage
from spike_core.ports.events import Subscriber
from spike_core.ports.transactions import Transactions
from spike_core.services.regeneration import SamePolicy
from spike_memory import (
    CountingIds,
    CountingSecrets,
    ManualClock,
    MemoryBlender,
    MemoryBlobStore,
    MemoryDownloader,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryQueue,
    MemoryUpscaler,
    NoConcurrency,
    NoopHeartbeat,
)

NAMES: Final = ("mail", "index")
PEOPLE: Final = ("ada@example.org", "bob@example.org")
LIMITS: Final = EventLimits(lease=timedelta(minutes=1), retry=timedelta(days=3), delay_max=timedelta(minutes=10))
crashes = st.none() | st.integers(0, 12)
names = st.sampled_from(NAMES)
processes = st.integers(0, 1)


@define
class World:
    """What both processes' subscribers do, and what they have got."""

    fails: set[str] = field(factory=set)  # names of subscribers
    meanwhile: Callable[[], object] = pass_by
    in_progress: set[tuple[str, OwnerId]] = field(factory=set)
    handled: dict[tuple[str, OwnerId], list[int]] = field(factory=lambda: defaultdict(list))
    received: dict[OwnerId, list[int]] = field(factory=dict)  # after the number of entries when the webhook was created


@define
class WatchedReceivers:
    """The receivers of webhooks, one per owner; it checks the order at each attempt."""

    world: World

    def check(self, url: str) -> None:
        """Allow every URL."""

    def send(self, message: WebhookMessage) -> WebhookAttempt:
        """Receive an event for the first time, or again."""
        event = message.event
        assert isinstance(event, TokensMoved)
        received = self.world.received[event.owner_id]
        call = WEBHOOKS.text, event.owner_id
        assert call not in self.world.in_progress, "two processes don't send to one webhook at once"
        assert event.sequence <= received[-1] + 1, "no earlier event of the subject is left out"
        self.world.in_progress.add(call)
        meanwhile, self.world.meanwhile = self.world.meanwhile, pass_by
        try:
            meanwhile()
            if WEBHOOKS.text in self.world.fails:
                return WebhookAttempt(result=AttemptResult.FAILED, took=timedelta(0), status=500)
            if event.sequence == received[-1] + 1:
                received.append(event.sequence)
            return WebhookAttempt(result=AttemptResult.ACCEPTED, took=timedelta(0), status=200)
        finally:
            self.world.in_progress.discard(call)


@define
class WatchedSubscriber:
    """Checks the order at each call."""

    name: str
    world: World
    kinds = frozenset({TokensMoved})

    def handle(self, event: Event) -> None:
        """Handle an event for the first time, or again."""
        assert isinstance(event, TokensMoved)
        call = self.name, event.owner_id
        assert call not in self.world.in_progress, "two processes don't get events of one subject at once"
        handled = self.world.handled[self.name, event.owner_id]
        assert event.sequence <= len(handled) + 1, "no earlier event of the subject is left out"
        self.world.in_progress.add(call)
        meanwhile, self.world.meanwhile = self.world.meanwhile, pass_by
        try:
            meanwhile()
            if self.name in self.world.fails:
                raise ZeroDivisionError
            if event.sequence == len(handled) + 1:
                handled.append(event.sequence)
        finally:
            self.world.in_progress.discard(call)


class EventMachine(RuleBasedStateMachine):
    """Changes are grants of tokens: the events of an owner are one subject, and are numbered."""

    def open_transactions(self) -> Transactions:
        """Return the shared database."""
        raise AssertionError("a subclass overrides this")

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.plan, self.clock, self.world = self.open_transactions(), FaultPlan(), ManualClock(), World()
        self.ids = CountingIds()  # shared, so that they are unique
        self.secrets = CountingSecrets()
        self.processes = [self.process(), self.process()]
        for process in self.processes:
            process.events.register()

    def process(self) -> Application:
        """Start a process."""
        subscribers: list[Subscriber] = [WatchedSubscriber(name, self.world) for name in NAMES]
        return compose(
            Ports(
                transactions=CrashingTransactions(self.inner, self.plan),
                blobs=MemoryBlobStore(self.clock),
                queue=MemoryQueue(),
                probe=MemoryProbe(),
                metadata=MemoryMetadata(),
                upscaler=MemoryUpscaler(),
                blender=MemoryBlender(),
                generator=MemoryGenerator(),
                downloader=MemoryDownloader(),
                clock=self.clock,
                ids=self.ids,
                secrets=self.secrets,
                heartbeat=NoopHeartbeat(),
                concurrency=NoConcurrency(),
                subscribers=subscribers,
                webhook_sender=WatchedReceivers(self.world),
            ),
            Policies(events=LIMITS, regeneration=SamePolicy(RegenerationPolicy(cap=Tokens(0)))),
        )

    def run(self, crash: int | None, action: Callable[[], object]) -> None:
        """Run an operation that may crash."""
        try:
            with self.plan.dying_after(crash):
                action()
        except Crash:
            self.world.in_progress.clear()
            self.world.meanwhile = pass_by
            return
        except (EmailTaken, UserNotFound):
            return

    @rule(which=processes, email=st.sampled_from(PEOPLE), crash=crashes)
    def register(self, which: int, email: str, crash: int | None) -> None:
        registration = self.processes[which].accounts.registration
        self.run(crash, lambda: registration.register(Email(email), tokens=Tokens(1)))

    @rule(which=processes, email=st.sampled_from(PEOPLE), crash=crashes)
    def grant(self, which: int, email: str, crash: int | None) -> None:
        self.run(crash, lambda: self.processes[which].wallets.grant(Email(email), Tokens(1)))

    @rule(which=processes, name=names, crash=crashes)
    def deliver(self, which: int, name: str, crash: int | None) -> None:
        self.run(crash, lambda: self.processes[which].events.deliver(SubscriberName(name)))

    @rule(which=processes, name=names, email=st.sampled_from(PEOPLE), crash=crashes)
    def deliver_while_another_process_delivers_and_records(
        self, which: int, name: str, email: str, crash: int | None
    ) -> None:
        def meanwhile() -> None:
            other = self.processes[1 - which]
            other.events.deliver(SubscriberName(name))
            other.wallets.grant(Email(email), Tokens(1))

        self.world.meanwhile = meanwhile
        self.run(crash, lambda: self.processes[which].events.deliver(SubscriberName(name)))
        self.world.meanwhile = pass_by

    @rule(which=processes, email=st.sampled_from(PEOPLE))
    def create_a_webhook(self, which: int, email: str) -> None:
        """Create an owner's webhook. Without the refreshing, the other process would take a few seconds to notice."""
        with self.inner.view() as tx, suppress(UserNotFound):
            owner_id: OwnerId = tx.users.user_by_email(Email(email)).id
            if owner_id not in self.world.received:
                self.world.received[owner_id] = [self.entries()[owner_id]]
                endpoints = self.processes[which].webhooks.endpoints
                endpoints.create(owner_id, url=email, event_types=frozenset({TokensMoved.event_type}))
                for process in self.processes:
                    process.events.refresh()

    @rule(which=processes, crash=crashes, meanwhile=st.booleans())
    def send(self, which: int, crash: int | None, meanwhile: bool) -> None:
        """Store deliveries and send them, while the other process does, too."""
        if meanwhile:
            self.world.meanwhile = lambda: send_all(self.processes[1 - which])
        self.run(crash, lambda: send_all(self.processes[which]))
        self.world.meanwhile = pass_by

    @rule(name=st.sampled_from([*NAMES, WEBHOOKS.text]))
    def fail_or_recover(self, name: str) -> None:
        self.world.fails ^= {name}

    @rule(minutes=st.sampled_from([0.2, 1, 12]))
    def pass_time(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(which=processes)
    def restart(self, which: int) -> None:
        self.processes[which] = self.process()

    def entries(self) -> dict[OwnerId, int]:
        """Return how many ledger entries each owner has: the events that must come."""
        with self.inner.view() as tx:
            return {wallet.owner_id: wallet.entries for wallet in tx.audit.wallets(limit=9)}

    @invariant()
    def nothing_is_handled_that_has_not_happened(self) -> None:
        entries = self.entries()
        for (_, owner_id), handled in self.world.handled.items():
            assert handled == list(range(1, len(handled) + 1))
            assert len(handled) <= entries[owner_id]

    def teardown(self) -> None:
        """Without further faults, every subscriber gets everything."""
        self.world.fails.clear()
        for _ in range(60):
            self.clock.advance(LIMITS.delay_max)
            for name in NAMES:
                while self.processes[0].events.deliver(SubscriberName(name)).count:
                    pass
            send_all(self.processes[0])
            if all(not backlog.waiting for backlog in self.processes[0].events.backlogs()):
                break
        for _ in range(60):
            self.clock.advance(timedelta(hours=1))
            send_all(self.processes[0])
        for owner_id, received in self.world.received.items():
            assert received == list(range(received[0], self.entries()[owner_id] + 1))
        for name in NAMES:
            for owner_id, number in self.entries().items():
                assert len(self.world.handled[name, owner_id]) == number
        assert all(backlog.set_aside == 0 for backlog in self.processes[0].events.backlogs())


def send_all(process: Application) -> None:
    """Store the deliveries to webhooks, and send what is due."""
    while process.events.deliver(WEBHOOKS).count:
        pass
    while claimed := process.webhooks.sending.claim(slots=4, quick_slots=4, slow_slots=4):
        for each in claimed:
            process.webhooks.sending.send(each)
