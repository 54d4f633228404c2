"""Credits by a reference, on each database: many at once, and a process that ends between commit and answer."""

import threading
from typing import Final

import pytest

from services import Services
from spike_core.domain.errors import ReferenceReused, SpikeError
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import LedgerEntry, Reference
from spike_core.domain.tokens import Tokens
from spike_sqlalchemy import SqlAlchemyDatabase

THREADS: Final = 64
OWNER: Final = OwnerId.parse("🦊/%'\"" + "x" * 123)
PAYMENT: Final = Reference("pi_1")


@pytest.fixture
def services(database: SqlAlchemyDatabase) -> Services:
    return Services.build(transactions=database.transactions)


def test_many_openings_and_credits_at_once_count_once(services: Services) -> None:
    """The same reference by 64 threads, half of them with another amount: all of one amount succeed, with one entry."""
    start, entries, errors = threading.Barrier(THREADS), list[LedgerEntry](), list[SpikeError]()

    def pay(number: int) -> None:
        start.wait()
        try:
            services.wallets.open(OWNER, tokens=Tokens(1))
            entries.append(services.wallets.credit(OWNER, Tokens(50 + number % 2), reference=PAYMENT))
        except SpikeError as error:
            errors.append(error)

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(error) for error in errors} == {ReferenceReused}
    assert (len(entries), len(errors), len(set(entries))) == (THREADS // 2, THREADS // 2, 1)
    assert services.story(OWNER) == [("EARN_BONUS", 1), ("EARN_PURCHASE", entries[0].amount)]
    assert services.findings() == []


def test_a_credit_whose_answer_was_lost_is_repeated(services: Services, database: SqlAlchemyDatabase) -> None:
    """As after `kill -9` between commit and answer; before the commit nothing is stored."""

    class Killed(BaseException):
        pass

    services.wallets.open(OWNER, tokens=Tokens(0))

    def before_the_commit(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spike_sqlalchemy.wallets.SqlAlchemyWallets._count_refunds", before_the_commit)
        with pytest.raises(Killed):
            services.wallets.credit(OWNER, Tokens(5), reference=PAYMENT)
    assert services.story(OWNER) == []
    first = services.wallets.credit(OWNER, Tokens(5), reference=PAYMENT)  # its answer is lost
    restarted = Services.build(transactions=database.transactions)
    assert restarted.wallets.credit(OWNER, Tokens(5), reference=PAYMENT) == first
    assert services.story(OWNER) == [("EARN_PURCHASE", 5)]
