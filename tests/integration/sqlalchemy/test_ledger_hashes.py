"""Ledger hashes: filled by the migration, written with each entry, and caught up with after an older release."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from sqlalchemy import event, text

from services import Services
from spike_contracts.builders import NOON, a_job_id, an_opening
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.invariants import Check
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_sqlalchemy import PostgresDatabase, SqlAlchemyDatabase, open_postgres
from spike_sqlalchemy.migrations import online
from spike_sqlalchemy.schema import migration_connection, run_migrations
from spike_sqlalchemy.utc import UtcDateTime
from tracing import traced, without_bounds

BEFORE: Final = "0011"
# as an older release writes them: with the wallet's sums, but without hashes
BY_AN_OLDER_RELEASE: Final = """
    INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at)
        SELECT owner_id, entries + 1, 'EARN_PURCHASE', 9, balance + 9, NULL, 'bought', :now FROM wallets;
    UPDATE wallets SET balance = balance + 9, entries = entries + 1, summed = summed + 1
"""


def a_history(database: SqlAlchemyDatabase, *, charges: int) -> Posting:
    """Store a wallet with so many charges, one transaction each."""
    posting = an_opening(100)
    with database.transactions.begin() as tx:
        tx.wallets.open(posting)
    for _ in range(charges):
        with database.transactions.begin() as tx:
            wallet = tx.wallets.lock(posting.wallet.owner_id)
            spent = wallet.spend(Tokens(2), job_id=a_job_id(), now=NOON, reason="Grüße 🙂")
            tx.wallets.post(spent)
        posting = spent.after(posting)
    return posting


def execute(database: SqlAlchemyDatabase, statements: str, **parameters: object) -> None:
    with database.engine.connect() as connection, connection.begin():
        for statement in statements.split(";"):
            named = {name: value for name, value in parameters.items() if f":{name}" in statement}
            connection.execute(text(statement), named)


def hashes(database: SqlAlchemyDatabase) -> Sequence[Any]:
    with database.engine.connect() as connection:
        entries = connection.execute(text("SELECT owner_id, sequence, hash FROM ledger_entries ORDER BY 1, 2")).all()
        wallets = connection.execute(text("SELECT owner_id, chained, head FROM wallets ORDER BY 1")).all()
    return [*map(tuple, entries), *map(tuple, wallets)]


def audit(database: SqlAlchemyDatabase) -> list[tuple[str, str]]:
    """Return what is found, without what is wrong with wallets whose charges have no jobs."""
    findings = Services.build(transactions=database.transactions).maintenance.audit.findings()
    return [(finding.invariant, finding.message) for finding in findings if finding.check is not Check.USAGE]


def test_the_migration_hashes_what_is_in_the_ledgers(
    own_database: SqlAlchemyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In portions that end within a ledger, to the bytes that were written with each entry."""
    for charges in (0, 1, 6):
        a_history(own_database, charges=charges)
    written = hashes(own_database)
    assert all(row[2] for row in written)
    with migration_connection(own_database.engine) as connection:
        run_migrations(connection, to=BEFORE, command="downgrade")
    monkeypatch.setattr(online, "ROWS_PER_UPDATE", 2)

    own_database.migrate()

    assert hashes(own_database) == written
    assert audit(own_database) == []


def test_an_interrupted_migration_goes_on_where_it_ended(
    own_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the entries and the heads of a portion, so that a part is hashed twice."""
    database: PostgresDatabase = open_postgres(own_postgres_url)
    a_history(database, charges=6)
    written = hashes(database)
    with migration_connection(database.engine) as connection:
        run_migrations(connection, to=BEFORE, command="downgrade")
    monkeypatch.setattr(online, "ROWS_PER_UPDATE", 2)
    portions: list[str] = []

    def interrupt(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "UPDATE wallets SET head" in statement:
            portions.append(statement)
            if len(portions) == 2:
                raise KeyboardInterrupt

    event.listen(database.engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        database.migrate()
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT chained FROM wallets")).scalars().all() == [2]

    database.migrate()

    assert hashes(database) == written
    database.close()


@pytest.mark.parametrize("tolerated", [True, False])
def test_entries_of_an_older_release_are_chained_when_the_wallet_is_locked_and_others_are_found(
    database: SqlAlchemyDatabase, tolerated: bool
) -> None:
    """Servers of that release go on until they are restarted; what comes later without a hash isn't theirs."""
    owner_id = a_history(database, charges=1).wallet.owner_id
    now = UtcDateTime().process_bind_param(NOON, database.engine.dialect)
    assert now is not None
    execute(database, "INSERT INTO ledger_chain VALUES (1, :until)", until=now if tolerated else now - 1)
    execute(database, BY_AN_OLDER_RELEASE, now=now)
    found = [] if tolerated else [("I1", "entry 3 has no hash: Spike hasn't written it")]
    assert audit(database) == found
    for _ in range(2):
        with database.transactions.begin() as tx:
            wallet = tx.wallets.lock(owner_id)
            tx.wallets.post(wallet.spend(Tokens(1), job_id=a_job_id(), now=NOON, reason="work"))
        assert audit(database) == found
    with database.transactions.view() as tx:
        newest, *_, third, _, _ = tx.wallets.entries(owner_id, limit=9)
        assert tx.wallets.get(owner_id).head == newest.hash
        assert (third.hash == NO_HASH) is not tolerated


def test_an_entry_costs_the_same_however_long_the_ledger_is(database: SqlAlchemyDatabase) -> None:
    counts = []
    for charges in (1, 20):
        owner_id = a_history(database, charges=charges).wallet.owner_id
        with traced(database.engine) as statements, database.transactions.begin() as tx:
            wallet = tx.wallets.lock(owner_id)
            tx.wallets.post(wallet.spend(Tokens(1), job_id=a_job_id(), now=NOON, reason="work"))
        counts.append(len(without_bounds(statements)))
    assert counts == [3, 3]
