"""The sending end: one message per job, which contains only the job's id."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import dramatiq
from attrs import frozen

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority

Held = Callable[[Sequence[str]], Collection[str]]  # those of the texts that a message that isn't processed yet holds
InstanceId = Callable[[], str]  # of the broker that holds the messages

QUEUE_NAMES: Final[Mapping[Priority, str]] = {priority: f"jobs.{priority.value}" for priority in Priority}
ACTOR_NAMES: Final[Mapping[Priority, str]] = {priority: f"perform_{priority.value}" for priority in Priority}


def enqueue(broker: dramatiq.Broker, job_id: JobId, *, priority: Priority) -> None:
    """Enqueue a message with a job's id on a broker on which all `QUEUE_NAMES` are declared.

    Raises:
        QueueUnavailable: the broker didn't acknowledge the message.
    """
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=QUEUE_NAMES[priority],
        actor_name=ACTOR_NAMES[priority],
        args=(job_id.text,),
        kwargs={},
        options={},
    )
    try:
        broker.enqueue(message)
    except dramatiq.BrokerError as error:
        raise QueueUnavailable from error


@frozen
class DramatiqQueue:
    """Sends to the workers of a Dramatiq broker, on which all `QUEUE_NAMES` must be declared."""

    broker: dramatiq.Broker
    held_by_broker: Held
    instance_of_broker: InstanceId

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Send a job's id; see the port."""
        enqueue(self.broker, job_id, priority=priority)

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        """Return those of the jobs whose message the broker holds; see the port."""
        try:
            held = self.held_by_broker([job_id.text for job_id in job_ids])
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error
        return {JobId(text) for text in held}

    def instance_id(self) -> str:
        """Return which instance of the broker answers; see the port."""
        try:
            return self.instance_of_broker()
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error
