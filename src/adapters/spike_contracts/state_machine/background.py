"""Periodic tasks, time, the queue and the store."""

from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.faults import crashes
from spike_contracts.state_machine.world import RETENTION_S, World
from spike_core.domain.errors import Unavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import PendingJob

TASKS = (
    *("relay", "relay", "repair", "repair", "collect", "removals", "expiry", "records"),
    *("background", "background", "renditions"),
)
RETENTION = timedelta(seconds=RETENTION_S)


class LookingAfter(World):
    """Periodic tasks of a server, and faults of its surroundings."""

    @rule(
        task=st.sampled_from(TASKS),
        crash=crashes,
    )
    def look_after_things(self, task: str, crash: int | None) -> None:
        tasks = {
            "relay": self.spike.jobs.dispatch.relay,
            "repair": self.spike.maintenance.recovery.repair,
            "collect": self.spike.maintenance.recovery.collect_orphans,
            "removals": self.spike.images.deletion.finish_pending,
            "expiry": lambda: self.spike.images.deletion.expire_anonymous(retention=RETENTION),
            "records": self.spike.idempotency.purge,
            "background": self.spike.background.run,
            "renditions": self.make_renditions,
        }
        self.behind_the_scenes(crash, tasks[task])

    def make_renditions(self) -> None:
        with suppress(Unavailable):  # the store is full
            self.spike.images.renditions.catch_up()

    @rule(seconds=st.sampled_from([1, 10, 61, 61, 601, 901, 3601, 40_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(
        event=st.sampled_from(
            ["the queue takes", "the queue takes", "the queue refuses", "the store has room", "the store is full"]
        )
    )
    def the_world_changes(self, event: str) -> None:
        match event:
            case "the queue takes":
                self.broker.held.refuses = False
            case "the queue refuses":
                self.broker.held.refuses = True
            case "the store has room":
                self.blobs.full = False
            case "the store is full":
                self.blobs.full = True

    @precondition(lambda self: self.sent_once())
    @rule(data=st.data())
    def a_message_is_doubled(self, data: st.DataObject) -> None:
        """Also messages of deleted jobs, since a queue doesn't know the rows."""
        job_id: JobId = data.draw(st.sampled_from(self.sent_once()))
        self.broker.held.messages.append(job_id)

    def sent_once(self) -> list[JobId]:
        """Return the jobs, including deleted ones, whose message may have been sent: all but those held back."""
        pending = {id_ for id_, job in self.now.jobs.items() if isinstance(job, PendingJob)}
        return sorted(self.seen.keys() - (pending - self.now.announced))

    @rule(restarted=st.booleans())
    def the_queue_loses_everything(self, restarted: bool) -> None:
        self.broker.held.messages.clear()
        if restarted:
            self.stalled.clear()
            self.spike.maintenance.recovery.repair_after_restart()
