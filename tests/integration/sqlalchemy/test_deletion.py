"""An image is deleted while a worker delivers, by threads that start together."""

import io
import threading

import pytest

from services import Services
from spike_core.domain.errors import JobChanged
from spike_core.domain.jobs import Result
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.ports.transactions import Transactions
from spike_memory.engine import a_picture

TRIES = 8


def race(services: Services, *, user: str, first: str) -> None:
    """Deliver a job and delete its image at the same time, and check the result."""
    owner = services.owner(user, tokens=10)
    image = services.upload(owner).image
    claimed = services.jobs.transitions.claim(services.inbox.messages.popleft())
    size = services.jobs.runner.rendering.render_spec(claimed.spec).size
    picture = a_picture(size)
    key = ObjectKey.of_result(claimed.id, PictureFormat.JPEG, attempt=1)
    result = Result(key=key, format=PictureFormat.JPEG, dimensions=size, size_bytes=len(picture))
    services.blobs.put(key, io.BytesIO(picture))
    delivered: list[bool] = []
    start = threading.Barrier(2 if first == "either" else 1)

    def deliver() -> None:
        start.wait()
        try:
            services.jobs.transitions.complete(claimed, result)
            delivered.append(True)
        except JobChanged:
            services.blobs.delete([key])

    def remove() -> None:
        start.wait()
        services.images.deletion.remove(owner, image.id)

    threads = [threading.Thread(target=target) for target in (deliver, remove)]
    for thread in reversed(threads) if first == "removal" else threads:
        thread.start()
        if first != "either":
            thread.join()
    for thread in threads:
        thread.join()
    assert services.balance(owner) == (8 if delivered else 10)
    assert first == "either" or bool(delivered) == (first == "delivery")
    inventory = services.inventory()
    assert (inventory.images, inventory.jobs, inventory.objects) == ({}, {}, frozenset())


@pytest.mark.parametrize("first", ["removal", "delivery", "either"])
def test_a_deletion_against_a_delivery_leaves_nothing_and_refunds_at_most_once(
    transactions: Transactions, first: str
) -> None:
    """In either order, the tokens are refunded exactly if nothing was delivered."""
    services = Services.build(transactions=transactions)
    for number in range(TRIES):
        race(services, user=f"user{number}@example.org", first=first)
    assert services.findings() == []
