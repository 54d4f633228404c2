"""Constraints of the database: rows that violate the domain's rules, written without the repositories."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import Engine, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError

from effort import each_value_once, staggered
from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import NOON, a_job, an_album, an_album_image_id, an_image, an_opening
from spike_contracts.jobs import KINDS, a_job_of, store
from spike_contracts.users import a_session, a_user
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobStatus,
    PendingJob,
    RefundedJob,
    StartedJob,
)
from spike_core.domain.ledger import SPEND_KINDS, EntryKind
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy.job_rows import STATE_COLUMNS, state_row
from spike_sqlalchemy.rows import api_key_row, entry_row, image_row, place_row, run_row, session_row, user_row
from spike_sqlalchemy.tables import (
    IS_SPEND,
    album_images,
    albums,
    api_keys,
    chores,
    images,
    jobs,
    ledger_entries,
    outbox_messages,
    sessions,
    users,
    wallets,
)


def _insert(engine: Engine, table: Table, row: Mapping[str, object]) -> None:
    with engine.connect() as connection, connection.begin():
        connection.execute(insert(table), dict(row))


def _update(engine: Engine, table: Table, **values: object) -> None:
    with engine.connect() as connection, connection.begin():
        connection.execute(update(table), values)


def _charged(transactions: Transactions) -> Posting:
    """Store a wallet that was charged for a job."""
    opening = an_opening()
    charged = opening.wallet.spend(Tokens(2), job_id=a_job().id, now=NOON, reason="work")
    with transactions.begin() as tx:
        tx.wallets.open(opening)
        tx.wallets.post(charged)
    return charged


@pytest.mark.parametrize("values", [{"balance": -1}, {"entries": -1}, {"balance": None}])
def test_a_wallet_is_never_negative(engine: Engine, transactions: Transactions, values: dict[str, object]) -> None:
    _charged(transactions)
    with pytest.raises(IntegrityError):
        _update(engine, wallets, **values)


def test_a_job_has_one_charge_and_one_refund_in_all_ledgers(engine: Engine, transactions: Transactions) -> None:
    [charge] = _charged(transactions).entries
    other = _charged(transactions).wallet
    mine = {**entry_row(charge), "sequence": 3}
    theirs = {**mine, "owner_id": other.owner_id.text}
    for again in (mine, theirs, {**mine, "kind": EntryKind.SPEND_GENERATION.value}):
        with pytest.raises(IntegrityError, match="job_id"):
            _insert(engine, ledger_entries, again)
    refund = {**mine, "kind": EntryKind.REFUND.value, "amount": 2}
    _insert(engine, ledger_entries, refund)
    with pytest.raises(IntegrityError, match="job_id"):
        _insert(engine, ledger_entries, {**refund, "sequence": 4})


@pytest.mark.parametrize(
    "values",
    [
        {"sequence": 2},
        {"sequence": 0},
        {"owner_id": "user_unknown"},
        {"balance_after": -1},
        {"amount": 0},
        {"amount": 2},
        {"job_id": None},
        {"kind": EntryKind.EARN_BONUS.value, "amount": 2},
        {"kind": EntryKind.REFUND.value, "amount": -2},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(
    engine: Engine, transactions: Transactions, values: dict[str, object]
) -> None:
    [charge] = _charged(transactions).entries
    sound = {**entry_row(charge), "sequence": 3, "job_id": a_job().id.text}
    with pytest.raises(IntegrityError):
        _insert(engine, ledger_entries, {**sound, **values})
    _insert(engine, ledger_entries, sound)


def test_the_index_knows_the_kinds_that_spend() -> None:
    assert {kind for kind in EntryKind if f"'{kind.value}'" in IS_SPEND} == SPEND_KINDS


MAY_HAVE_BEGUN = (FailedJob, RefundedJob, CancelledJob)  # they ended under way, or before


def _shapes() -> list[tuple[type[Job], type[Job], str]]:
    """Return, for each pair of states, each column that only one of them has."""
    rows = {kind: state_row(a_job_of(kind)) for kind in KINDS}
    return [
        (kind, other, column)
        for kind in KINDS
        for other in KINDS
        for column in STATE_COLUMNS
        if (rows[kind][column] is None) != (rows[other][column] is None)
        if not (column == "claimed_at" and kind in MAY_HAVE_BEGUN)
        if not (column == "result_method" and kind is CompletedJob)  # an engine needn't tell it
    ]


@each_value_once
@pytest.mark.parametrize(("kind", "other", "column"), staggered(_shapes(), step=3))
def test_a_job_has_exactly_what_its_state_needs(
    engine: Engine, transactions: Transactions, kind: type[Job], other: type[Job], column: str
) -> None:
    job = a_job_of(kind)
    with transactions.begin() as tx:
        store(tx, job)
    with pytest.raises(IntegrityError, match="ck_jobs"):
        _update(engine, jobs, **{column: state_row(a_job_of(other))[column]})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PendingJob, {"status": "LOST"}),
        (PendingJob, {"attempt": -1}),
        (PendingJob, {"deaths": -1}),
        (PendingJob, {"charged": -1}),
        (ClaimedJob, {"progress": 100}),
        (ClaimedJob, {"progress": -1}),
        (FailedJob, {"charged": 2}),
        (RefundedJob, {"charged": 0}),
        (StartedJob, {"status": "PENDING"}),
        (CompletedJob, {"status": "CANCELLED"}),
        (PendingJob, {"image_id": "img_unknown"}),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(
    engine: Engine, transactions: Transactions, kind: type[Job], values: dict[str, object]
) -> None:
    with transactions.begin() as tx:
        store(tx, a_job_of(kind))
    with pytest.raises(IntegrityError):
        _update(engine, jobs, **values)


def test_the_table_knows_every_status(engine: Engine) -> None:
    [sql] = [
        check["sqltext"] for check in inspect(engine).get_check_constraints("jobs") if check["name"] == "ck_jobs_status"
    ]
    assert all(f"'{status.value}'" in sql for status in JobStatus)


@pytest.mark.parametrize("values", [{"width_px": 0}, {"height_px": 0}, {"size_bytes": 0}, {"view_count": -1}])
def test_an_image_that_makes_no_sense_is_refused(engine: Engine, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="ck_images"):
        _insert(engine, images, {**image_row(an_image()), **values})


def test_a_message_is_about_a_job_that_is_there(engine: Engine) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        _insert(engine, outbox_messages, {"job_id": a_job().id.text, "due_at": NOON})


def test_an_album_has_each_image_and_each_position_once(engine: Engine, transactions: Transactions) -> None:
    album, image, other = an_album(), an_image(), an_image()
    with transactions.begin() as tx:
        tx.albums.add(album)
        tx.images.add(image)
        tx.images.add(other)
        [place] = tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
    new = evolve(place, id=an_album_image_id())
    for second in (evolve(new, position=place.position + 1), evolve(new, image_id=other.id)):
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            _insert(engine, album_images, place_row(second))
    with pytest.raises(IntegrityError, match="ck_albums"):
        _update(engine, albums, default_tier="FREE")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": -1},
        {"rounds": 0},
        {"begun_at": None},
        {"rounds": 0, "begun_at": None},
        {"begun_at": None, "held_until": None},
    ],
)
def test_a_round_that_is_held_was_begun_and_counted(engine: Engine, wrong: Mapping[str, object]) -> None:
    held = run_row(MaintenanceRun.never_run(MaintenanceTask.ORPHANS).next(now=NOON, lease=timedelta(minutes=1)))
    with pytest.raises(IntegrityError):
        _insert(engine, chores, {**held, **wrong})
    _insert(engine, chores, held)
    with pytest.raises(IntegrityError):
        _insert(engine, chores, held)


def test_accounts_are_told_apart(engine: Engine, transactions: Transactions) -> None:
    user = a_user()
    session, key = a_session(user), an_api_key(user)
    with transactions.begin() as tx:
        tx.users.add_user(user)
        tx.sessions.add(session)
        tx.api_keys.put(key)
    stranger = a_user()
    for table, row in (
        (users, user_row(evolve(stranger, email=user.email))),
        (users, user_row(evolve(stranger, id=user.id))),
        (sessions, session_row(session)),
        (sessions, session_row(a_session(stranger))),
        (api_keys, api_key_row(evolve(an_api_key(user), hash=key.hash))),
        (api_keys, api_key_row(an_api_key(stranger))),
    ):
        with pytest.raises(IntegrityError):
            _insert(engine, table, row)


def test_with_an_image_goes_what_is_about_it_and_the_ledger_stays(engine: Engine, transactions: Transactions) -> None:
    image = an_image()
    job, opening = a_job(image=image), an_opening(owner_id=image.owner_id)
    album = evolve(an_album(owner_id=image.owner_id), cover_image_id=image.id)
    charged = opening.wallet.spend(Tokens(2), job_id=job.id, now=NOON, reason="work")
    with transactions.begin() as tx:
        tx.images.add(image)
        tx.albums.add(album)
        tx.albums.append_images(album.id, [(an_album_image_id(), image.id)], now=NOON)
        tx.wallets.open(opening)
        tx.wallets.post(charged)
        tx.jobs.add([job])
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=NOON)])
    with engine.connect() as connection, connection.begin():
        connection.execute(delete(images))
    with engine.connect() as connection:
        for table in (jobs, outbox_messages, album_images):
            assert connection.execute(select(table)).all() == []
    with transactions.view() as tx:
        assert tx.albums.get(album.id) == evolve(album, cover_image_id=None)
        assert list(tx.audit.entries_of([job.id])) == list(charged.entries)
