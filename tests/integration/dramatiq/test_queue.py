from collections.abc import Callable, Sequence
from typing import NoReturn

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from spike_contracts.builders import a_job_id
from spike_contracts.queue import JobQueueContract
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.queue import JobQueue
from spike_dramatiq import DramatiqQueue
from spike_dramatiq.queue import QUEUE_NAMES
from spike_dramatiq.stub import RequeueingStubBroker

IDLE_MS = 20


@pytest.fixture
def broker() -> RequeueingStubBroker:
    broker = RequeueingStubBroker(middleware=[])
    for name in QUEUE_NAMES.values():
        broker.declare_queue(name)
    return broker


def _unanswered(*_texts: object) -> NoReturn:
    raise dramatiq.ConnectionClosed(OSError())  # type: ignore[no-untyped-call]  # Dramatiq's errors have no types


def a_queue(broker: RequeueingStubBroker) -> DramatiqQueue:
    return DramatiqQueue(broker, broker.held, lambda: "the only one")


def messages_in(broker: RequeueingStubBroker) -> list[dramatiq.MessageProxy]:
    messages = []
    for name in QUEUE_NAMES.values():
        consumer = broker.consume(name, prefetch=1000, timeout=IDLE_MS)
        while (message := next(consumer)) is not None:
            messages.append(message)
            consumer.ack(message)
    return messages


class TestDramatiqQueue(JobQueueContract):
    @pytest.fixture
    def queue(self, broker: RequeueingStubBroker) -> JobQueue:
        return a_queue(broker)

    @pytest.fixture
    def arrived(self, broker: RequeueingStubBroker) -> Callable[[], Sequence[JobId]]:
        return lambda: [JobId.parse(message.args[0]) for message in messages_in(broker)]

    @pytest.fixture
    def broken_queue(self) -> JobQueue:
        return DramatiqQueue(StubBroker(middleware=[]), _unanswered, _unanswered)


def test_a_message_holds_the_id_and_nothing_else(broker: RequeueingStubBroker) -> None:
    job_id = a_job_id()
    a_queue(broker).send(job_id, priority=Priority.HIGH)
    [message] = messages_in(broker)
    assert (message.args, message.kwargs, message.options) == ((job_id.text,), {}, {})


def test_a_refusal_keeps_its_cause() -> None:
    with pytest.raises(QueueUnavailable) as caught:
        DramatiqQueue(StubBroker(middleware=[]), _unanswered, _unanswered).send(a_job_id(), priority=Priority.HIGH)
    assert isinstance(caught.value.__cause__, dramatiq.BrokerError)
