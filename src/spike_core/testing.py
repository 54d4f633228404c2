"""A whole Spike in memory, for the tests of programs that embed one: on attrs and cattrs alone.

    >>> from spike_core.testing import build_in_memory, draw_picture
    >>> spike = build_in_memory()
    >>> ada = spike.owner(tokens=10)
    >>> job = spike.upload(ada, draw_picture(640, 480)).job
    >>> spike.balance(ada)
    8
    >>> spike.work()
    1
    >>> str(spike.job(job.id).result.dimensions)
    '1024x768'

Nothing touches disk, network or the machine's clock:

- `spike.clock.advance(timedelta(hours=1))` lets time pass, which otherwise stands still.
- `spike.work()` runs the jobs that wait, as workers would.
- `spike.fail_next("upscaler")` makes the next call of a port fail, `spike.failing("blobs")` all calls in a context.
- `draw_picture()` returns the bytes of a picture that the engine in memory reads: a line of text.

The use cases are those of any Spike (`spike.images`, `spike.jobs`, `spike.wallets`, …), and `build_in_memory` takes an
adapter of your own for each port. This module is above the adapters: no other module of the core imports it.
"""

from spike_memory import FailingPort, InMemorySpike, ManualClock, build_in_memory, draw_picture

__all__ = ["FailingPort", "InMemorySpike", "ManualClock", "build_in_memory", "draw_picture"]
