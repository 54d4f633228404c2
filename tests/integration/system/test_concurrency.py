import contextvars
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pytest

from spike_contracts.concurrency import ConcurrencyContract
from spike_core.ports.concurrency import Concurrency
from spike_system import ThreadConcurrency

TIMEOUT_S = 10  # a test that waits longer fails
Item, Result = TypeVar("Item"), TypeVar("Result")
LAWS = ConcurrencyContract()

request = contextvars.ContextVar("request", default="none")


class TestThreadConcurrency(ConcurrencyContract):
    @pytest.fixture
    def concurrency(self) -> Concurrency:
        return ThreadConcurrency(4)


def test_as_many_calls_as_threads_are_in_progress_at_once() -> None:
    meeting = threading.Barrier(3)

    def wait_for_the_others(_item: int) -> str:
        meeting.wait(TIMEOUT_S)
        return threading.current_thread().name

    assert len(set(ThreadConcurrency(3).map(wait_for_the_others, range(3)))) == 3


def test_no_more_calls_than_threads_are_in_progress() -> None:
    names = ThreadConcurrency(2).map(lambda _: threading.current_thread().name, range(20))
    assert len(set(names)) <= 2


def test_a_call_knows_the_context_of_its_caller() -> None:
    token = request.set("req_1")
    try:
        assert set(ThreadConcurrency(2).map(lambda _: request.get(), range(4))) == {"req_1"}
    finally:
        request.reset(token)


@pytest.mark.parametrize("threads", [0, -1])
def test_it_needs_a_thread(threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        ThreadConcurrency(threads)


class Reversing:
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        return [function(item) for item in items][::-1]


class StoppingAtTheFirstError:
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        return [function(item) for item in items]


class RaisingTheLastError:
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        error: Exception | None = None
        results = []
        for item in items:
            try:
                results.append(function(item))
            except LookupError as caught:
                error = caught
        if error:
            raise error
        return results


class Repeating:
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        all_items = list(items)
        if not all_items:
            return [function(item) for item in all_items]
        function(all_items[0])
        return [function(item) for item in all_items]


class NeedingAnItem:
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        first, *others = items
        return [function(item) for item in (first, *others)]


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (Reversing(), LAWS.test_results_have_the_order_of_the_items),
        (Repeating(), LAWS.test_each_item_is_called_for_once),
        (NeedingAnItem(), LAWS.test_nothing_is_called_for_no_items),
        (RaisingTheLastError(), LAWS.test_the_error_of_the_first_failing_item_is_raised),
        (StoppingAtTheFirstError(), LAWS.test_each_item_is_tried_and_no_call_goes_on_after_an_error),
    ],
)
def test_a_broken_adapter_fails_its_law(broken: Concurrency, law: Callable[[Concurrency], None]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        law(broken)
