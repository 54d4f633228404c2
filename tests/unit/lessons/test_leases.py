"""A worker that lives keeps its job, however long it takes."""

from datetime import timedelta

from house import House
from spike_core.domain.jobs import ClaimedJob, CompletedJob


def test_a_picture_that_takes_longer_than_a_lease_is_left_to_its_worker(house: House) -> None:
    """Lesson 3: the sweeper lost patience before the model did: jobs were paid back, and delivered all the same."""
    owner = house.owner()
    claimed = house.claim(owner)
    for progress in range(10, 60, 10):
        house.pass_time(house.limits.lease - timedelta(seconds=1))
        claimed = house.settlement.renew(claimed, progress=progress)
        assert house.sweep.repair() == 0
    assert isinstance(house.job(claimed.id), ClaimedJob)
    house.workshop.carry_out(claimed)
    done = house.job(claimed.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, house.balance(owner)) == (1, 98)
