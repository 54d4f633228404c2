"""The sending end: one message per job, nothing in it but the job's id."""

from typing import Final

import dramatiq
from attrs import frozen

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId

QUEUE_NAME: Final = "jobs"
ACTOR_NAME: Final = "perform"


@frozen
class DramatiqQueue:
    """Sends to whoever works for this Dramatiq broker, on which `QUEUE_NAME` must be declared."""

    broker: dramatiq.Broker

    def send(self, job_id: JobId) -> None:
        """Hand over a job's id; see the port."""
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=QUEUE_NAME, actor_name=ACTOR_NAME, args=(job_id.text,), kwargs={}, options={}
        )
        try:
            self.broker.enqueue(message)
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error
