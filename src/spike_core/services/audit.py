"""The audit: checks all stored rows and objects, and goes on after whatever it finds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, Self

from attrs import frozen

from spike_core.domain.errors import DatabaseDamaged
from spike_core.domain.identifiers import (
    ANONYMOUS,
    AlbumId,
    AlbumImageId,
    Identifier,
    ImageId,
    JobId,
    OwnerId,
    UserId,
)
from spike_core.domain.images import Image
from spike_core.domain.invariants import Check, Finding, check_job, check_times
from spike_core.domain.jobs import Job, PendingJob
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.limits import JobLimits
from spike_core.domain.tasks import Blend
from spike_core.ports.audit import AuditPage
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.audit_ledgers import LedgerAudit
from spike_core.services.audit_objects import ObjectAudit
from spike_core.services.audit_run import AUDIT_PAGE, AuditCoverage, AuditRun, unreadable
from spike_core.services.object_references import named_by
from spike_core.services.usage_accounting import running_sum_findings

DEAD_MESSAGE_AGE: Final = timedelta(hours=1)  # the relay runs every second and removes such messages


@frozen(kw_only=True)
class Audit:
    """Reads all rows and objects page by page, in constant memory, and writes nothing.

    Each page is one snapshot; the blob store is queried afterwards. A suspected violation is checked again before it is
    reported, so that concurrent work isn't mistaken for damage. A row that can't be read is reported, and what would
    have to be compared with it is left out; a table that can't be read any further is reported, and the next one read.
    """

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    limits: JobLimits

    def findings(self, *, deep: bool = False, coverage: AuditCoverage | None = None) -> Iterator[Finding]:
        """Yield everything that is wrong. With `deep`, objects are read and compared with their SHA-256.

        `coverage` counts what was compared, and what couldn't be.

        Raises:
            Unavailable: the database or the store is unavailable.
        """
        run = AuditRun(coverage=coverage or AuditCoverage())
        ledgers = LedgerAudit(transactions=self.transactions, run=run)
        objects = ObjectAudit(transactions=self.transactions, blobs=self.blobs, clock=self.clock, limits=self.limits)
        sections = (
            ("database", self._database()),
            ("users", self._users(run)),
            ("wallets", ledgers.wallets(now=self.clock.now())),
            ("refund_totals", ledgers.refunds()),
            ("usage", running_sum_findings(self.transactions, now=self.clock.now())),
            ("images", self._images(run, objects)),
            ("jobs", self._jobs(run, objects)),
            ("outbox_messages", self._messages()),
            ("albums", self._albums(run)),
            ("album_images", self._places()),
            ("objects", objects.stored(run.coverage, deep=deep)),
        )
        for table, section in sections:
            try:
                yield from section
            except DatabaseDamaged as error:
                message = f"it can't be read any further: {error.detail}"
                yield Finding(check=Check.DATABASE, subject=table, message=message)

    def _database(self) -> Iterator[Finding]:
        with self.transactions.view() as tx:
            damages = tx.audit.damage()
        for damage in damages:
            yield Finding(check=Check.DATABASE, subject=damage.subject, message=damage.message)

    def _users(self, run: AuditRun) -> Iterator[Finding]:
        after: UserId | None = None
        while True:
            with self.transactions.view() as tx:
                page = tx.audit.users(after=after, limit=AUDIT_PAGE)
                with_wallet = tx.audit.wallets_among([user.id for user in page])
            yield from unreadable(page)
            for user in page:
                yield from self._future(user, user.id)
                if user.id not in with_wallet:
                    yield from run.without_account(user.id, "the user has no wallet")
            if page.next is None:
                return
            after = page.next

    def _images(self, run: AuditRun, objects: ObjectAudit) -> Iterator[Finding]:
        after: ImageId | None = None
        while True:
            with self.transactions.view() as tx:
                page = tx.audit.images(after=after, limit=AUDIT_PAGE)
                with_wallet = tx.audit.wallets_among({image.owner_id for image in page})
            yield from unreadable(page)
            for image in page:
                yield from self._future(image, image.id)
                if image.id.text in page.changed:
                    yield _changed(image.id, "owner")
                    continue
                yield from _anonymity(image.id, image.owner_id)
                yield from run.without_wallet(image.owner_id, with_wallet, what=f"image {image.id}")
            yield from objects.missing({image.id: image.objects for image in page})
            if page.next is None:
                return
            after = page.next

    def _jobs(self, run: AuditRun, objects: ObjectAudit) -> Iterator[Finding]:
        after: JobId | None = None
        while True:
            entries: defaultdict[JobId | None, list[LedgerEntry]] = defaultdict(list)
            with self.transactions.view() as tx:
                page = tx.audit.jobs(after=after, limit=AUDIT_PAGE)
                ledger = tx.audit.entries_of([job.id for job in page])
                images = _Images.of(
                    tx.audit.images_among({id_ for job in page for id_ in _images_of(job)}, deleting=True)
                )
                with_wallet = tx.audit.wallets_among({job.spec.owner_id for job in page})
            yield from unreadable(page)
            for entry in ledger:
                entries[entry.job_id].append(entry)
            for job in page:
                is_changed = job.id.text in page.changed
                yield from self._future(job, job.id)
                if job.id.text not in ledger.damaged:
                    yield from check_job(job, entries[job.id], is_changed=is_changed)
                yield from images.check_job(job, is_changed=is_changed)
                if is_changed:
                    yield _changed(job.id, "owner, image, tier, price or time of the order")
                    continue
                yield from _anonymity(job.id, job.spec.owner_id)
                yield from run.without_wallet(job.spec.owner_id, with_wallet, what=f"job {job.id}")
            yield from objects.missing({job.id: frozenset(named_by(job)) for job in page})
            if page.next is None:
                return
            after = page.next

    def _messages(self) -> Iterator[Finding]:
        """Yield the messages without a job, and those of jobs that are no longer pending, after `DEAD_MESSAGE_AGE`."""
        after: JobId | None = None
        while True:
            due_before = self.clock.now() - DEAD_MESSAGE_AGE
            with self.transactions.view() as tx:
                page = tx.audit.messages(after=after, limit=AUDIT_PAGE)
                found = tx.audit.jobs_among([message.job_id for message in page])
            jobs = {job.id: job for job in found}
            yield from unreadable(page)
            for message in page:
                yield from self._future(message, message.job_id)
                job = jobs.get(message.job_id)
                if job is None:
                    if message.job_id.text not in found.damaged:
                        what = "a message is to start it, but there is no such job"
                        yield Finding(check=Check.REFERENCE, subject=str(message.job_id), message=what)
                elif not isinstance(job, PendingJob) and message.due_at < due_before:
                    what = f"it is {job.status.value}, and a message to start it has been due since {message.due_at}"
                    yield Finding(check=Check.OUTBOX, subject=str(job.id), message=what)
            if page.next is None:
                return
            after = page.next

    def _albums(self, run: AuditRun) -> Iterator[Finding]:
        after: AlbumId | None = None
        while True:
            with self.transactions.view() as tx:
                page = tx.audit.albums(after=after, limit=AUDIT_PAGE)
                covers = _Images.of(
                    tx.audit.images_among(
                        {album.cover_image_id for album in page if album.cover_image_id is not None}, deleting=True
                    )
                )
                with_wallet = tx.audit.wallets_among({album.owner_id for album in page})
                counts = tx.audit.album_counts([album.id for album in page])
            yield from unreadable(page)
            for count in counts:
                if count.kept != count.counted:
                    message = f"{count.kept} images are counted, it contains {count.counted}"
                    yield Finding(check=Check.ALBUM_COUNT, subject=str(count.album_id), message=message)
            for album in page:
                yield from self._future(album, album.id)
                yield from run.without_wallet(album.owner_id, with_wallet, what=f"album {album.id}")
                if album.cover_image_id is not None:
                    yield from covers.check(album.cover_image_id, album.owner_id, album.id, "its cover")
            if page.next is None:
                return
            after = page.next

    def _places(self) -> Iterator[Finding]:
        after: AlbumImageId | None = None
        while True:
            with self.transactions.view() as tx:
                page = tx.audit.places(after=after, limit=AUDIT_PAGE)
                images = _Images.of(tx.audit.images_among({place.image_id for place in page}, deleting=True))
                found = tx.audit.albums_among({place.album_id for place in page})
            albums = {album.id: album for album in found}
            yield from unreadable(page)
            for place in page:
                yield from self._future(place, place.id)
                album = albums.get(place.album_id)
                if album is not None:
                    yield from images.check(place.image_id, album.owner_id, album.id, "the image in it")
                elif place.album_id.text not in found.damaged:
                    message = f"image {place.image_id} is in album {place.album_id}, which doesn't exist"
                    yield Finding(check=Check.REFERENCE, subject=str(place.id), message=message)
            if page.next is None:
                return
            after = page.next

    def _future(self, value: object, id_: Identifier) -> Iterator[Finding]:
        limits = self.limits
        leeway = {
            "leased_until": limits.lease + limits.work_time_max,
            "due_at": limits.delay_before(limits.attempts_max + limits.crashes_max) + limits.refusal_max,
        }
        yield from check_times(value, subject=str(id_), now=self.clock.now(), leeway=leeway)


def _images_of(job: Job) -> Iterator[ImageId]:
    if job.spec.image_id is not None:
        yield job.spec.image_id
    if isinstance(job.spec.task, Blend) and isinstance(job.spec.task.source, ImageId):
        yield job.spec.task.source


@frozen
class _Images:
    """Images that rows refer to."""

    found: Mapping[ImageId, Image]
    damaged: frozenset[str]  # ids of those whose rows can't be trusted

    @classmethod
    def of(cls, page: AuditPage[Image, ImageId]) -> Self:
        return cls({image.id: image for image in page}, page.damaged)

    def check(self, image_id: ImageId, owner_id: OwnerId | None, subject: Identifier, what: str) -> Iterator[Finding]:
        """Yield an image that is gone, or of another owner than `owner_id`; nothing about one whose row is damaged."""
        if image_id.text in self.damaged:
            return
        image = self.found.get(image_id)
        if image is None:
            message = f"{what}, {image_id}, doesn't exist"
            yield Finding(check=Check.REFERENCE, subject=str(subject), message=message)
        elif owner_id is not None and image.owner_id != owner_id:
            message = f"{what}, {image_id}, belongs to {image.owner_id}, not to {owner_id}"
            yield Finding(check=Check.OWNER, subject=str(subject), message=message)

    def check_job(self, job: Job, *, is_changed: bool) -> Iterator[Finding]:
        """Yield an image of the job that is gone or another owner's; a blend's source may have been deleted."""
        for image_id in _images_of(job):
            if image_id == job.spec.image_id or image_id in self.found:
                yield from self.check(image_id, None if is_changed else job.spec.owner_id, job.id, "its image")


def _changed(id_: Identifier, columns: str) -> Finding:
    message = f"its {columns} isn't what was stored: the row's checksum differs"
    return Finding(check=Check.CHANGED, subject=str(id_), message=message)


def _anonymity(id_: ImageId | JobId, owner_id: OwnerId) -> Iterator[Finding]:
    is_anonymous = id_.is_anonymous
    if is_anonymous != (owner_id == ANONYMOUS):
        message = f"by its id it {'has no' if is_anonymous else 'has an'} owner, but it belongs to {owner_id}"
        yield Finding(check=Check.OWNER, subject=str(id_), message=message)
