"""Dramatiq's in-memory broker, changed to keep the messages that a stopping worker hands back."""

from collections.abc import Iterable

import dramatiq
from attrs import frozen
from dramatiq.brokers.stub import StubBroker


class RequeueingStubBroker(StubBroker):
    """A `StubBroker` whose consumers requeue messages that were fetched but not started; the original drops them."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> dramatiq.Consumer:
        """Return a consumer; `timeout` is in milliseconds."""
        return _RequeueingConsumer(super().consume(queue_name, prefetch, timeout), broker=self)


@frozen
class _RequeueingConsumer(dramatiq.Consumer):
    _consumer: dramatiq.Consumer
    _broker: dramatiq.Broker

    def __next__(self) -> dramatiq.MessageProxy | None:
        return next(self._consumer)

    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._consumer.ack(message)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._consumer.nack(message)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        for message in messages:
            self._broker.enqueue(message.copy())
            self._consumer.ack(message)
