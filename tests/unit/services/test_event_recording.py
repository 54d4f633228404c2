"""Every change is recorded as an event in its transaction, by whatever path it comes, and nothing without subscribers.

The oracle, `event_oracle.ObservedTransactions`, compares the events of each transaction with the change of the state.
The stateful machine runs under it too: `test_machine.py`.
"""

import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from event_oracle import Everything, ObservedTransactions
from services import VGA, Services
from spike_contracts.builders import NOON, a_result
from spike_core.domain.accounts import Email
from spike_core.domain.errors import DatabaseUnavailable, ImageNotFound
from spike_core.domain.event_deliveries import SubscriberName, Subscription
from spike_core.domain.events import (
    EVENT_TYPES,
    ImageDeleted,
    ImageUploaded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobRefunded,
    TokensMoved,
)
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import ClaimedJob
from spike_core.domain.ledger import EntryKind, Reference
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.images import ImageRepository
from spike_core.ports.jobs import JobRepository
from spike_core.ports.transactions import Transaction
from spike_core.ports.wallets import WalletRepository
from spike_core.services import event_recording
from spike_core.services.batch_uploads import NamedFile
from spike_core.services.event_recording import SUBSCRIPTIONS_AGE_MAX
from spike_memory import MemoryTransactions
from spike_memory.engine import a_picture

WELCOME = ["tokens.moved"]
UPLOAD = [*WELCOME, "image.uploaded", "tokens.moved"]  # registration, then an upload at a price


def register(services: Services) -> None:
    services.owner()


def grant(services: Services) -> None:
    services.owner("ada@example.org")
    services.wallets.grant(Email("ada@example.org"), Tokens(5))


def buy_and_take_back(services: Services) -> None:
    owner_id = services.owner()
    services.wallets.credit(owner_id, Tokens(5), reference=Reference("pi_1"))
    services.wallets.debit(owner_id, Tokens(5), reference=Reference("re_1"))


def regenerate_and_spend(services: Services) -> None:
    owner_id = services.owner(tokens=2)
    services.pass_time(timedelta(hours=1))
    services.upload(owner_id)


def complete(services: Services) -> None:
    job = services.claim(services.owner())
    services.jobs.transitions.complete(job, a_result(job))


def generate_and_complete(services: Services) -> None:
    prompt, tier = Prompt("a mountain"), Tier.TIER_1K
    services.jobs.generations.generate(services.owner(), prompt=prompt, tier=tier, aspect_ratio=AspectRatio.SQUARE)
    services.work()


def fail_for_good(services: Services) -> None:
    services.jobs.transitions.fail(services.claim(services.owner()), "no")


def fail_a_free_one(services: Services) -> None:
    uploaded = services.upload(owner_id := services.owner())
    services.inbox.messages.clear()
    accepted = services.jobs.enhancements.enhance(owner_id, image_id=uploaded.image.id, tier=Tier.FREE)
    services.jobs.transitions.fail(services.jobs.transitions.claim(accepted.job.id), "no")


def fail_after_retries(services: Services) -> None:
    job = services.claim(services.owner())
    for attempt in range(services.limits.attempts_max):
        services.jobs.transitions.retry(job if not attempt else services.jobs.transitions.claim(job.id), "trouble")


def crash_each_time(services: Services) -> None:
    job = services.claim(services.owner())
    for _ in range(services.limits.crashes_max):
        if not isinstance(services.job(job.id), ClaimedJob):
            services.jobs.transitions.claim(job.id)
        services.pass_time(services.limits.lease * 2)
        services.maintenance.recovery.expire_leases()


def be_refused_by_the_queue(services: Services) -> None:
    services.inbox.refuses = True
    services.accept(services.owner())
    services.jobs.dispatch.relay()
    services.pass_time(services.limits.refusal_max + timedelta(minutes=1))
    services.jobs.dispatch.relay()


def cancel(services: Services) -> None:
    job = services.accept(services.owner())
    services.jobs.cancellation.cancel(job.spec.owner_id, job.id)


def delete(services: Services) -> None:
    uploaded = services.upload(services.owner())
    services.images.deletion.remove(uploaded.image.owner_id, uploaded.image.id)
    with pytest.raises(ImageNotFound):
        services.images.deletion.remove(uploaded.image.owner_id, uploaded.image.id)


def delete_an_anonymous_one(services: Services) -> None:
    services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(VGA)))
    services.pass_time(timedelta(days=30))
    services.images.deletion.expire_anonymous(retention=timedelta(days=7))


def upload_a_batch(services: Services) -> None:
    files = [
        NamedFile(filename=f"{n}.jpg", name=ImageName(f"{n}.jpg"), content=io.BytesIO(a_picture(VGA))) for n in range(2)
    ]
    services.images.batch_uploads.upload(services.owner(), files=files)


PATHS: Mapping[str, tuple[Callable[[Services], None], list[str]]] = {
    "registration": (register, WELCOME),
    "grant": (grant, [*WELCOME, "tokens.moved"]),
    "credit and debit": (buy_and_take_back, [*WELCOME, "tokens.moved", "tokens.moved"]),
    "regeneration": (regenerate_and_spend, [*WELCOME, "image.uploaded", "tokens.moved", "tokens.moved"]),
    "delivery": (complete, [*UPLOAD, "job.completed"]),
    "generation": (generate_and_complete, [*WELCOME, "tokens.moved", "job.completed"]),
    "failure": (fail_for_good, [*UPLOAD, "job.refunded", "tokens.moved"]),
    "failure of a free job": (fail_a_free_one, [*UPLOAD, "job.failed"]),
    "last retry": (fail_after_retries, [*UPLOAD, "job.refunded", "tokens.moved"]),
    "last expired lease": (crash_each_time, [*UPLOAD, "job.refunded", "tokens.moved"]),
    "refusal by the queue": (be_refused_by_the_queue, [*UPLOAD, "job.refunded", "tokens.moved"]),
    "cancellation": (cancel, [*UPLOAD, "job.cancelled", "tokens.moved"]),
    "deletion with an open job": (delete, [*UPLOAD, "job.cancelled", "tokens.moved", "image.deleted"]),
    "expiry of an anonymous image": (delete_an_anonymous_one, ["image.uploaded", "image.deleted"]),
    "batch": (upload_a_batch, [*WELCOME, *["image.uploaded", "tokens.moved"] * 2]),
}


def observed() -> tuple[Services, ObservedTransactions, Everything]:
    transactions, everything = ObservedTransactions(), Everything()
    return Services.build(transactions=transactions, subscribers=[everything]), transactions, everything


@pytest.mark.parametrize("path", PATHS)
def test_no_path_escapes(path: str) -> None:
    services, transactions, _ = observed()
    action, expected = PATHS[path]
    action(services)
    assert sorted(transactions.observed.elements()) == sorted(expected)


def test_the_paths_lead_to_events_of_every_type() -> None:
    assert {each for _, expected in PATHS.values() for each in expected} == set(EVENT_TYPES)


@pytest.mark.parametrize(
    ("repository", "method", "path"),
    [
        ("_RecordingWallets", "open", "registration"),
        ("_RecordingWallets", "post", "grant"),
        ("_RecordingJobs", "replace", "delivery"),
        ("_RecordingImages", "add", "batch"),
        ("_RecordingImages", "begin_deletion", "deletion with an open job"),
    ],
)
def test_the_oracle_notices_a_change_that_is_not_recorded(
    repository: str, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_on(self: Any, *args: Any, **kwargs: Any) -> None:
        getattr(self._inner, method)(*args, **kwargs)

    monkeypatch.setattr(getattr(event_recording, repository), method, pass_on)
    services, _, _ = observed()
    with pytest.raises(AssertionError):
        PATHS[path][0](services)


def test_each_method_that_changes_what_events_tell_of_is_recorded() -> None:
    """A new method of these ports has to be classified: recorded, or here."""
    changes_nothing_told = {
        WalletRepository: {"get", "lock", "entry", "entries"},
        JobRepository: {
            *("add", "get", "find", "start", "of_image", "newest_of_image", "count_of_image", "count_open", "of_batch"),
            *(
                "newest_results",
                "generations",
                "with_expired_lease",
                "started",
                "in_flight",
                "others_wait",
                "held_back",
            ),
            *("waiting_owners", "queue_order"),
        },
        ImageRepository: {
            *("get", "find", "of_owner", "change", "count_view", "get_deleting", "pending_deletions", "expired"),
            *("finish_deletion", "examine", "duplicates", "due_deletions", "postpone_deletion"),
        },
    }
    recorded = {
        WalletRepository: event_recording._RecordingWallets,
        JobRepository: event_recording._RecordingJobs,
        ImageRepository: event_recording._RecordingImages,
    }
    for port, others in changes_nothing_told.items():
        methods = {name for name in vars(port) if not name.startswith("_")}
        assert methods - {name for name in vars(recorded[port]) if not name.startswith("_")} == others


def test_an_event_says_what_a_subscriber_needs() -> None:
    services, _, everything = observed()
    name = SubscriberName("everything")
    job = services.claim(services.owner(tokens=10))
    result = a_result(job)
    services.jobs.transitions.complete(job, result)
    refunded = services.claim(job.spec.owner_id)
    services.jobs.transitions.fail(refunded, "no")
    while services.events.deliver(name).count:
        pass
    [delivered] = [event for event in everything.events if isinstance(event, JobCompleted)]
    assert (delivered.result, delivered.dimensions, delivered.tier) == (result.key, result.dimensions, "TIER_1K")
    assert (delivered.charged, delivered.balance, delivered.occurred_at) == (Tokens(2), Tokens(8), services.clock.now())
    [back] = [event for event in everything.events if isinstance(event, JobRefunded)]
    assert (back.reason, back.balance, back.charged, back.image_id) == (
        "no",
        Tokens(8),
        Tokens(2),
        refunded.spec.image_id,
    )
    moved = [event for event in everything.events if isinstance(event, TokensMoved)]
    assert [(event.amount, event.balance.amount) for event in moved] == [(10, 10), (-2, 8), (-2, 6), (2, 8)]


def test_a_credit_is_told_with_the_payment_that_it_is_for() -> None:
    services, _, everything = observed()
    buy_and_take_back(services)
    while services.events.deliver(SubscriberName("everything")).count:
        pass
    assert [(event.kind, event.reference) for event in everything.events if isinstance(event, TokensMoved)] == [
        (EntryKind.EARN_BONUS, None),
        (EntryKind.EARN_PURCHASE, Reference("pi_1")),
        (EntryKind.SPEND_ADJUSTMENT, Reference("re_1")),
    ]


def test_jobs_cancelled_together_tell_the_balance_after_each_refund() -> None:
    services, _, everything = observed()
    uploaded = services.upload(owner_id := services.owner(tokens=10))
    services.jobs.enhancements.enhance(owner_id, image_id=uploaded.image.id, tier=Tier.TIER_2K)
    services.images.deletion.remove(owner_id, uploaded.image.id)
    while services.events.deliver(SubscriberName("everything")).count:
        pass
    cancelled = [event for event in everything.events if isinstance(event, JobCancelled)]
    assert sorted(event.balance.amount - event.charged.amount for event in cancelled) == [3, 5]
    of_image = [type(event) for event in everything.events if event.subject == uploaded.image.id.text]
    assert of_image == [ImageUploaded, JobCancelled, JobCancelled, ImageDeleted]


def test_a_transaction_that_is_rolled_back_records_nothing() -> None:
    services, transactions, _ = observed()

    def refuse(_tx: Transaction, _result: object) -> None:
        raise ZeroDivisionError

    uploads = services.images.uploads.before_commit(refuse)
    owner_id = services.owner()
    with pytest.raises(ZeroDivisionError):
        uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(a_picture(VGA)))
    assert transactions.observed == {"tokens.moved": 1}


def test_without_subscribers_transactions_are_those_of_the_adapter() -> None:
    transactions = MemoryTransactions()
    services = Services.build(transactions=transactions)
    PATHS["deletion with an open job"][0](services)
    with services.wallets.transactions.begin() as tx:
        assert type(tx.wallets).__module__ == "spike_memory.wallets"
    with transactions.view() as view:
        assert list(view.event_deliveries.subscribers()) == []


def test_only_wanted_events_are_recorded() -> None:
    everything = Everything()
    everything.kinds = frozenset({JobFailed})
    services = Services.build(subscribers=[everything])
    fail_a_free_one(services)
    [backlog] = services.events.backlogs()
    assert backlog.waiting == 1


def test_events_are_recorded_for_the_subscribers_of_other_processes() -> None:
    """An API process that doesn't have the worker's subscriber notices it within ten seconds."""
    transactions = MemoryTransactions()
    api = Services.build(transactions=transactions)
    owner_id = api.owner()
    with transactions.begin() as tx:
        types = frozenset({"image.uploaded"})
        name = SubscriberName("elsewhere")
        tx.subscriptions.put(Subscription(name=name, event_types=types, seen_at=api.clock.now()))
    api.upload(owner_id)
    assert [backlog.waiting for backlog in api.events.backlogs()] == [0]
    api.pass_time(SUBSCRIPTIONS_AGE_MAX)
    api.upload(owner_id)
    assert [backlog.waiting for backlog in api.events.backlogs()] == [1]
    cli = Services.build(transactions=transactions)  # a new process knows it from its first transaction
    cli.upload(owner_id)
    assert [backlog.waiting for backlog in api.events.backlogs()] == [2]


def test_what_an_apps_transaction_sees_of_subscribers_is_kept_for_no_other() -> None:
    """Its snapshot may be older than a subscriber. It notices new ones itself, if no other transaction does."""
    transactions = MemoryTransactions()
    services = Services.build(transactions=transactions)
    owner_id = services.owner(tokens=20)
    recording = services.events.recording
    types = frozenset({"image.uploaded"})

    def known() -> list[str]:
        return [name.text for name in recording.subscriptions()]

    def register(name: str) -> None:
        with transactions.begin() as tx:
            tx.subscriptions.put(Subscription(name=SubscriberName(name), event_types=types, seen_at=NOON))

    register("first")
    services.pass_time(SUBSCRIPTIONS_AGE_MAX)
    with pytest.raises(LookupError), transactions.sharing():  # noqa: PT012
        services.upload(owner_id)
        assert known() == ["first"]
        register("undone")
        assert known() == ["first", "undone"]
        raise LookupError
    assert known() == ["first"]
    services.pass_time(SUBSCRIPTIONS_AGE_MAX)
    with transactions.sharing():
        register("second")
        services.upload(owner_id)
    assert recording.own == {}
    assert known() == ["first", "second"]
    assert [backlog.waiting for backlog in services.events.backlogs()] == [1, 1]


def test_while_the_database_is_unavailable_what_is_known_of_subscribers_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    services, _, _ = observed()
    services.owner()
    recording = services.events.recording

    def fail(_self: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(MemoryTransactions, "view", fail)
    services.pass_time(SUBSCRIPTIONS_AGE_MAX)
    assert [name.text for name in recording.subscriptions()] == ["everything"]
