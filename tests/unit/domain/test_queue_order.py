"""The order of the queue: the same places as sorting the whole queue gives."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_job, an_image, an_owner
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import PendingJob, StartedJob
from spike_core.domain.queue_order import QueueOrder, UnclaimedJob

OWNERS = [an_owner() for _ in range(4)]
Held = tuple[PendingJob, bool]


def a_job_of(owner_id: OwnerId, *, age: int) -> PendingJob:
    return a_job(image=an_image(owner_id=owner_id), now=NOON + timedelta(seconds=age))


def an_order_of(jobs: list[Held]) -> QueueOrder:
    oldest_first = sorted(jobs, key=lambda each: each[0].spec.cursor)
    return QueueOrder.of(
        UnclaimedJob(job.spec.created_at, job.id.text, job.spec.owner_id.text, held) for job, held in oldest_first
    )


def sorted_whole(jobs: list[Held]) -> list[PendingJob]:
    """Return the jobs in the order that they wait in, found the long way."""

    def turn(job: PendingJob, held: bool) -> int:  # of a pair
        same = [other for other, waits in jobs if waits and other.spec.owner_id == job.spec.owner_id]
        return 1 + sum(other.spec.cursor < job.spec.cursor for other in same) if held else 0

    return [job for job, _ in sorted(jobs, key=lambda each: (turn(*each), each[0].spec.cursor))]


@given(
    st.lists(
        st.tuples(
            st.builds(lambda owner, age: a_job_of(owner, age=age), st.sampled_from(OWNERS), st.integers(0, 9)),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_positions_are_those_of_the_whole_queue_sorted(jobs: list[Held]) -> None:
    order = an_order_of(jobs)
    line = sorted_whole(jobs)
    assert [order.position(job) for job in line] == list(range(1, len(line) + 1))


def test_a_job_that_was_started_since_counts_as_in_flight() -> None:
    ada, bob = OWNERS[:2]
    held, other = a_job_of(ada, age=1), a_job_of(bob, age=2)
    order = an_order_of([(held, True), (other, False)])
    assert order.position(held) == 2
    started = held.start(now=NOON)
    assert isinstance(started, StartedJob)
    assert order.position(started) == 1


def test_a_job_that_is_newer_than_the_order_stands_at_the_end_of_its_kind() -> None:
    ada, bob = OWNERS[:2]
    order = an_order_of([(a_job_of(bob, age=0), False), (a_job_of(ada, age=1), True), (a_job_of(ada, age=2), True)])
    assert order.position(a_job_of(bob, age=3)) == 2  # whose owner has nothing held back
    assert order.position(a_job_of(ada, age=3)) == 4


def test_in_an_empty_queue_every_job_is_next() -> None:
    assert an_order_of([]).position(a_job_of(OWNERS[0], age=0)) == 1
