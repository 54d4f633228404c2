"""Laws that every JobQueue keeps."""

import threading
from collections.abc import Callable, Sequence

import pytest

from spike_contracts.builders import a_body, a_job_id
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.queue import JobQueue


class JobQueueContract:
    """The adapter's test provides the fixtures.

    `queue` is empty, `arrived` receives the messages sent to it, `broken_queue` has no server.
    """

    def test_what_is_sent_arrives(self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]) -> None:
        sent = [a_job_id() for _ in range(5)]
        for job_id in sent:
            queue.send(job_id, priority=Priority.HIGH)
        assert sorted(arrived()) == sorted(sent)

    def test_nothing_arrives_that_was_not_sent(
        self,
        queue: JobQueue,  # its server runs, unused
        arrived: Callable[[], Sequence[JobId]],
    ) -> None:
        assert list(arrived()) == []

    def test_messages_of_every_priority_arrive(self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]) -> None:
        sent = {priority: a_job_id() for priority in Priority}
        for priority, job_id in sent.items():
            queue.send(job_id, priority=priority)
        assert sorted(arrived()) == sorted(sent.values())

    @pytest.mark.parametrize("prefix", ["job_", "job_gen_", "job_mod_", "job_anon_"])
    def test_ids_of_every_kind_arrive_as_they_are(
        self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]], prefix: str
    ) -> None:
        job_id = JobId.parse(prefix + a_body())
        queue.send(job_id, priority=Priority.HIGH)
        assert list(arrived()) == [job_id]

    def test_a_job_that_is_sent_again_arrives_again(
        self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]
    ) -> None:
        job_id = a_job_id()
        queue.send(job_id, priority=Priority.HIGH)
        assert list(arrived()) == [job_id]
        queue.send(job_id, priority=Priority.HIGH)
        assert list(arrived()) == [job_id]

    def test_a_message_is_held_until_it_was_taken_out(
        self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]
    ) -> None:
        """In every priority; of jobs that weren't sent nothing is held."""
        sent = [a_job_id() for _ in Priority]
        for priority, job_id in zip(Priority, sent, strict=True):
            queue.send(job_id, priority=priority)
        other = a_job_id()
        assert set(queue.held([*sent, other])) == set(sent)
        assert set(queue.held(sent[:1])) == set(sent[:1])
        arrived()
        assert list(queue.held([*sent, other])) == []

    def test_of_a_job_that_was_sent_twice_the_second_message_is_held_as_well(
        self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]
    ) -> None:
        job_id = a_job_id()
        queue.send(job_id, priority=Priority.HIGH)
        arrived()
        queue.send(job_id, priority=Priority.HIGH)
        assert list(queue.held([job_id])) == [job_id]

    def test_where_nothing_is_asked_nothing_is_held(self, queue: JobQueue) -> None:
        queue.send(a_job_id(), priority=Priority.HIGH)
        assert list(queue.held([])) == []

    def test_a_queue_that_doesnt_answer_is_an_error(self, broken_queue: JobQueue) -> None:
        with pytest.raises(QueueUnavailable):
            broken_queue.held([a_job_id()])

    def test_it_stays_one_instance_whatever_is_sent(
        self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]
    ) -> None:
        instance_id = queue.instance_id()
        assert instance_id
        queue.send(a_job_id(), priority=Priority.HIGH)
        assert queue.instance_id() == instance_id
        arrived()
        assert queue.instance_id() == instance_id

    def test_a_queue_that_doesnt_answer_is_no_instance(self, broken_queue: JobQueue) -> None:
        with pytest.raises(QueueUnavailable):
            broken_queue.instance_id()

    def test_threads_can_send_at_once(self, queue: JobQueue, arrived: Callable[[], Sequence[JobId]]) -> None:
        ids = [[a_job_id() for _ in range(25)] for _ in range(4)]

        def send(mine: list[JobId]) -> None:
            for job_id in mine:
                queue.send(job_id, priority=Priority.HIGH)

        senders = [threading.Thread(target=send, args=(mine,)) for mine in ids]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert sorted(arrived()) == sorted(job_id for mine in ids for job_id in mine)

    def test_a_message_that_is_not_taken_is_an_error(self, broken_queue: JobQueue) -> None:
        with pytest.raises(QueueUnavailable):
            broken_queue.send(a_job_id(), priority=Priority.HIGH)
