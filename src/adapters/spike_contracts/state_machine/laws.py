"""The invariants: after each step, and after everything has been settled."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve
from hypothesis.stateful import invariant

from spike_contracts.state_machine.snapshot import Snapshot
from spike_contracts.state_machine.world import CAP, IMAGES_MAX, ON_THEIR_WAY_MAX, OPEN_JOBS_MAX, World
from spike_core.domain.errors import NothingToClaim
from spike_core.domain.idempotency import IDEMPOTENCY_RECORDS_KEPT
from spike_core.domain.identifiers import ANONYMOUS, JobId, RequestId
from spike_core.domain.invariants import check_job, check_wallet
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, PendingJob, SettledJob, StartedJob
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tokens import Tokens

ROUNDS_MAX = 20  # within which everything is settled once there are no more faults


class Laws(World):
    """I1 to I10, except I6, which needs threads, and I7, which `attempt` checks."""

    @invariant()
    def the_laws_hold(self) -> None:
        """Check a snapshot of everything; the next step starts from it."""
        self.now = self.look()
        self.money_adds_up()
        self.running_sums_are_right()
        self.what_has_ended_stays_as_it_is()
        self.what_was_deleted_is_paid_back()
        self.rows_and_objects_name_each_other()
        self.only_pending_jobs_are_announced_and_the_others_wait_for_their_turn()
        self.albums_keep_their_order()
        self.the_same_key_has_one_effect()

    def money_adds_up(self) -> None:
        """I1, I2, I3, and I5's cap."""
        entries = _by_job(self.now.entries)
        ledgers = defaultdict(list)
        for entry in reversed(self.now.entries):  # each wallet's are newest first
            ledgers[entry.owner_id].append(entry)
        findings = [
            *(finding for id_, wallet in self.now.wallets.items() for finding in check_wallet(wallet, ledgers[id_])),
            *(finding for id_, job in self.now.jobs.items() for finding in check_job(job, entries[id_])),
        ]
        assert findings == []
        for entry in self.now.entries:
            if entry.kind is EntryKind.EARN_REGENERATION:
                assert entry.balance_after <= Tokens(CAP), "I5: nothing regenerates above the cap"

    def running_sums_are_right(self) -> None:
        """What wallets count of jobs and images is there, also after crashes, and parked tokens regenerate nothing."""
        with self.database.transactions.view() as tx:
            assert tx.audit.miscounted(limit=9) == []
        for wallet in self.now.wallets.values():
            open_jobs = [
                job
                for job in self.now.jobs.values()
                if job.spec.owner_id == wallet.owner_id and not isinstance(job, SettledJob)
            ]
            assert wallet.usage.open_jobs == len(open_jobs) <= OPEN_JOBS_MAX
            assert wallet.usage.images <= IMAGES_MAX

    def what_has_ended_stays_as_it_is(self) -> None:
        """I4, and deleted jobs don't reappear. A result still gets its renditions, once."""
        for id_, last in self.seen.items():
            if id_ in self.now.jobs:
                now = self.now.jobs[id_]
                assert now == last or not isinstance(last, SettledJob) or now == _with_renditions_of(now, last)
                assert id_ not in self.gone
            else:
                self.gone.add(id_)
        self.seen.update(self.now.jobs)

    def what_was_deleted_is_paid_back(self) -> None:
        """I2 and I3 of jobs deleted with their image: those that weren't delivered were refunded once."""
        entries = _by_job(self.now.entries)
        for id_ in self.gone:
            last = self.seen[id_]
            assert last.spec.image_id is not None, "creations stay"
            assert last.spec.image_id not in {*self.now.images, *self.now.hidden}, (
                "jobs are deleted only with their image"
            )
            ended = last if isinstance(last, SettledJob) else last.cancel(now=self.clock.now())
            assert list(check_job(ended, entries[id_])) == []

    def rows_and_objects_name_each_other(self) -> None:
        """I8: each row has its object at any moment; without a crash there are no orphans, even without a sweep."""
        named = _named(self.now)
        assert named <= self.now.objects
        if not self.crashed_since_collection:
            assert named == self.now.objects
            assert not self.now.hidden

    def only_pending_jobs_are_announced_and_the_others_wait_for_their_turn(self) -> None:
        """Except for the anonymous owner, which is shared by all visitors."""
        pending = {id_ for id_, job in self.now.jobs.items() if isinstance(job, PendingJob)}
        assert self.now.announced <= pending
        on_their_way = Counter(
            job.spec.owner_id
            for id_, job in self.now.jobs.items()
            if id_ in self.now.announced or isinstance(job, StartedJob | ClaimedJob)
        )
        assert all(count <= ON_THEIR_WAY_MAX for owner_id, count in on_their_way.items() if owner_id != ANONYMOUS)

    def albums_keep_their_order(self) -> None:
        """I9: positions ascend, and each album has the expected images, each once, all of its owner."""
        for id_, places in self.now.places.items():
            members = [place.image_id for place in places]
            assert all(one.position < other.position for one, other in itertools.pairwise(places))
            assert len(set(members)) == len(members)
            assert {self.now.images[image_id].owner_id for image_id in members} <= {self.now.albums[id_].owner_id}
            assert self.now.albums[id_].cover_image_id in {None, *members}
        expected = {
            id_: tuple(image_id for image_id in spec if image_id in self.now.images)
            for id_, spec in self.orders.items()
        }
        assert self.now.orders == expected
        self.orders = expected

    def the_same_key_has_one_effect(self) -> None:
        """I10, while records are kept: each key has one effect and one record."""
        effects: defaultdict[RequestId, list[datetime]] = defaultdict(list)
        for job in self.seen.values():
            if job.spec.request_id is not None:
                effects[job.spec.request_id].append(job.spec.created_at)
        for sender, request_id in self.request_ids.items():
            times = sorted(effects[request_id])
            assert all(later - earlier >= IDEMPOTENCY_RECORDS_KEPT for earlier, later in itertools.pairwise(times))
            has_effect = bool(times) and self.clock.now() - times[-1] < IDEMPOTENCY_RECORDS_KEPT
            assert has_effect == (self.now.record(sender, now=self.clock.now()) is not None)

    def teardown(self) -> None:
        """Run everything to completion: then each job is delivered or refunded, and there are no orphans."""
        if not hasattr(self, "owners"):
            return
        self._come_to_rest()
        self.clock.advance(timedelta(hours=3))
        self.spike.images.deletion.finish_pending()
        self.spike.images.deletion.expire_anonymous(retention=timedelta(0))
        self.spike.images.renditions.catch_up()
        self.spike.maintenance.recovery.collect_orphans()
        self.crashed_since_collection = False
        self.the_laws_hold()
        assert all(isinstance(job, SettledJob) for job in self.now.jobs.values()), "I3: each is delivered or refunded"
        assert not any(image_id.is_anonymous for image_id in self.now.images)
        assert list(self.spike.maintenance.audit.findings()) == []
        self.database.close()

    def _come_to_rest(self) -> None:
        self.broker.held.refuses, self.blobs.full, self.mood.kind = False, False, "success"
        for _ in range(ROUNDS_MAX):
            if all(isinstance(job, SettledJob) for job in self.look().jobs.values()):
                return
            self.clock.advance(timedelta(minutes=11))
            self.spike.maintenance.recovery.repair()
            self.spike.jobs.dispatch.relay()
            while self.broker.held.messages:
                try:
                    self.spike.jobs.runner.perform(self.broker.held.messages.popleft())
                except NothingToClaim:
                    continue


def _by_job(entries: Sequence[LedgerEntry]) -> Mapping[JobId, Sequence[LedgerEntry]]:
    found: defaultdict[JobId, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.job_id is not None:
            found[entry.job_id].append(entry)
    return found


def _with_renditions_of(now: Job, last: Job) -> Job:
    """Return a job as it was, with the renditions that its result has now, if it had none."""
    if not isinstance(last, CompletedJob) or not isinstance(now, CompletedJob) or last.result.renditions is not None:
        return last
    return evolve(last, result=evolve(last.result, renditions=now.result.renditions))


def _named(now: Snapshot) -> frozenset[ObjectKey]:
    """Return the objects that rows name, without those of images that are being deleted."""
    jobs = [job for job in now.jobs.values() if job.spec.image_id not in now.hidden]
    originals = {key for image in now.images.values() for key in image.objects}
    inputs = {input_.key for job in jobs if (input_ := job.spec.input) is not None}
    completed = [job.result for job in jobs if isinstance(job, CompletedJob)]
    results = {result.key for result in completed}
    renditions = {key for result in completed if result.renditions is not None for key in result.renditions.objects}
    return frozenset(originals | inputs | results | renditions)
