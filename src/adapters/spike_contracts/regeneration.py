"""The laws of `RegenerationPolicies`."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from spike_contracts.builders import an_owner
from spike_core.domain.identifiers import UserId
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.ports.ids import Ids
from spike_core.ports.regeneration import RegenerationPolicies

THREADS: Final = 8


class RegenerationPoliciesContract:
    """Laws that all `RegenerationPolicies` keep. Fixtures: `policies`, and `ids`, which draws ids of unknown users."""

    def test_every_owner_has_a_policy(self, policies: RegenerationPolicies, ids: Ids) -> None:
        """Also one that was never heard of, a user of Spike's or an app's own."""
        for owner_id in (an_owner(), ids.new(UserId)):
            assert isinstance(policies.of(owner_id), RegenerationPolicy)

    def test_the_same_owner_has_the_same_policy_again(self, policies: RegenerationPolicies) -> None:
        owner_id = an_owner()
        assert len({policies.of(owner_id) for _ in range(3)}) == 1

    def test_threads_may_ask_at_once(self, policies: RegenerationPolicies) -> None:
        owner_ids = [an_owner() for _ in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(policies.of, owner_ids)) == [policies.of(owner_id) for owner_id in owner_ids]
