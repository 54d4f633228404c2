import pytest

from spike_contracts.builders import NOON, a_job_id, a_task_of_each_kind, an_owner
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.jobs import JobSpec
from spike_core.domain.orders import Quote
from spike_core.domain.priorities import Priority
from spike_core.domain.tasks import Blend, Enhancement
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens

MEGAPIXEL_PX = 1024


@pytest.mark.parametrize("tier", SPECIFIED.tiers)
def test_what_is_larger_than_a_megapixel_and_what_is_made_from_words_takes_long(tier: Tier) -> None:
    """What is free comes last. A job of a release without a catalog has the same priority as one of the catalog."""
    offer = SPECIFIED[tier]
    for task in a_task_of_each_kind(a_job_id()):
        sold = JobSpec.of(
            task,
            Quote(offer=offer, price=offer.price),
            id_=a_job_id(),
            owner_id=an_owner(),
            request_id=None,
            now=NOON,
        )
        earlier = JobSpec(
            id=sold.id, owner_id=sold.owner_id, task=task, tier=tier, charged=offer.price, created_at=NOON
        )
        assert sold.priority is earlier.priority
        if tier == Tier.FREE and isinstance(task, Enhancement | Blend):
            assert sold.priority is Priority.FREE
            continue
        is_quick = isinstance(task, Enhancement | Blend) and offer.longest_side_px <= MEGAPIXEL_PX
        assert sold.priority is (Priority.HIGH if is_quick else Priority.LOW)


def test_a_tier_of_a_fork_had_the_low_priority() -> None:
    [task, *_] = a_task_of_each_kind(a_job_id())
    spec = JobSpec(
        id=a_job_id(), owner_id=an_owner(), task=task, tier=Tier("TIER_3K"), charged=Tokens(7), created_at=NOON
    )
    assert spec.priority is Priority.LOW
