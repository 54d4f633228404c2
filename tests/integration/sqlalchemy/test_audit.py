"""The audit takes the same memory for a database of any size."""

import tracemalloc
from typing import Final

import pytest
from attrs import evolve
from sqlalchemy import update

from effort import staggered
from services import Services, audit_in_pages
from spike_contracts.builders import NOON, a_job, an_image, an_opening
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Usage
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import SqlAlchemyDatabase
from spike_sqlalchemy.tables import albums

PORTION: Final = 100
SLACK: Final = 1.3  # what else is allocated by and by


def _fill(transactions: Transactions, portions: int) -> None:
    """Add charged jobs, each with an owner, an image and a wallet."""
    for _ in range(portions):
        image = an_image()
        opening = an_opening(PORTION * 2, owner_id=image.owner_id)
        jobs = [a_job(image=image) for _ in range(PORTION)]
        posting = opening
        for job in jobs:
            spent = posting.wallet.spend(Tokens(2), job_id=job.id, now=NOON, reason="work")
            posting = spent.after(posting)
        with transactions.begin() as tx:
            tx.images.add(image)
            jobs = [evolve(job, spec=evolve(job.spec, charged=Tokens(2))) for job in jobs]
            usage = Usage.of(images=[image], jobs=jobs)
            tx.wallets.open(evolve(posting, wallet=evolve(posting.wallet, usage=usage)))
            tx.jobs.add(jobs)


def _peak_bytes(services: Services) -> int:
    tracemalloc.start()
    try:
        findings = [
            finding for finding in services.maintenance.audit.findings() if finding.invariant != "I8"
        ]  # there are no objects
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert findings == []


@pytest.mark.parametrize("url", staggered(["postgresql", "sqlite"], step=2), indirect=True)
def test_the_audit_of_six_times_as_much_takes_no_more_memory(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit_in_pages(PORTION, monkeypatch)
    services = Services.build(transactions=transactions)
    _fill(transactions, 2)
    _peak_bytes(services)  # statements are compiled, caches filled
    few = _peak_bytes(services)
    _fill(transactions, 10)
    assert _peak_bytes(services) < few * SLACK


def test_an_album_with_another_count_than_images_is_found(database: SqlAlchemyDatabase) -> None:
    services = Services.build(transactions=database.transactions)
    album = services.album(services.owner())
    with database.engine.begin() as connection:
        connection.execute(update(albums).values(image_count=1))
    [finding] = services.maintenance.audit.findings()
    assert (finding.invariant, finding.subject) == ("I9", str(album.id))
    assert finding.message == "1 images are counted, it contains 0"
