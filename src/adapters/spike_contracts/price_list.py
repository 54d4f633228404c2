"""Laws every PriceList keeps."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from spike_contracts.builders import an_owner
from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import PricesUnavailable
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.orders import Order, TaskKind
from spike_core.domain.tokens import Tokens
from spike_core.ports.price_list import PriceList


class PriceListContract:
    """Laws every price list keeps.

    Fixtures: `price_list`; the `catalog` that it prices; `owner_ids`, of different plans if any; and `lost_price_list`,
    where whatever it asks is unavailable. One that asks nothing skips the law in that fixture.
    """

    def test_every_paid_tier_has_a_price_for_every_kind_of_task(
        self, price_list: PriceList, catalog: Catalog, owner_ids: Sequence[OwnerId]
    ) -> None:
        for owner_id in owner_ids:
            assert all(isinstance(price_list.price(order, owner_id=owner_id), Tokens) for order in _orders(catalog))

    def test_asking_changes_nothing(
        self, price_list: PriceList, catalog: Catalog, owner_ids: Sequence[OwnerId]
    ) -> None:
        """A request that has to be repeated asks again."""
        for owner_id in owner_ids:
            first, *others = [_prices(price_list, catalog, owner_id) for _ in range(3)]
            assert all(other == first for other in others)

    def test_one_owners_price_doesnt_depend_on_who_asked_before(
        self, price_list: PriceList, catalog: Catalog, owner_ids: Sequence[OwnerId]
    ) -> None:
        alone = {owner_id: _prices(price_list, catalog, owner_id) for owner_id in owner_ids}
        for owner_id in [*owner_ids, *reversed(owner_ids)]:
            assert _prices(price_list, catalog, owner_id) == alone[owner_id]

    def test_an_owner_it_has_never_heard_of_has_a_price_too(self, price_list: PriceList, catalog: Catalog) -> None:
        assert len(_prices(price_list, catalog, an_owner())) == len(_orders(catalog))

    def test_prices_that_cant_be_found_out_are_unavailable(
        self, lost_price_list: PriceList, catalog: Catalog, owner_ids: Sequence[OwnerId]
    ) -> None:
        """By no other error, and never free: then nothing is charged or stored."""
        for order in _orders(catalog):
            with pytest.raises(PricesUnavailable):
                lost_price_list.price(order, owner_id=owner_ids[0])

    def test_many_threads_may_ask_at_once(
        self, price_list: PriceList, catalog: Catalog, owner_ids: Sequence[OwnerId]
    ) -> None:
        asked = list(owner_ids) * 8
        expected = [_prices(price_list, catalog, owner_id) for owner_id in asked]
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda owner_id: _prices(price_list, catalog, owner_id), asked)) == expected


def _orders(catalog: Catalog) -> Sequence[Order]:
    return [Order(offer=offer, kind=kind) for offer in catalog.paid for kind in TaskKind]


def _prices(price_list: PriceList, catalog: Catalog, owner_id: OwnerId) -> Sequence[Tokens]:
    return [price_list.price(order, owner_id=owner_id) for order in _orders(catalog)]
