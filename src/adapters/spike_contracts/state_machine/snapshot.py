"""A snapshot of all stored rows and objects at the end of a step."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

from attrs import frozen

from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.errors import IdempotencyRecordNotFound
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord
from spike_core.domain.identifiers import AlbumId, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.objects import ObjectKey
from spike_core.domain.wallet import Wallet
from spike_core.ports.blobs import BlobStore
from spike_core.ports.transactions import Transaction, Transactions

EVERYTHING = 10_000  # more rows of a kind than any run creates
THE_END = datetime.max.replace(tzinfo=UTC)

Orders = Mapping[AlbumId, tuple[ImageId, ...]]
Sender = tuple[OwnerId, IdempotencyKey]


@frozen(kw_only=True)
class Snapshot:
    """All rows and objects. A request that fails must not change them (I7)."""

    wallets: Mapping[OwnerId, Wallet]
    entries: Sequence[LedgerEntry]
    images: Mapping[ImageId, Image]
    hidden: Mapping[ImageId, Image]  # their deletion has begun and isn't finished
    jobs: Mapping[JobId, Job]
    announced: frozenset[JobId]
    albums: Mapping[AlbumId, Album]
    places: Mapping[AlbumId, Sequence[AlbumImage]]
    records: Mapping[Sender, IdempotencyRecord]  # of requests with an idempotency key
    objects: frozenset[ObjectKey]

    @classmethod
    def take(
        cls, transactions: Transactions, blobs: BlobStore, *, owners: Sequence[OwnerId], senders: Sequence[Sender]
    ) -> Self:
        """Return a snapshot; of these owners and senders, where a port can't list all."""
        with transactions.view() as tx:
            wallets = {wallet.owner_id: wallet for wallet in tx.audit.wallets(limit=EVERYTHING)}
            albums = {album.id: album for owner_id in owners for album in tx.albums.of_owner(owner_id)}
            return cls(
                wallets=wallets,
                entries=[entry for id_ in wallets for entry in tx.wallets.entries(id_, limit=EVERYTHING)],
                images={image.id: image for image in tx.audit.images(limit=EVERYTHING)},
                hidden={image.id: image for image in tx.images.pending_deletions(limit=EVERYTHING)},
                jobs={job.id: job for job in tx.audit.jobs(limit=EVERYTHING)},
                announced=frozenset(message.job_id for message in tx.outbox.due(now=THE_END, limit=EVERYTHING)),
                albums=albums,
                places={id_: tuple(tx.albums.images(id_)) for id_ in albums},
                records=dict(_records(tx, senders)),
                objects=frozenset(stored.key for stored in blobs.scan(limit=EVERYTHING)),
            )

    @property
    def image_ids(self) -> list[ImageId]:
        """The visible images."""
        return list(self.images)

    @property
    def orders(self) -> Orders:
        """The images of each album, in order."""
        return {id_: tuple(place.image_id for place in places) for id_, places in self.places.items()}

    def record(self, sender: Sender, *, now: datetime) -> IdempotencyRecord | None:
        """Return the record that hasn't expired, if there is one."""
        record = self.records.get(sender)
        return record if record is not None and record.is_valid(now=now) else None


def _records(tx: Transaction, senders: Sequence[Sender]) -> list[tuple[Sender, IdempotencyRecord]]:
    found: list[tuple[Sender, IdempotencyRecord]] = []
    for owner_id, key in senders:
        try:
            found.append(((owner_id, key), tx.idempotency_records.get(str(owner_id), key)))
        except IdempotencyRecordNotFound:
            continue
    return found
