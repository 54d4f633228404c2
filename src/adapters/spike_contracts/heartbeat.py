"""Laws that every Heartbeat keeps."""

import queue
from collections.abc import Callable
from typing import Final

import pytest

from spike_core.domain.errors import JobChanged, StorageUnavailable
from spike_core.ports.heartbeat import Heartbeat

TIMEOUT_S: Final = 10  # a test that waits longer fails


class Beats:
    """Counts beats, and can be made to fail."""

    def __init__(self, *answers: Exception) -> None:
        self._answers = iter(answers)
        self._heard: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.awaited = 0

    def __call__(self) -> None:
        self._heard.put(None)
        for answer in self._answers:
            raise answer

    def await_one(self) -> None:
        self._heard.get(timeout=TIMEOUT_S)
        self.awaited += 1

    def forget(self) -> None:
        while not self._heard.empty():
            self._heard.get()

    @property
    def is_silent(self) -> bool:
        return self._heard.empty()


class HeartbeatContract:
    """The adapter's test provides the fixtures `heartbeat` and `strike`; the latter makes it beat."""

    def test_it_beats_again_and_again_while_work_goes_on(
        self, heartbeat: Heartbeat, strike: Callable[[], None]
    ) -> None:
        beats = Beats()
        with heartbeat.during(beats):
            for _ in range(3):
                strike()
                beats.await_one()
        assert beats.awaited == 3

    def test_it_does_not_beat_before_the_work_or_after_it(
        self, heartbeat: Heartbeat, strike: Callable[[], None]
    ) -> None:
        beats = Beats()
        context = heartbeat.during(beats)
        strike()
        assert beats.is_silent
        with context:
            strike()
            beats.await_one()
        beats.forget()
        strike()
        assert beats.is_silent

    def test_it_stops_beating_when_the_work_fails(self, heartbeat: Heartbeat, strike: Callable[[], None]) -> None:
        beats = Beats()
        with pytest.raises(ZeroDivisionError), heartbeat.during(beats):
            raise ZeroDivisionError
        beats.forget()
        strike()
        assert beats.is_silent

    @pytest.mark.parametrize("trouble", [StorageUnavailable(), JobChanged(), ValueError("a bug")])
    def test_the_work_does_not_see_what_a_beat_raises(
        self, heartbeat: Heartbeat, strike: Callable[[], None], trouble: Exception
    ) -> None:
        beats = Beats(trouble)
        done = False
        with heartbeat.during(beats):
            strike()
            beats.await_one()
            done = True
        assert done

    def test_a_beat_that_met_unavailability_is_tried_again(
        self, heartbeat: Heartbeat, strike: Callable[[], None]
    ) -> None:
        beats = Beats(StorageUnavailable(), StorageUnavailable())
        with heartbeat.during(beats):
            for _ in range(3):
                strike()
                beats.await_one()
        assert beats.awaited == 3

    def test_pieces_of_work_have_beats_of_their_own(self, heartbeat: Heartbeat, strike: Callable[[], None]) -> None:
        long, short = Beats(), Beats()
        with heartbeat.during(long):
            with heartbeat.during(short):
                strike()
                long.await_one()
                short.await_one()
            short.forget()
            long.forget()
            strike()
            long.await_one()
            assert short.is_silent
