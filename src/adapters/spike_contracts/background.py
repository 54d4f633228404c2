"""Laws that every Background keeps."""

from collections.abc import Callable
from functools import partial
from typing import Final

from spike_core.ports.background import Background

Finish = Callable[[], object]
FEW: Final = 20
MANY: Final = 10_000


def _soon(background: Background, action: Callable[[], object], *, key: object, caller: object = "ada") -> bool:
    return background.soon(action, key=str(key), caller=str(caller))


class BackgroundContract:
    """Needs the fixtures `background` and `finish`, which returns when all actions that waited have run."""

    def test_actions_run_one_after_another_in_the_order_of_the_calls(
        self, background: Background, finish: Finish
    ) -> None:
        ran: list[int] = []
        assert all(_soon(background, partial(ran.append, number), key=number) for number in range(FEW))
        finish()
        assert ran == list(range(FEW))

    def test_an_action_that_fails_keeps_no_other_from_running(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        _soon(background, partial(ran.pop, 99), key=1)
        _soon(background, partial(ran.append, "next"), key=2)
        finish()
        assert ran == ["next"]

    def test_an_action_may_ask_for_another(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []
        _soon(background, partial(_soon, background, partial(ran.append, "second"), key=2), key=1)
        finish()
        finish()
        assert ran == ["second"]

    def test_what_waits_or_runs_is_not_run_again(self, background: Background, finish: Finish) -> None:
        ran: list[str] = []

        def ask_again() -> None:
            for text in ("waiting", "the same"):
                assert _soon(background, partial(ran.append, text), key=1)
            assert _soon(background, partial(ran.append, "running"), key=2)

        _soon(background, ask_again, key=2)
        finish()
        finish()
        assert ran == ["waiting"]
        _soon(background, partial(ran.append, "later"), key=1)
        finish()
        assert ran == ["waiting", "later"]

    def test_more_than_may_wait_are_refused_and_never_run(self, background: Background, finish: Finish) -> None:
        ran: list[int] = []

        def wait_for_more() -> None:
            accepted = [
                _soon(background, partial(ran.append, number), key=number, caller=number) for number in range(MANY)
            ]
            ran.append(accepted.count(True))
            assert not all(accepted)

        _soon(background, wait_for_more, key="first")
        finish()
        finish()
        accepted = ran[0]
        assert 0 < accepted < MANY
        assert ran[1:] == list(range(accepted))

    def test_one_caller_leaves_places_to_others(self, background: Background, finish: Finish) -> None:
        accepted: list[int] = []

        def wait_for_more() -> None:
            for caller in ("ada", "bob"):
                asked = [_soon(background, int, key=f"{caller} {number}", caller=caller) for number in range(MANY)]
                accepted.append(asked.count(True))

        _soon(background, wait_for_more, key="first", caller="eve")
        finish()
        finish()
        of_ada, of_bob = accepted
        assert 0 < of_ada / 2 <= of_bob <= of_ada
