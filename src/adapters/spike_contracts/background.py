"""Laws that every Background keeps."""

from collections.abc import Callable
from functools import partial
from typing import Final

from spike_core.ports.background import Background, Urgency

Finish = Callable[[], object]
FEW: Final = 20
MANY: Final = 10_000


def _soon(
    background: Background,
    action: Callable[[], object],
    *,
    key: object,
    caller: object = "ada",
    urgency: Urgency = Urgency.SOON,
) -> bool:
    return background.soon(action, key=str(key), caller=str(caller), urgency=urgency)


def _order(background: Background, finish: Finish, ask: Callable[[Callable[..., None]], None]) -> str:
    """Return in which order the letters run that `ask` asks for within another action, so that all of them wait."""
    ran: list[str] = []

    def soon(letter: str, urgency: Urgency = Urgency.SOON, caller: str = "ada") -> None:
        assert _soon(background, partial(ran.append, letter), key=letter, caller=caller, urgency=urgency)

    _soon(background, partial(ask, soon), key="first")
    finish()
    finish()
    return "".join(ran)


class BackgroundContract:
    """Needs the fixtures `background` and `finish`, which returns when all actions that waited have run."""

    def test_actions_run_one_after_another_in_the_order_of_the_calls(
        self, background: Background, finish: Finish
    ) -> None:
        ran: list[int] = []
        assert all(_soon(background, partial(ran.append, number), key=number) for number in range(FEW))
        finish()
        assert ran == list(range(FEW))

    def test_the_most_urgent_runs_first(self, background: Background, finish: Finish) -> None:
        def ask(soon: Callable[..., None]) -> None:
            for letter, urgency in zip("abcd", (Urgency.LATER, Urgency.SOON, Urgency.NOW, Urgency.SOON), strict=True):
                soon(letter, urgency)

        assert _order(background, finish, ask) == "cbda"

    def test_what_is_asked_for_again_is_as_urgent_as_it_is_then_and_never_less(
        self, background: Background, finish: Finish
    ) -> None:
        def ask(soon: Callable[..., None]) -> None:
            for letter in "abcd":
                soon(letter, Urgency.LATER)
            soon("c", Urgency.SOON)
            soon("c", Urgency.LATER)
            background.hasten("d")
            background.hasten("not there")

        assert _order(background, finish, ask) == "dcab"

    def test_of_what_is_looked_at_the_last_one_runs_first(self, background: Background, finish: Finish) -> None:
        def ask(soon: Callable[..., None]) -> None:
            for letter in "abcda":
                soon(letter, Urgency.NOW)

        assert _order(background, finish, ask) == "adcb"

    def test_callers_take_turns(self, background: Background, finish: Finish) -> None:
        def ask(soon: Callable[..., None]) -> None:
            for caller, letters in {"eve": "abcd", "bob": "ef", "joe": "g"}.items():
                for letter in letters:
                    soon(letter, caller=caller)

        assert _order(background, finish, ask) == "aegbfcd"

    def test_who_asks_again_keeps_the_turn(self, background: Background, finish: Finish) -> None:
        def ask(soon: Callable[..., None]) -> None:
            for letter, caller in {"a": "ada", "b": "bob", "c": "joe"}.items():
                soon(letter, Urgency.NOW, caller)
            soon("a", Urgency.NOW, "ada")
            background.hasten("b")

        assert _order(background, finish, ask) == "abc"

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
