"""The price list port."""

from typing import Protocol

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.orders import Order
from spike_core.domain.tokens import Tokens


class PriceList(Protocol):
    """Prices, where they depend on more than the tier: on the kind of task, or on the owner's plan.

    It is called outside of database transactions, so it may use a database or a network, and from several threads at
    once. It isn't asked about FREE, which costs nothing, nor about requests without an account. A request asks once for
    each different order, before anything is stored, and again if it has to be repeated; what it charges is the latest
    answer. Jobs that are accepted keep their price.
    """

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        """Return the price of one such job for this owner, 0 or more tokens.

        The answer depends on nothing but the order, the owner and what the adapter knows of the owner: asking changes
        nothing, and asking for one owner doesn't change another one's price.

        Raises:
            PricesUnavailable: the price can't be found out; nothing is charged or stored.
        """
