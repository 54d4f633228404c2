"""Laws that every Background keeps."""

from collections.abc import Callable
from typing import Final

from spike_core.ports.background import Background

Finish = Callable[[], object]
FEW: Final = 20
MANY: Final = 10_000


class BackgroundContract:
    """Needs the fixtures `background` and `finish`, which returns when all actions that waited have run."""

    def test_actions_run_one_after_another_in_the_order_of_the_calls(
        self, background: Background, finish: Finish
    ) -> None:
        ran: list[int] = []
        assert all(background.soon(lambda number=number: ran.append(number)) for number in range(FEW))  # type: ignore[misc]  # mypy knows no default of a lambda
        finish()
        assert ran == list(range(FEW))

    def test_an_action_that_fails_keeps_no_other_from_running(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        background.soon(lambda: ran[99])
        background.soon(lambda: ran.append("next"))
        finish()
        assert ran == ["next"]

    def test_an_action_may_ask_for_another(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        background.soon(lambda: background.soon(lambda: ran.append("second")))
        finish()
        finish()
        assert ran == ["second"]

    def test_more_than_may_wait_are_refused_and_never_run(self, background: Background, finish: Finish) -> None:
        ran: list[int] = []

        def wait_for_more() -> None:
            accepted = [background.soon(lambda number=number: ran.append(number)) for number in range(MANY)]  # type: ignore[misc]  # as above
            ran.append(accepted.count(True))
            assert not all(accepted)

        background.soon(wait_for_more)
        finish()
        finish()
        accepted = ran[0]
        assert 0 < accepted < MANY
        assert ran[1:] == list(range(accepted))
