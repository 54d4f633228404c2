"""The audit of objects: each row's are there, each object has a row and the content that was stored (I8)."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from attrs import frozen

from spike_core.domain.errors import ObjectNotFound
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.invariants import FUTURE_TOLERANCE, Check, Finding
from spike_core.domain.jobs import SettledJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.audit_run import AUDIT_PAGE, AuditCoverage
from spike_core.services.object_digests import sha256_of
from spike_core.services.object_references import digests_of, named_by


@frozen(kw_only=True)
class _Names:
    """What rows say of some objects."""

    named: frozenset[ObjectKey]  # those that a row names
    spared: frozenset[ObjectKey]  # those that a row may yet name: its job is unsettled, or it can't be read
    digests: Mapping[ObjectKey, ContentDigest]


@frozen(kw_only=True)
class ObjectAudit:
    """Compares rows and objects, in both directions."""

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    limits: JobLimits

    def missing(self, rows: Mapping[ImageId | JobId, Collection[ObjectKey]]) -> Iterator[Finding]:
        """Yield the objects that are gone while their rows exist, and keys of another row's objects.

        A key names the row that it belongs to, so two rows can't share an object.
        """
        own: set[ObjectKey] = set()
        for id_, keys in rows.items():
            for key in sorted(keys):
                if key.owner == id_:
                    own.add(key)
                else:
                    message = f"its object {key} belongs to {key.owner}"
                    yield Finding(check=Check.OBJECT_KEY, subject=str(id_), message=message)
        missing = own - self.blobs.find(own)
        still_named = self._names(missing).named if missing else frozenset()
        for key in sorted(still_named):
            yield Finding(check=Check.OBJECT_MISSING, subject=str(key.owner), message=f"its object {key} is missing")

    def stored(self, coverage: AuditCoverage, *, deep: bool) -> Iterator[Finding]:
        """Yield the objects that no row names and that should have been collected, and those of other content."""
        after: ObjectKey | None = None
        while page := self.blobs.scan(after=after, limit=AUDIT_PAGE):
            after = page[-1].key
            names = self._names([stored.key for stored in page])
            overdue = self._overdue(page)
            for stored in page:
                if stored.stored_at > self.clock.now() + FUTURE_TOLERANCE:
                    message = f"it was stored in the future: {stored.stored_at}"
                    yield Finding(check=Check.CLOCK, subject=str(stored.key), message=message)
                if stored.key in names.named:
                    digest = names.digests.get(stored.key)
                    yield from self._compared(stored, digest, coverage, deep=deep)
                elif stored.key in overdue - names.spared:
                    yield Finding(
                        check=Check.OBJECT_ORPHAN, subject=str(stored.key), message="no row names this object"
                    )

    def _compared(
        self, stored: StoredObject, digest: ContentDigest | None, coverage: AuditCoverage, *, deep: bool
    ) -> Iterator[Finding]:
        key = stored.key
        if digest is not None and stored.size_bytes != digest.size_bytes:
            message = f"its object {key} has {stored.size_bytes} bytes, {digest.size_bytes} were stored"
            yield Finding(check=Check.OBJECT_CONTENT, subject=str(key.owner), message=message)
        elif deep and (digest is None or digest.sha256 is None):
            coverage.uncompared += 1
        elif deep and digest is not None:
            with suppress(ObjectNotFound):  # deleted meanwhile, with its row
                with self.blobs.open(key) as content:
                    sha256 = sha256_of(content)
                coverage.compared += 1
                if sha256 != digest.sha256:
                    message = f"its object {key} has another SHA-256 than the one that was stored: {sha256.hex()}"
                    yield Finding(check=Check.OBJECT_CONTENT, subject=str(key.owner), message=message)

    def _overdue(self, page: Collection[StoredObject]) -> frozenset[ObjectKey]:
        limits = self.limits
        # by then, orphan collection should have run
        stored_before = self.clock.now() - 2 * (limits.orphan_age + limits.orphan_interval)
        return frozenset(stored.key for stored in page if stored.stored_at < stored_before)

    def _names(self, keys: Collection[ObjectKey]) -> _Names:
        """Return what the rows say of these objects, as `referenced` does, but past rows that can't be read."""
        owners = {key: key.owner for key in keys}
        with self.transactions.view() as tx:
            images = tx.audit.images_among(
                {owner for owner in owners.values() if isinstance(owner, ImageId)}, deleting=False
            )
            found = tx.audit.jobs_among({owner for owner in owners.values() if isinstance(owner, JobId)})
            about = {id_ for job in found if (id_ := job.spec.image_id)}
            shown = tx.audit.images_among(about, deleting=False)
        known = {image.id.text for image in shown} | shown.damaged
        # jobs of an image that is being deleted don't count
        jobs = [job for job in found if job.spec.image_id is None or job.spec.image_id.text in known]
        named = {key for image in images for key in image.objects} | {key for job in jobs for key in named_by(job)}
        uncertain = {job.id.text for job in jobs if not isinstance(job, SettledJob)}
        for row in (*images.unreadable, *found.unreadable):
            uncertain |= row.ids
        digests = dict(item for image in images for item in image.digests.items())
        digests.update(item for job in jobs for item in digests_of(job))
        return _Names(
            named=frozenset(named.intersection(owners)),
            spared=frozenset(key for key, owner in owners.items() if owner.text in uncertain),
            digests=digests,
        )
