import pytest
from attrs import evolve

from spike_contracts.builders import a_task_of_each_kind, an_order
from spike_core.domain.priorities import Priority
from spike_core.domain.tasks import Blend, Enhancement
from spike_core.domain.tiers import Tier

MEGAPIXEL_PX = 1024


@pytest.mark.parametrize("tier", Tier)
def test_what_is_larger_than_a_megapixel_and_what_is_made_from_words_takes_long(tier: Tier) -> None:
    """What is free comes last."""
    spec = an_order(tier=tier)
    for task in a_task_of_each_kind(spec.id):
        if tier is Tier.FREE and isinstance(task, Enhancement | Blend):
            assert Priority.of(evolve(spec, task=task)) is Priority.FREE
            continue
        is_quick = isinstance(task, Enhancement | Blend) and tier.longest_side_px <= MEGAPIXEL_PX
        assert Priority.of(evolve(spec, task=task)) is (Priority.HIGH if is_quick else Priority.LOW)
