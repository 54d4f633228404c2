"""Laws that every Concurrency keeps."""

import pytest

from spike_core.ports.concurrency import Concurrency


class Calls:
    """Notes the calls that began and ended; fails for the given items."""

    def __init__(self, *failing: int) -> None:
        self._failing = failing
        self.began: list[int] = []
        self.ended: list[int] = []

    def __call__(self, item: int) -> str:
        self.began.append(item)
        try:
            if item in self._failing:
                raise LookupError(item)
            return str(item)
        finally:
            self.ended.append(item)


class ConcurrencyContract:
    """The adapter's test provides the fixture `concurrency`."""

    def test_results_have_the_order_of_the_items(self, concurrency: Concurrency) -> None:
        assert list(concurrency.map(str, range(20))) == [str(item) for item in range(20)]

    def test_each_item_is_called_for_once(self, concurrency: Concurrency) -> None:
        calls = Calls()
        concurrency.map(calls, iter(range(20)))
        assert sorted(calls.began) == list(range(20))

    def test_nothing_is_called_for_no_items(self, concurrency: Concurrency) -> None:
        calls = Calls()
        assert list(concurrency.map(calls, [])) == []
        assert calls.began == []

    def test_the_error_of_the_first_failing_item_is_raised(self, concurrency: Concurrency) -> None:
        with pytest.raises(LookupError) as caught:
            concurrency.map(Calls(5, 2), range(20))
        assert caught.value.args == (2,)

    def test_each_item_is_tried_and_no_call_goes_on_after_an_error(self, concurrency: Concurrency) -> None:
        calls = Calls(0)
        with pytest.raises(LookupError):
            concurrency.map(calls, range(20))
        assert sorted(calls.began) == sorted(calls.ended) == list(range(20))
