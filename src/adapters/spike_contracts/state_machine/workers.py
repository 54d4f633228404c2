"""Workers: they succeed, fail, crash, stall, report too late, and lose their jobs."""

import io
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.faults import MOODS, SIZE, crashes, pass_by
from spike_contracts.state_machine.world import World
from spike_core.domain.errors import ImageNotFound, JobChanged, NothingToClaim
from spike_core.domain.identifiers import ANONYMOUS, JobId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Result, SettledJob
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_memory.engine import a_picture


class Working(World):
    """Attempts at jobs."""

    @precondition(lambda self: self.broker.held.messages)
    @rule(mood=st.sampled_from(MOODS), crash=crashes)
    def work(self, mood: str, crash: int | None) -> None:
        self.mood.kind = mood
        job_id = self.broker.held.messages.popleft()
        try:
            self.behind_the_scenes(crash, lambda: self.spike.jobs.runner.perform(job_id))
        except NothingToClaim:
            job = self.job(job_id)
            assert job is None or isinstance(job, SettledJob | ClaimedJob), "only a claimed, settled or deleted job"

    @precondition(lambda self: self.broker.held.messages)
    @rule(how=st.sampled_from(["cancelled", "overtaken", "deleted"]))
    def work_on_what_is_taken_away(self, how: str) -> None:
        """The job is cancelled or deleted, or its lease expires, during the work; the worker notices at the end."""
        self.mood.kind = "success"
        job_id = self.broker.held.messages.popleft()
        self.mood.meanwhile = lambda: self._take_away(job_id, how)
        try:
            self.spike.jobs.runner.perform(job_id)
        except NothingToClaim:
            return
        finally:
            self.mood.meanwhile = pass_by
        assert not isinstance(self.job(job_id), CompletedJob), "a fenced-off worker changes nothing"

    def _take_away(self, job_id: JobId, how: str) -> None:
        with self.database.transactions.view() as tx:
            spec = tx.jobs.get(job_id).spec
        if how == "deleted" and spec.image_id is not None:
            self.spike.images.deletion.remove(spec.owner_id, spec.image_id)
        elif how == "cancelled" and spec.owner_id != ANONYMOUS:
            self.spike.jobs.cancellation.cancel(spec.owner_id, job_id)
        else:
            self.clock.advance(timedelta(minutes=2))
            self.spike.maintenance.recovery.repair()

    @precondition(lambda self: self.broker.held.messages)
    @rule()
    def a_worker_stalls(self) -> None:
        try:
            self.stalled.append(self.job_transitions.claim(self.broker.held.messages.popleft()))
        except NothingToClaim:
            return

    @precondition(lambda self: self.stalled)
    @rule(data=st.data())
    def a_stalled_worker_shows_life(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.stalled))
        held = self._still_holds(job)
        try:
            self.job_transitions.renew(job, progress=50)
        except JobChanged:
            assert not held
        else:
            assert held

    @precondition(lambda self: self.stalled and not self.blobs.full)
    @rule(data=st.data())
    def a_stalled_worker_delivers(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.stalled))
        self.stalled.remove(job)
        held = self._still_holds(job)
        try:
            size = self.spike.jobs.runner.rendering.render_spec(job.spec).size
        except ImageNotFound:  # deleted meanwhile: the worker had read the size before
            size = SIZE.scaled_to(job.spec.longest_side_px or 0)
        picture = a_picture(size)
        key = ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=job.attempt)
        self.blobs.put(key, io.BytesIO(picture))
        result = Result(key=key, format=PictureFormat.JPEG, dimensions=size, size_bytes=len(picture))
        try:
            self.job_transitions.complete(job, result)
        except JobChanged:
            assert not held, "only a fenced-off worker is refused"
            self.blobs.delete([key])
        else:
            assert held, "a fenced-off worker changes nothing"

    def _still_holds(self, job: ClaimedJob) -> bool:
        stored = self.job(job.id)
        return stored is not None and stored.fence == job.fence
