"""A live worker keeps its job, however long it takes."""

from datetime import timedelta

from services import Services
from spike_core.domain.jobs import ClaimedJob, CompletedJob


def test_a_picture_that_takes_longer_than_a_lease_is_left_to_its_worker(services: Services) -> None:
    """Lesson 3: the sweeper gave up before the model did: jobs were refunded, and delivered too."""
    owner = services.owner()
    claimed = services.claim(owner)
    for progress in range(10, 60, 10):
        services.pass_time(services.limits.lease - timedelta(seconds=1))
        claimed = services.jobs.transitions.renew(claimed, progress=progress)
        assert services.maintenance.recovery.repair() == 0
    assert isinstance(services.job(claimed.id), ClaimedJob)
    services.jobs.runner.run(claimed)
    done = services.job(claimed.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, services.balance(owner)) == (1, 98)
