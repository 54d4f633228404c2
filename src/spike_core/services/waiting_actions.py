"""Actions that wait for their turn, in a limited number of places."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from attrs import define, evolve, field, frozen, validators

from spike_core.ports.background import Urgency

PLACES: Final = 2_000  # 1 MB

Action = Callable[[], object]


@frozen(kw_only=True)
class _Waiting:
    action: Action
    caller: str
    urgency: Urgency


@define(eq=False)
class WaitingActions:
    """Keeps the order and the limits that the background port promises. Not for several threads at once."""

    places: int = field(default=PLACES, validator=validators.ge(2))
    _waiting: dict[str, _Waiting] = field(factory=dict, init=False)  # by key
    _running: dict[str, str] = field(factory=dict, init=False)  # key → caller
    _held: Counter[str] = field(factory=Counter, init=False)  # caller → places
    # for each urgency, the callers in the order of their turns, and their keys in the order of the calls
    _turns: dict[Urgency, OrderedDict[str, OrderedDict[str, None]]] = field(init=False)

    @_turns.default
    def _no_turns(self) -> dict[Urgency, OrderedDict[str, OrderedDict[str, None]]]:
        return {urgency: OrderedDict() for urgency in Urgency}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def add(self, action: Action, *, key: str, caller: str, urgency: Urgency) -> bool:
        """Let an action wait, and return whether it waits or runs."""
        if key in self._running:
            return True
        if key in self._waiting:
            self._hasten(key, urgency)
            return True
        if len(self._waiting) + len(self._running) >= self.places or self._held[caller] >= self.places // 2:
            return False
        self._held[caller] += 1
        self._put(key, _Waiting(action=action, caller=caller, urgency=urgency))
        return True

    def hasten(self, key: str) -> None:
        """Make an action as urgent as can be, if it waits."""
        if key in self._waiting:
            self._hasten(key, Urgency.NOW)

    def take(self) -> tuple[str, Action] | None:
        """Return the action whose turn it is, with its key; it holds its place until `finish`."""
        for urgency, callers in self._turns.items():
            if callers:
                caller, keys = next(iter(callers.items()))
                key, _none = keys.popitem(last=urgency is Urgency.NOW)
                callers.move_to_end(caller)
                if not keys:
                    del callers[caller]
                self._running[key] = caller
                return key, self._waiting.pop(key).action
        return None

    def finish(self, key: str) -> None:
        """Give the place of an action that was taken free."""
        self._give_back(self._running.pop(key))

    def clear(self) -> None:
        """Forget the actions that wait."""
        for waiting in self._waiting.values():
            self._give_back(waiting.caller)
        self._waiting.clear()
        self._turns = self._no_turns()

    def _hasten(self, key: str, urgency: Urgency) -> None:
        waiting = self._waiting[key]
        callers = self._turns[waiting.urgency]
        if urgency is waiting.urgency is Urgency.NOW:
            callers[waiting.caller].move_to_end(key)  # the caller keeps its turn, however often it asks
        if urgency >= waiting.urgency:
            return
        del callers[waiting.caller][key]
        if not callers[waiting.caller]:
            del callers[waiting.caller]
        self._put(key, evolve(waiting, urgency=urgency))

    def _put(self, key: str, waiting: _Waiting) -> None:
        self._waiting[key] = waiting
        self._turns[waiting.urgency].setdefault(waiting.caller, OrderedDict())[key] = None

    def _give_back(self, caller: str) -> None:
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
