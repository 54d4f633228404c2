"""The regeneration policies where all owners have the same one."""

from attrs import field, frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.regeneration_policy import RegenerationPolicy


@frozen
class SamePolicy:
    """The same policy for all owners; see the port `RegenerationPolicies`."""

    policy: RegenerationPolicy = field(factory=RegenerationPolicy)

    def of(self, _owner_id: OwnerId) -> RegenerationPolicy:
        """Return the policy."""
        return self.policy
