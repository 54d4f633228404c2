"""Deletions of images, in any state."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.crash_injection import Crash
from spike_contracts.state_machine.faults import Trouble, troubles
from spike_contracts.state_machine.world import World
from spike_core.domain.errors import SpikeError, Unavailable


class Removing(World):
    """Deletions."""

    @precondition(lambda self: self.now.images or self.now.hidden)
    @rule(data=st.data(), trouble=troubles)
    def remove_an_image(self, data: st.DataObject, trouble: Trouble) -> None:
        """An interrupted deletion may leave a hidden image, for a repetition or the sweeper; I7 doesn't apply to it."""
        there = {**self.now.images, **self.now.hidden}
        image_id = data.draw(st.sampled_from(list(there)), label="image")
        who = self.sender(data, there[image_id].owner_id)
        try:
            with trouble.befalling(self.fault_plan):
                self.spike.images.deletion.remove(who, image_id)
        except (Crash, Unavailable):
            self.crashed_since_collection = True
        except SpikeError:
            assert self.look() == self.now, "I7: a refused request changes nothing"
        else:
            left = self.look()
            assert image_id not in {*left.images, *left.hidden}
            assert image_id not in {job.spec.image_id for job in left.jobs.values()}
