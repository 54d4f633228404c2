"""The contract suites notice adapters that break the laws of bounded growth, and of credentials."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from spike_contracts.album_images import AlbumImagesContract
from spike_contracts.api_key_charges import ApiKeyChargesContract
from spike_contracts.api_keys import ApiKeysContract
from spike_contracts.audit import AuditReaderContract
from spike_contracts.fair_scheduling import FairSchedulingContract
from spike_contracts.job_queries import JobQueriesContract
from spike_contracts.job_recovery import JobRecoveryContract
from spike_contracts.ledger import LedgerContract
from spike_contracts.queue import JobQueueContract
from spike_contracts.sessions import SessionsContract
from spike_contracts.shared_transactions import AppTransaction, SharedTransactionsContract
from spike_contracts.statistics import StatisticsContract
from spike_contracts.wallets import WalletsContract
from spike_core.domain.albums import AlbumCount, AlbumImage, AlbumSummary
from spike_core.domain.api_keys import ApiKey, Month
from spike_core.domain.cursors import StartCursor
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import AlbumId, ApiKeyId, JobId, OwnerId, UserId
from spike_core.domain.jobs import ClaimedJob, Job, PendingJob, StartedJob
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.priorities import Priority
from spike_core.domain.queue_order import QueueOrder, UnclaimedJob, WaitingOwner
from spike_core.domain.secrets import SecretHash
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import Posting
from spike_core.ports.audit import AuditPage
from spike_memory import MemoryQueue, MemoryTransactions
from spike_memory.albums import MemoryAlbums
from spike_memory.api_key_charges import MemoryApiKeyCharges
from spike_memory.api_keys import MemoryApiKeys
from spike_memory.audit import MemoryAuditReader
from spike_memory.jobs import MemoryJobs
from spike_memory.sessions import MemorySessions
from spike_memory.state import Rows
from spike_memory.statistics import MemoryStatistics
from spike_memory.transactions import MemorySharedTransaction, MemoryTransaction
from spike_memory.wallets import MemoryWallets

QueueOrderMethod = Callable[..., QueueOrder]
Law = Callable[[MemoryTransactions], None]
POST, LEDGER = MemoryWallets.post, MemoryAuditReader.ledger
IMAGES_AMONG, ALBUMS = MemoryAuditReader.images_among, MemoryAuditReader.albums
WAITING_OWNERS = MemoryJobs.waiting_owners
STARTED = MemoryJobs.started
OF_BATCH, NEWEST_OF_IMAGE = MemoryJobs.of_batch, MemoryJobs.newest_of_image
ALBUM_PAGE, SUMMARIES = MemoryAlbums.page, MemoryAlbums.summaries
IN_FLIGHT, USAGE, MISCOUNTED = MemoryJobs.in_flight, MemoryAuditReader.usage, MemoryAuditReader.miscounted
FAIR = FairSchedulingContract()


def _order_of(jobs: Iterable[Job], *, held_back: Callable[[Job], bool]) -> QueueOrder:
    oldest_first = sorted(jobs, key=lambda job: job.spec.cursor)
    return QueueOrder.of(
        UnclaimedJob(job.spec.created_at, job.id.text, job.spec.owner_id.text, held_back(job)) for job in oldest_first
    )


def _broken(kinds: tuple[type[Job], ...], *, holds_back: bool = True, limited: bool = True) -> QueueOrderMethod:
    """Return a `queue_order` of jobs of these kinds, which may know no limit or hold nothing back."""

    def queue_order(self: MemoryJobs, *, limit: int) -> QueueOrder:
        state = self._rows.state
        jobs = sorted((job for job in state.jobs.values() if isinstance(job, kinds)), key=lambda job: job.spec.cursor)
        return _order_of(
            jobs[:limit] if limited else jobs,
            held_back=lambda job: holds_back and isinstance(job, PendingJob) and job.id not in state.outbox,
        )

    return queue_order


def _post_without_sums(wallets: MemoryWallets, posting: Posting) -> None:
    POST(wallets, evolve(posting, wallet=evolve(posting.wallet, spent=NO_TOKENS)))


def _post_without_hashes(wallets: MemoryWallets, posting: Posting) -> None:
    POST(wallets, evolve(posting, entries=tuple(evolve(entry, hash=NO_HASH) for entry in posting.entries)))


def _post_without_head(wallets: MemoryWallets, posting: Posting) -> None:
    POST(wallets, evolve(posting, wallet=evolve(posting.wallet, head=NO_HASH)))


def _all_ledgers(
    audit: MemoryAuditReader,
    *,
    after: LedgerPosition | None = None,
    until: OwnerId | None,  # noqa: ARG001  # the port's
    limit: int,
) -> Sequence[LedgerEntry]:
    return LEDGER(audit, after=after, until=OwnerId.of("z" * 24), limit=limit)


def _owners_by_age(jobs: MemoryJobs, **asked: Any) -> Sequence[WaitingOwner]:
    return WAITING_OWNERS(jobs, **asked)[::-1]


def _owners_with_all_in_flight(jobs: MemoryJobs, **asked: Any) -> Sequence[WaitingOwner]:
    return WAITING_OWNERS(jobs, **{**asked, "count_max": 99})


def _owners_from_the_first(jobs: MemoryJobs, **asked: Any) -> Sequence[WaitingOwner]:
    return WAITING_OWNERS(jobs, **{**asked, "after": None})


def _no_refunds(_statistics: MemoryStatistics) -> RefundStatistics:
    return RefundStatistics(refunds=0, tokens=0)


def _started_by_age(jobs: MemoryJobs, priority: Priority, **asked: Any) -> Sequence[StartCursor]:
    """Return a page of started jobs in the order in which they were accepted."""
    created = jobs._rows.state.jobs
    found = sorted(STARTED(jobs, priority, **{**asked, "limit": 99}), key=lambda start: created[start.id].spec.cursor)
    return found[: asked["limit"]]


def _page_from_the_first(albums: MemoryAlbums, album_id: AlbumId, **asked: Any) -> Sequence[AlbumImage]:
    return ALBUM_PAGE(albums, album_id, **{**asked, "after": None})


def _summaries_by_the_last(albums: MemoryAlbums, owner_id: OwnerId) -> Sequence[AlbumSummary]:
    return [
        evolve(each, first_image_id=places[-1].image_id if (places := albums.images(each.album.id)) else None)
        for each in SUMMARIES(albums, owner_id)
    ]


def _oldest_sessions(sessions: MemorySessions, user_id: UserId, *, count: int) -> None:
    own = [session for session in sessions._rows.state.sessions.values() if session.user_id == user_id]
    for session in sorted(own, key=lambda session: session.created_at)[count:]:
        del sessions._rows.state.sessions[session.hash]


BROKEN: dict[str, tuple[type, str, Any, Law]] = {
    "counts jobs at work": (
        MemoryJobs,
        "queue_order",
        _broken((PendingJob, StartedJob, ClaimedJob)),
        FAIR.test_jobs_that_no_longer_wait_have_no_place_in_the_order,
    ),
    "lets nothing be held back": (
        MemoryJobs,
        "queue_order",
        _broken((PendingJob, StartedJob), holds_back=False),
        FAIR.test_those_that_wait_for_their_turn_stand_behind_and_owners_take_turns,
    ),
    "counts beyond the limit": (
        MemoryJobs,
        "queue_order",
        _broken((PendingJob, StartedJob), limited=False),
        FAIR.test_the_order_counts_no_more_than_the_limit_and_the_oldest,
    ),
    "forgets announced jobs": (
        MemoryJobs,
        "queue_order",
        _broken((StartedJob,)),
        FAIR.test_what_is_on_its_way_stands_in_line_by_age,
    ),
    "finds owners in another order": (
        MemoryJobs,
        "waiting_owners",
        _owners_by_age,
        FAIR.test_owners_with_held_back_jobs_come_in_pages,
    ),
    "counts all jobs in flight": (
        MemoryJobs,
        "waiting_owners",
        _owners_with_all_in_flight,
        FAIR.test_owners_with_held_back_jobs_are_found_with_what_is_in_flight,
    ),
    "finds owners of the first page again": (
        MemoryJobs,
        "waiting_owners",
        _owners_from_the_first,
        FAIR.test_owners_with_held_back_jobs_come_in_pages,
    ),
    "finds started jobs in another order": (
        MemoryJobs,
        "started",
        _started_by_age,
        partial(JobRecoveryContract().test_started_jobs_come_in_pages_in_the_order_of_their_starts, limit=9),
    ),
    "finds started jobs of either queue": (
        MemoryJobs,
        "started",
        lambda jobs, _priority, **asked: [start for priority in Priority for start in STARTED(jobs, priority, **asked)],
        JobRecoveryContract().test_started_jobs_are_of_the_queue_of_their_priority,
    ),
    "returns a batch's jobs by id": (
        MemoryJobs,
        "of_batch",
        lambda jobs, batch_id: sorted(OF_BATCH(jobs, batch_id), key=lambda job: job.id),
        JobQueriesContract().test_a_batchs_jobs_come_together_oldest_first,
    ),
    "returns an album's first page again": (
        MemoryAlbums,
        "page",
        _page_from_the_first,
        AlbumImagesContract().test_an_albums_images_come_in_pages_in_order,
    ),
    "returns an album whole": (
        MemoryAlbums,
        "page",
        lambda albums, album_id, **asked: ALBUM_PAGE(albums, album_id, **{**asked, "limit": 99}),
        AlbumImagesContract().test_an_albums_images_come_in_pages_in_order,
    ),
    "counts the images of all albums": (
        MemoryAlbums,
        "count",
        lambda albums, _album_id: sum(len(places) for places in albums._rows.state.places.values()),
        AlbumImagesContract().test_an_albums_images_come_in_pages_in_order,
    ),
    "keeps counting images that were removed": (
        MemoryAlbums,
        "count",
        lambda albums, album_id: max(3, len(albums.images(album_id))),
        AlbumImagesContract().test_the_count_follows_whatever_adds_and_removes_images,
    ),
    "counts the images of albums that don't exist": (
        MemoryAuditReader,
        "album_counts",
        lambda _audit, album_ids: [AlbumCount(album_id=album_id, kept=0, counted=0) for album_id in album_ids],
        AuditReaderContract().test_the_images_of_albums_are_counted,
    ),
    "finds an image in any album": (
        MemoryAlbums,
        "contains",
        lambda albums, _album_id, image_id: image_id in albums._rows.state.images,
        AlbumImagesContract().test_an_album_contains_its_own_images_alone,
    ),
    "summarizes an album by its last image": (
        MemoryAlbums,
        "summaries",
        _summaries_by_the_last,
        AlbumImagesContract().test_an_owners_albums_are_summarized_newest_first,
    ),
    "returns an image's oldest jobs": (
        MemoryJobs,
        "newest_of_image",
        lambda jobs, image_id, **asked: NEWEST_OF_IMAGE(jobs, image_id, **{**asked, "limit": 99})[-asked["limit"] :],
        JobQueriesContract().test_an_images_jobs_come_in_pages_newest_first,
    ),
    "counts the jobs of all images": (
        MemoryJobs,
        "count_of_image",
        lambda jobs, _image_id: len(jobs._rows.state.jobs),
        JobQueriesContract().test_an_images_jobs_come_in_pages_newest_first,
    ),
    "keeps no sums": (
        MemoryWallets,
        "post",
        _post_without_sums,
        LedgerContract().test_totals_are_summed_by_direction,
    ),
    "forgets the hashes of entries": (
        MemoryWallets,
        "post",
        _post_without_hashes,
        LedgerContract().test_hashes_are_kept_with_the_entries_and_the_newest_with_the_wallet,
    ),
    "forgets the hash of the newest entry": (
        MemoryWallets,
        "post",
        _post_without_head,
        LedgerContract().test_hashes_are_kept_with_the_entries_and_the_newest_with_the_wallet,
    ),
    "counts no refunds": (
        MemoryStatistics,
        "refunds",
        _no_refunds,
        StatisticsContract().test_refunds_are_summed_over_all_owners,
    ),
    "finds images that are being deleted": (
        MemoryAuditReader,
        "images_among",
        lambda audit, ids, **_: IMAGES_AMONG(audit, ids, deleting=True),
        AuditReaderContract().test_rows_are_found_by_their_ids,
    ),
    "finds no image that is being deleted": (
        MemoryAuditReader,
        "images_among",
        lambda audit, ids, **_: IMAGES_AMONG(audit, ids, deleting=False),
        AuditReaderContract().test_rows_are_found_by_their_ids,
    ),
    "finds jobs that weren't asked for": (
        MemoryAuditReader,
        "jobs_among",
        lambda audit, _ids: AuditPage(rows=list(audit._rows.state.jobs.values())),
        AuditReaderContract().test_rows_are_found_by_their_ids,
    ),
    "takes every owner to have a wallet": (
        MemoryAuditReader,
        "wallets_among",
        lambda _audit, ids: frozenset(ids),
        AuditReaderContract().test_rows_are_found_by_their_ids,
    ),
    "takes every owner to be a user": (
        MemoryAuditReader,
        "users_among",
        lambda _audit, ids: frozenset(ids),
        AuditReaderContract().test_rows_are_found_by_their_ids,
    ),
    "ends after the first page of albums": (
        MemoryAuditReader,
        "albums",
        lambda audit, **asked: evolve(ALBUMS(audit, **asked), next=None),
        partial(AuditReaderContract().test_a_page_tells_where_the_next_one_starts, limit=1),
    ),
    "forgets what is parked": (
        MemoryWallets,
        "post",
        lambda wallets, posting: POST(wallets, evolve(posting, wallet=evolve(posting.wallet, parked=NO_TOKENS))),
        WalletsContract().test_usage_limits_and_work_are_stored_with_the_wallet,
    ),
    "counts jobs that have ended as open": (
        MemoryJobs,
        "count_open",
        lambda jobs, image_ids: {id_: jobs.count_of_image(id_) for id_ in image_ids},
        JobQueriesContract().test_the_open_jobs_of_images_are_counted_by_image,
    ),
    "finds an owner's own jobs waiting": (
        MemoryJobs,
        "others_wait",
        lambda jobs, _owner_id: any(isinstance(job, PendingJob) for job in jobs._rows.state.jobs.values()),
        FAIR.test_others_wait_where_another_owners_job_is_unclaimed,
    ),
    "tells the tiers in flight by id": (
        MemoryJobs,
        "in_flight",
        lambda jobs, owner_id, *, limit: IN_FLIGHT(jobs, owner_id, limit=99)[::-1][:limit],
        FAIR.test_jobs_in_flight_tell_their_tiers_oldest_first,
    ),
    "keeps the oldest sessions": (
        MemorySessions,
        "keep_newest",
        _oldest_sessions,
        SessionsContract().test_only_the_newest_sessions_of_a_user_are_kept,
    ),
    "counts no hidden images": (
        MemoryAuditReader,
        "usage",
        lambda audit, owner_id: evolve(USAGE(audit, owner_id), usage=Usage()),
        AuditReaderContract().test_usage_is_what_an_owners_jobs_and_images_add_up_to,
    ),
    "finds no wrong sums": (
        MemoryAuditReader,
        "miscounted",
        lambda audit, **asked: MISCOUNTED(audit, **{**asked, "after": None})[:1],
        AuditReaderContract().test_wallets_whose_sums_are_wrong_are_found_page_by_page,
    ),
    "reads ledgers of owners behind the last": (
        MemoryAuditReader,
        "ledger",
        _all_ledgers,
        partial(AuditReaderContract().test_all_ledgers_are_read_by_owner_and_number_up_to_an_owner, limit=100),
    ),
}


SESSIONS, CHARGES = SessionsContract(), ApiKeyChargesContract()
OF_USER, NOTE_USE, REMOVE = MemorySessions.of_user, MemorySessions.note_use, MemorySessions.remove
REMOVE_DESCENDANTS = MemorySessions.remove_descendants


def _keep_scopes_only(keys: MemoryApiKeys, key: ApiKey) -> None:
    keys._rows.check_writable().api_keys[key.id] = evolve(key, expires_at=None)


def _note_any_use(sessions: MemorySessions, hash_: SecretHash, *, now: datetime) -> None:
    kept = sessions._rows.check_writable().sessions
    if hash_ in kept:
        kept[hash_] = evolve(kept[hash_], last_used_at=now)


def _spent_ever(charges: MemoryApiKeyCharges, key_id: ApiKeyId, *, month: Month) -> Tokens:  # noqa: ARG001  # the port's
    kept = charges._rows.state.api_key_charges.values()
    return sum((each.tokens for each in kept if each.api_key_id == key_id), NO_TOKENS)


def _spent_by_all(charges: MemoryApiKeyCharges, _key_id: ApiKeyId, *, month: Month) -> Tokens:
    kept = charges._rows.state.api_key_charges.values()
    return sum((each.tokens for each in kept if each.month == month), NO_TOKENS)


BROKEN |= {
    "forgets when a key expires": (
        MemoryApiKeys,
        "put",
        _keep_scopes_only,
        ApiKeysContract().test_a_keys_rules_are_kept,
    ),
    "lists sessions oldest first": (
        MemorySessions,
        "of_user",
        lambda sessions, user_id, *, limit: OF_USER(sessions, user_id, limit=99)[::-1][:limit],
        SESSIONS.test_a_users_sessions_are_listed_newest_first,
    ),
    "notes a use that came before": (
        MemorySessions,
        "note_use",
        _note_any_use,
        SESSIONS.test_a_use_is_noted_and_never_an_earlier_one,
    ),
    "lets two remove one session": (
        MemorySessions,
        "remove",
        lambda sessions, hash_: [REMOVE(sessions, hash_), 1][1],
        SESSIONS.test_a_session_is_removed_and_the_users_others_stay,
    ),
    "signs everybody out": (
        MemorySessions,
        "remove_all",
        lambda sessions, _user_id: sessions._remove(lambda _session: True),
        SESSIONS.test_all_sessions_of_a_user_are_removed_and_nobody_elses,
    ),
    "ends sessions older than the key": (
        MemorySessions,
        "remove_descendants",
        lambda sessions, user_id, *, since, kept: REMOVE_DESCENDANTS(
            sessions, user_id, since=since - timedelta(days=1), kept=kept
        ),
        SESSIONS.test_what_may_descend_from_a_key_is_removed_and_nothing_else,
    ),
    "ends the current session": (
        MemorySessions,
        "remove_descendants",
        lambda sessions, user_id, *, since, kept: REMOVE_DESCENDANTS(  # noqa: ARG005  # the port's
            sessions, user_id, since=since, kept=None
        ),
        SESSIONS.test_what_may_descend_from_a_key_is_removed_and_nothing_else,
    ),
    "sums the charges of all months": (
        MemoryApiKeyCharges,
        "spent",
        _spent_ever,
        CHARGES.test_charges_are_summed_by_key_and_month,
    ),
    "sums the charges of all keys": (
        MemoryApiKeyCharges,
        "spent",
        _spent_by_all,
        CHARGES.test_charges_are_summed_by_key_and_month,
    ),
    "takes nothing back": (
        MemoryApiKeyCharges,
        "take_back",
        lambda _charges, _job_id: None,
        CHARGES.test_a_refund_is_subtracted_from_the_month_of_its_charge_once,
    ),
}


SHARED = SharedTransactionsContract()
SHARING = MemoryTransactions.sharing


def _of_an_app(law: Callable[[MemoryTransactions, AppTransaction], None]) -> Law:
    return lambda transactions: law(transactions, transactions.sharing)


@contextmanager
def _shared_without_rollback(transactions: MemoryTransactions) -> Iterator[None]:
    failures: list[BaseException] = []
    with SHARING(transactions):
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # raised again
            failures.append(error)
    for failure in failures:
        raise failure


@contextmanager
def _shared_with_all_threads(transactions: MemoryTransactions) -> Iterator[None]:
    with SHARING(transactions):
        shared = transactions._shared()
        transactions._shared = lambda: shared  # type: ignore[method-assign]
        try:
            yield
        finally:
            del transactions._shared


@contextmanager
def _own_transactions_alone(_transactions: MemoryTransactions) -> Iterator[None]:
    yield


@contextmanager
def _never_ending(transactions: MemoryTransactions) -> Iterator[None]:
    with SHARING(transactions):
        shared = transactions._shared()
        assert shared is not None
        yield
    shared.has_ended = False


@contextmanager
def _part_kept_after_failure(
    _transactions: MemoryTransactions, shared: MemorySharedTransaction
) -> Iterator[MemoryTransaction]:
    yield MemoryTransaction.on(Rows(state=shared.state, writable=True))


@contextmanager
def _view_of_what_is_committed(transactions: MemoryTransactions) -> Iterator[MemoryTransaction]:
    yield MemoryTransaction.on(Rows(state=transactions._state, writable=False))


BROKEN |= {
    "stores parts at once": (
        MemoryTransactions,
        "sharing",
        _own_transactions_alone,
        _of_an_app(SHARED.test_parts_are_there_after_the_apps_commit_and_seen_by_nobody_before),
    ),
    "commits what the app rolls back": (
        MemoryTransactions,
        "sharing",
        _shared_without_rollback,
        _of_an_app(SHARED.test_a_rollback_of_the_app_undoes_all_parts),
    ),
    "keeps half of a part that fails": (
        MemoryTransactions,
        "_begin_within",
        _part_kept_after_failure,
        _of_an_app(SHARED.test_a_part_that_fails_is_undone_alone),
    ),
    "shows only what is committed": (
        MemoryTransactions,
        "_view",
        _view_of_what_is_committed,
        _of_an_app(SHARED.test_views_and_parts_see_what_earlier_parts_have_written),
    ),
    "lets a view write": (
        MemoryTransactions,
        "view",
        MemoryTransactions.begin,
        _of_an_app(SHARED.test_a_view_is_read_only),
    ),
    "doesn't wait for the app's commit": (
        MemoryTransactions,
        "when_committed",
        lambda _transactions, action: action(),
        _of_an_app(SHARED.test_what_follows_a_commit_follows_the_apps_in_order_and_once),
    ),
    "follows a rollback, too": (
        MemoryTransactions,
        "sharing",
        _shared_without_rollback,
        _of_an_app(SHARED.test_what_follows_a_commit_follows_no_rollback),
    ),
    "forgets what follows a commit": (
        MemoryTransactions,
        "when_committed",
        lambda _transactions, _action: None,
        SHARED.test_outside_a_shared_transaction_it_follows_at_once,
    ),
    "shares with all threads": (
        MemoryTransactions,
        "sharing",
        _shared_with_all_threads,
        _of_an_app(SHARED.test_other_threads_go_on_by_themselves),
    ),
    "shares with a copied context for ever": (
        MemoryTransactions,
        "sharing",
        _never_ending,
        _of_an_app(SHARED.test_a_context_that_was_copied_is_free_after_the_end),
    ),
    "lets a shared transaction's part be retried": (
        MemoryTransactions,
        "_begin_within",
        _part_kept_after_failure,
        _of_an_app(SHARED.test_a_part_undone_by_the_database_is_for_the_app_to_retry),
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_adapter_fails_its_law(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, method, replacement, law = BROKEN[broken]
    law(MemoryTransactions())
    monkeypatch.setattr(adapter, method, replacement)
    with pytest.raises(AssertionError):
        law(MemoryTransactions())


@pytest.mark.parametrize("held", [lambda _queue, job_ids: set(job_ids), lambda _queue, _job_ids: set()])
def test_a_queue_that_holds_everything_or_nothing_fails_its_law(
    held: Callable[[MemoryQueue, Sequence[JobId]], set[JobId]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def law(queue: MemoryQueue) -> None:
        def arrived() -> Sequence[JobId]:
            taken = list(queue.messages)
            queue.messages.clear()
            return taken

        JobQueueContract().test_a_message_is_held_until_it_was_taken_out(queue, arrived)

    law(MemoryQueue())
    monkeypatch.setattr(MemoryQueue, "held", held)
    with pytest.raises(AssertionError):
        law(MemoryQueue())


def test_a_queue_that_is_another_instance_with_each_message_fails_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    def law(queue: MemoryQueue) -> None:
        JobQueueContract().test_it_stays_one_instance_whatever_is_sent(queue, list)

    law(MemoryQueue())
    monkeypatch.setattr(MemoryQueue, "instance_id", lambda queue: f"of {len(queue.messages)}")
    with pytest.raises(AssertionError):
        law(MemoryQueue())
