"""Work slots: free work waits for paid work, never the other way round."""

import threading
from collections.abc import Callable

from eventually import eventually
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool
from spike_dramatiq.slots import WorkSlots


def taking(slots: WorkSlots, priority: Priority, order: list[Priority]) -> threading.Thread:
    """Begin to take a slot in a thread, which notes when it got one."""

    def take() -> None:
        if slots.take(priority):
            order.append(priority)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return thread


def waiting(slots: WorkSlots, count: int) -> Callable[[], bool]:
    return lambda: slots._waiting.total() == count


def test_a_place_goes_to_paid_work_though_free_work_has_waited_longer() -> None:
    slots, order = WorkSlots(WorkerPool(size=2, reserved=1)), list[Priority]()
    assert slots.take(Priority.FREE)
    threads = [taking(slots, priority, order) for priority in (Priority.FREE, Priority.LOW)]
    eventually("both wait", waiting(slots, 2))
    slots.give_back(Priority.FREE)
    eventually("one has it", lambda: order == [Priority.LOW])
    slots.give_back(Priority.LOW)
    for thread in threads:
        thread.join(60)
    assert order == [Priority.LOW, Priority.FREE]


def test_free_and_long_work_together_leave_the_reserved_places() -> None:
    slots, order = WorkSlots(WorkerPool(size=3, reserved=1)), list[Priority]()
    assert slots.take(Priority.FREE)
    assert slots.take(Priority.LOW)
    thread = taking(slots, Priority.LOW, order)
    eventually("it waits", waiting(slots, 1))
    assert slots.take(Priority.HIGH)
    slots.close()
    thread.join(60)
    assert order == []
    assert not slots.take(Priority.HIGH)
