"""The sending end: one message per job, which contains only the job's id."""

from collections.abc import Mapping
from typing import Final

import dramatiq
from attrs import frozen

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority

QUEUE_NAMES: Final[Mapping[Priority, str]] = {priority: f"jobs.{priority.value}" for priority in Priority}
ACTOR_NAMES: Final[Mapping[Priority, str]] = {priority: f"perform_{priority.value}" for priority in Priority}


@frozen
class DramatiqQueue:
    """Sends to the workers of a Dramatiq broker, on which all `QUEUE_NAMES` must be declared."""

    broker: dramatiq.Broker

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Send a job's id; see the port."""
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=QUEUE_NAMES[priority],
            actor_name=ACTOR_NAMES[priority],
            args=(job_id.text,),
            kwargs={},
            options={},
        )
        try:
            self.broker.enqueue(message)
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error
