"""Running sums: filled by the migration, written with each entry, and read without reading the ledger."""

from typing import Final

import pytest
from attrs import evolve
from sqlalchemy import text

from services import Services
from spike_contracts.builders import NOON, a_job_id, an_image, an_opening
from spike_core.domain.invariants import Check
from spike_core.domain.ledger import LedgerTotals
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_sqlalchemy import SqlAlchemyDatabase
from spike_sqlalchemy.schema import migration_connection, run_migrations
from tracing import traced, without_bounds

BEFORE: Final = "0007"


def a_history(database: SqlAlchemyDatabase, *, refunds: int) -> Posting:
    """Store a wallet with a charge of 7 and so many refunds of 2."""
    opening = an_opening(100)
    posting = opening.wallet.spend(Tokens(7), job_id=a_job_id(), now=NOON, reason="work").after(opening)
    for _ in range(refunds):
        posting = posting.wallet.refund(Tokens(2), job_id=a_job_id(), now=NOON, reason="no").after(posting)
    posting = evolve(posting, wallet=posting.wallet.deliver(posting.wallet.parked))  # its jobs are gone
    with database.transactions.begin() as tx:
        tx.wallets.open(posting)
    return posting


def test_the_migration_sums_what_is_in_the_ledgers(own_database: SqlAlchemyDatabase) -> None:
    histories = [a_history(own_database, refunds=refunds) for refunds in (0, 1, 3)]
    with migration_connection(own_database.engine) as connection:
        run_migrations(connection, to=BEFORE, command="downgrade")

    own_database.migrate()

    with own_database.transactions.view() as tx:
        for history in histories:
            stored = tx.wallets.get(history.wallet.owner_id)
            assert stored == history.wallet
            assert stored.totals == LedgerTotals.of(history.entries)
        assert tx.statistics.refunds() == tx.audit.refunds() == RefundStatistics(refunds=4, tokens=8)
    assert list(Services.build(transactions=own_database.transactions).maintenance.audit.findings()) == []


def test_refunds_of_one_owner_are_added_to_one_row(database: SqlAlchemyDatabase) -> None:
    history = a_history(database, refunds=2)
    for _ in range(3):
        with database.transactions.begin() as tx:
            wallet = tx.wallets.lock(history.wallet.owner_id)
            tx.wallets.post(wallet.refund(Tokens(5), job_id=a_job_id(), now=NOON, reason="no"))
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT refunds, tokens FROM refund_totals")).all()
    assert [tuple(row) for row in rows] == [(5, 19)]


def test_a_refund_that_is_rolled_back_isnt_counted(database: SqlAlchemyDatabase) -> None:
    history = a_history(database, refunds=1)
    with pytest.raises(KeyError), database.transactions.begin() as tx:  # noqa: PT012  # all belongs to it
        wallet = tx.wallets.lock(history.wallet.owner_id)
        tx.wallets.post(wallet.refund(Tokens(5), job_id=a_job_id(), now=NOON, reason="no"))
        raise KeyError
    with database.transactions.view() as tx:
        assert tx.statistics.refunds() == tx.audit.refunds() == RefundStatistics(refunds=1, tokens=2)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE wallets SET spent = spent + 1", "UPDATE wallets SET refunded = 0", "UPDATE refund_totals SET tokens = 1"],
)
def test_the_audit_finds_a_sum_that_the_ledger_doesnt_explain(database: SqlAlchemyDatabase, damage: str) -> None:
    a_history(database, refunds=1)
    audit = Services.build(transactions=database.transactions).maintenance.audit
    assert list(audit.findings()) == []
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text(damage))
    assert [finding.invariant for finding in audit.findings()] == ["I1"]


def test_entries_of_a_release_without_sums_are_added_when_the_wallet_is_read(database: SqlAlchemyDatabase) -> None:
    """While servers are restarted one by one, the old ones leave the sums behind; the next lock stores them."""
    history = a_history(database, refunds=2)
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE wallets SET spent = 7, refunded = 2, summed = 3"))  # of the first three entries
        connection.execute(text("UPDATE refund_totals SET refunds = 1, tokens = 2"))
    audit = Services.build(transactions=database.transactions).maintenance.audit
    for _ in range(2):
        with database.transactions.view() as tx:
            assert tx.wallets.get(history.wallet.owner_id) == history.wallet
            assert tx.statistics.refunds() == tx.audit.refunds() == RefundStatistics(refunds=2, tokens=4)
        assert list(audit.findings()) == []
        with database.transactions.begin() as tx:
            assert tx.wallets.lock(history.wallet.owner_id) == history.wallet
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT spent, refunded, summed FROM wallets")).one() == (7, 4, 4)
        assert connection.execute(text("SELECT refunds, tokens FROM refund_totals")).one() == (2, 4)


def test_an_account_is_read_without_its_ledger(database: SqlAlchemyDatabase) -> None:
    history = a_history(database, refunds=3)
    wallets = Services.build(transactions=database.transactions).wallets
    with traced(database.engine) as statements:
        account = wallets.account(history.wallet.owner_id)
    assert account.totals.refunded == Tokens(6)
    assert not any("ledger_entries" in sql for sql in without_bounds(statements))


def test_the_metrics_are_read_without_the_ledgers(database: SqlAlchemyDatabase) -> None:
    a_history(database, refunds=1)
    with traced(database.engine) as statements, database.transactions.view() as tx:
        tx.statistics.refunds()
        tx.statistics.queue()
    assert not any("ledger_entries" in sql for sql in without_bounds(statements))


def test_the_audit_asks_as_often_about_many_missing_objects_as_about_one(database: SqlAlchemyDatabase) -> None:
    audit = Services.build(transactions=database.transactions).maintenance.audit
    owner_id = a_history(database, refunds=0).wallet.owner_id
    counts = []
    for more in (1, 30):
        with database.transactions.begin() as tx:
            tx.images.add(*(an_image(owner_id=owner_id) for _ in range(more)))
        with traced(database.engine) as statements:
            findings = [finding for finding in audit.findings() if finding.check is Check.OBJECT_MISSING]
        counts.append(len(without_bounds(statements)))
    assert len(findings) == 31
    assert counts[0] == counts[1]


def test_the_audit_asks_as_often_for_many_wallets_as_for_one(database: SqlAlchemyDatabase) -> None:
    audit = Services.build(transactions=database.transactions).maintenance.audit
    counts = []
    for more in (1, 30):
        for _ in range(more):
            a_history(database, refunds=1)
        with traced(database.engine) as statements:
            assert list(audit.findings()) == []
        counts.append(len(without_bounds(statements)))
    assert counts[0] == counts[1]
