"""Orders: what a price is asked for."""

from enum import Enum

from attrs import frozen

from spike_core.domain.catalog import Offer
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tokens import Tokens


class TaskKind(Enum):
    """The kind of a task, which a price may depend on."""

    ENHANCEMENT = "enhancement"
    BLEND = "blend"
    GENERATION = "generation"
    MODIFICATION = "modification"


@frozen(kw_only=True)
class Order:
    """One job that an owner may order."""

    offer: Offer
    kind: TaskKind
    options: RenderOptions = DEFAULT_OPTIONS


@frozen(kw_only=True)
class Quote:
    """What one job would be sold as, and its price."""

    offer: Offer
    price: Tokens
    options: RenderOptions = DEFAULT_OPTIONS
