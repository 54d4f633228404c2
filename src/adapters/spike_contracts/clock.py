"""Laws that every Clock keeps."""

from datetime import UTC, timedelta

from spike_core.ports.clock import Clock


class ClockContract:
    """The adapter's test provides the fixture `clock`."""

    def test_the_time_is_aware_and_utc(self, clock: Clock) -> None:
        now = clock.now()
        assert now.tzinfo is UTC
        assert now.utcoffset() == timedelta(0)

    def test_two_readings_can_be_compared(self, clock: Clock) -> None:
        earlier = clock.now()
        assert clock.now() >= earlier
