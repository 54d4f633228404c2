"""Laws that every Background keeps."""

from collections.abc import Callable
from functools import partial
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
        assert all(background.soon(partial(ran.append, number)) for number in range(FEW))
        finish()
        assert ran == list(range(FEW))

    def test_an_action_that_fails_keeps_no_other_from_running(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        background.soon(partial(ran.pop, 99))
        background.soon(partial(ran.append, "next"))
        finish()
        assert ran == ["next"]

    def test_an_action_may_ask_for_another(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        background.soon(partial(background.soon, partial(ran.append, "second")))
        finish()
        finish()
        assert ran == ["second"]

    def test_more_than_may_wait_are_refused_and_never_run(self, background: Background, finish: Finish) -> None:
        ran: list[int] = []

        def wait_for_more() -> None:
            accepted = [background.soon(partial(ran.append, number)) for number in range(MANY)]
            ran.append(accepted.count(True))
            assert not all(accepted)

        background.soon(wait_for_more)
        finish()
        finish()
        accepted = ran[0]
        assert 0 < accepted < MANY
        assert ran[1:] == list(range(accepted))
