"""Dramatiq's in-memory broker, changed to keep the messages that a stopping worker hands back."""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import dramatiq
from attrs import frozen
from dramatiq.brokers.stub import StubBroker


class RequeueingStubBroker(StubBroker):
    """A `StubBroker` whose consumers requeue messages that were fetched but not started; the original drops them.

    It also counts which messages it holds.
    """

    def __init__(self, middleware: "list[dramatiq.Middleware] | None" = None) -> None:
        """Begin empty."""
        super().__init__(middleware=middleware)
        self._held: Counter[str] = Counter()
        self._counting = threading.Lock()

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        """Store a message; `delay` is in milliseconds."""
        with self._counting:  # before a worker can take it, and count it off
            self._held[message.args[0]] += 1
        enqueued: dramatiq.Message[Any] = super().enqueue(message, delay=delay)
        return enqueued

    def held(self, texts: Sequence[str]) -> Collection[str]:
        """Return those of the messages' arguments of which it holds a message."""
        with self._counting:
            return [text for text in texts if self._held[text] > 0]

    def let_go(self, message: dramatiq.MessageProxy) -> None:
        """Count a message that was processed."""
        text = message.args[0]
        with self._counting:
            self._held[text] -= 1
            if self._held[text] <= 0:
                del self._held[text]

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> dramatiq.Consumer:
        """Return a consumer; `timeout` is in milliseconds."""
        return _RequeueingConsumer(super().consume(queue_name, prefetch, timeout), broker=self)


@frozen
class _RequeueingConsumer(dramatiq.Consumer):
    _consumer: dramatiq.Consumer
    _broker: RequeueingStubBroker

    def __next__(self) -> dramatiq.MessageProxy | None:
        return next(self._consumer)

    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._broker.let_go(message)
        self._consumer.ack(message)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._broker.let_go(message)
        self._consumer.nack(message)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        for message in messages:
            self._broker.enqueue(message.copy())
            self.ack(message)
