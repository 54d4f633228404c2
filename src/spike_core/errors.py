"""Everything that Spike raises: see `docs/reference/errors.md`.

Errors are noun phrases with typed fields and a stable `code`; catch the families `InvalidInput`, `NotFound`,
`Unavailable` and others, or `SpikeError`, which are all.
"""

from spike_core.domain.errors import *  # noqa: F403  # the same names, which `__all__` lists
from spike_core.domain.errors import __all__ as __all__  # noqa: PLC0414  # so that it is exported
