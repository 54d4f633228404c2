"""Rows and the values they hold: everything but jobs. Rows are taken apart by position, in the tables' order."""

from datetime import timedelta
from typing import Final

from spike_core.domain.accounts import Email, Session, User
from spike_core.domain.albums import Album, AlbumDescription, AlbumImage, AlbumName, Privacy
from spike_core.domain.api_keys import ApiKey, ApiKeyName, Scope
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ApiKeyId, ImageId, JobId, OwnerId, UserId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.ledger import EntryKind, LedgerEntry, Reference
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.domain.objects import ContentDigest, ObjectKey, PictureFormat
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.renditions import Rendition, Renditions
from spike_core.domain.secrets import Secret, SecretHash
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import BudgetOverrides, RecentWork, Usage
from spike_core.domain.wallet import Wallet
from spike_sqlalchemy.prepared_statements import Parameters, Row

_MICROSECOND: Final = timedelta(microseconds=1)


def wallet_of(row: Row) -> Wallet:
    """Return the wallet in a row; its sums are those of the entries that they cover."""
    (
        owner_id,
        balance,
        regenerated_at,
        entries,
        spent,
        refunded,
        _summed,
        _chained,
        head,
        parked,
        free_jobs,
        paid_jobs,
        images,
        stored_bytes,
        free_jobs_max,
        paid_jobs_max,
        images_max,
        stored_bytes_max,
        worked_ms,
        worked_at,
        regeneration_us,
        regeneration_cap,
    ) = row
    return Wallet(
        owner_id=OwnerId(owner_id),
        balance=Tokens(balance),
        regenerated_at=regenerated_at,
        entries=entries,
        spent=Tokens(spent),
        refunded=Tokens(refunded),
        head=head or NO_HASH,
        parked=Tokens(parked),
        usage=Usage(free_jobs=free_jobs, paid_jobs=paid_jobs, images=images, stored_bytes=stored_bytes),
        overrides=BudgetOverrides(
            free_jobs=free_jobs_max, paid_jobs=paid_jobs_max, images=images_max, stored_bytes=stored_bytes_max
        ),
        work=RecentWork(milliseconds=worked_ms, until=worked_at),
        policy=_policy_of(regeneration_us, regeneration_cap),
    )


def _policy_of(interval_us: int | None, cap: int | None) -> RegenerationPolicy | None:
    if interval_us is None or cap is None:
        return None
    return RegenerationPolicy(interval=timedelta(microseconds=interval_us), cap=Tokens(cap))


def wallet_row(wallet: Wallet) -> Parameters:
    """Return the row of a wallet."""
    return {
        "owner_id": wallet.owner_id.text,
        "balance": wallet.balance.amount,
        "regenerated_at": wallet.regenerated_at,
        "entries": wallet.entries,
        "spent": wallet.spent.amount,
        "refunded": wallet.refunded.amount,
        "summed": wallet.entries,
        "chained": wallet.entries,
        "head": wallet.head or None,
        "parked": wallet.parked.amount,
        "free_jobs": wallet.usage.free_jobs,
        "paid_jobs": wallet.usage.paid_jobs,
        "images": wallet.usage.images,
        "stored_bytes": wallet.usage.stored_bytes,
        "free_jobs_max": wallet.overrides.free_jobs,
        "paid_jobs_max": wallet.overrides.paid_jobs,
        "images_max": wallet.overrides.images,
        "stored_bytes_max": wallet.overrides.stored_bytes,
        "worked_ms": wallet.work.milliseconds,
        "worked_at": wallet.work.until,
        "regeneration_us": None if wallet.policy is None else wallet.policy.interval // _MICROSECOND,
        "regeneration_cap": None if wallet.policy is None else wallet.policy.cap.amount,
    }


def entry_of(row: Row) -> LedgerEntry:
    """Return the ledger entry in a row."""
    owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at, hash_, reference = row
    return LedgerEntry(
        owner_id=OwnerId(owner_id),
        sequence=sequence,
        kind=EntryKind(kind),
        amount=amount,
        balance_after=Tokens(balance_after),
        job_id=None if job_id is None else JobId(job_id),
        reason=reason,
        created_at=created_at,
        hash=hash_ or NO_HASH,
        reference=None if reference is None else Reference(reference),
    )


def entry_row(entry: LedgerEntry) -> Parameters:
    """Return the row of a ledger entry."""
    return {
        "owner_id": entry.owner_id.text,
        "sequence": entry.sequence,
        "kind": entry.kind.value,
        "amount": entry.amount,
        "balance_after": entry.balance_after.amount,
        "job_id": None if entry.job_id is None else entry.job_id.text,
        "reason": entry.reason,
        "created_at": entry.created_at,
        "hash": entry.hash or None,
        "reference": None if entry.reference is None else entry.reference.text,
    }


def image_of(row: Row) -> Image:
    """Return the image in a row."""
    (
        id_,
        owner_id,
        name,
        description,
        format_,
        width_px,
        height_px,
        size_bytes,
        original,
        is_public,
        view_count,
        created_at,
        updated_at,
        _removed_at,
        sha256,
        shown_size_bytes,
        shown_sha256,
        _checksum,
        *rendition_columns,
        _attempts,
    ) = row
    return Image(
        id=ImageId(id_),
        owner_id=OwnerId(owner_id),
        name=ImageName(name),
        description=description,
        format=PictureFormat(format_),
        dimensions=Dimensions(width_px=width_px, height_px=height_px),
        size_bytes=size_bytes,
        original=ObjectKey(original),
        is_public=is_public,
        view_count=view_count,
        created_at=created_at,
        updated_at=updated_at,
        sha256=sha256,
        shown_digest=digest_of(shown_size_bytes, shown_sha256),
        renditions=renditions_of(rendition_columns),
    )


def image_row(image: Image) -> Parameters:
    """Return the row of an image."""
    return {
        "id": image.id.text,
        "owner_id": image.owner_id.text,
        "name": image.name.text,
        "description": image.description,
        "format": image.format.value,
        "width_px": image.dimensions.width_px,
        "height_px": image.dimensions.height_px,
        "size_bytes": image.size_bytes,
        "original": image.original.text,
        "is_public": image.is_public,
        "view_count": image.view_count,
        "created_at": image.created_at,
        "updated_at": image.updated_at,
        "sha256": image.sha256,
        **digest_row("shown", image.shown_digest),
        "checksum": image.checksum,
    }


def digest_of(size_bytes: int | None, sha256: bytes | None) -> ContentDigest | None:
    """Return the digest in two columns, if they hold one."""
    return None if size_bytes is None else ContentDigest(size_bytes=size_bytes, sha256=sha256)


def digest_row(name: str, digest: ContentDigest | None) -> Parameters:
    """Return the two columns of a digest, whose names begin with `name`."""
    return {
        f"{name}_size_bytes": None if digest is None else digest.size_bytes,
        f"{name}_sha256": None if digest is None else digest.sha256,
    }


def renditions_of(row: Row, *, card: Row = (None, None, None)) -> Renditions | None:
    """Return the renditions in the columns of `RENDITION_COLUMNS` and `CARD_COLUMNS`, if they hold any."""
    thumbnail_key, thumbnail_size_bytes, thumbnail_sha256, preview_key, preview_size_bytes, preview_sha256, hash_ = row
    if thumbnail_key is None:
        return None
    thumbnail = _rendition(thumbnail_key, thumbnail_size_bytes, thumbnail_sha256)
    preview = thumbnail if preview_key is None else _rendition(preview_key, preview_size_bytes, preview_sha256)
    card_key, card_size_bytes, card_sha256 = card
    stored = None if card_key is None else _rendition(card_key, card_size_bytes, card_sha256)
    return Renditions(thumbnail=thumbnail, preview=preview, thumbhash=hash_, card=stored)


def _rendition(key: str, size_bytes: int, sha256: bytes) -> Rendition:
    return Rendition(key=ObjectKey(key), digest=ContentDigest(size_bytes=size_bytes, sha256=sha256))


def renditions_row(renditions: Renditions) -> Parameters:
    """Return the columns of renditions."""
    has_preview = renditions.preview != renditions.thumbnail
    return {
        "thumbnail_key": renditions.thumbnail.key.text,
        **digest_row("thumbnail", renditions.thumbnail.digest),
        "preview_key": renditions.preview.key.text if has_preview else None,
        **digest_row("preview", renditions.preview.digest if has_preview else None),
        "thumbhash": renditions.thumbhash,
    }


def message_of(row: Row) -> OutboxMessage:
    """Return the message in a row."""
    job_id, due_at, refused_since = row
    return OutboxMessage(job_id=JobId(job_id), due_at=due_at, refused_since=refused_since)


def message_row(message: OutboxMessage) -> Parameters:
    """Return the row of a message."""
    return {"job_id": message.job_id.text, "due_at": message.due_at, "refused_since": message.refused_since}


def album_of(row: Row) -> Album:
    """Return the album in a row."""
    (
        id_,
        owner_id,
        name,
        description,
        privacy,
        default_tier,
        auto_enhance,
        cover_image_id,
        created_at,
        updated_at,
        share_token,
    ) = row
    return Album(
        id=AlbumId(id_),
        owner_id=OwnerId(owner_id),
        name=AlbumName(name),
        description=None if description is None else AlbumDescription(description),
        privacy=Privacy(privacy),
        default_tier=Tier(default_tier),
        auto_enhance=auto_enhance,
        cover_image_id=None if cover_image_id is None else ImageId(cover_image_id),
        created_at=created_at,
        updated_at=updated_at,
        share_token=None if share_token is None else Secret(share_token),
    )


def album_row(album: Album) -> Parameters:
    """Return the row of an album."""
    return {
        "id": album.id.text,
        "owner_id": album.owner_id.text,
        "name": album.name.text,
        "description": None if album.description is None else album.description.text,
        "privacy": album.privacy.value,
        "default_tier": album.default_tier.name,
        "auto_enhance": album.auto_enhance,
        "cover_image_id": None if album.cover_image_id is None else album.cover_image_id.text,
        "created_at": album.created_at,
        "updated_at": album.updated_at,
        "share_token": None if album.share_token is None else album.share_token.text,
    }


def place_of(row: Row) -> AlbumImage:
    """Return the place in a row."""
    id_, album_id, image_id, position, added_at = row
    return AlbumImage(
        id=AlbumImageId(id_),
        album_id=AlbumId(album_id),
        image_id=ImageId(image_id),
        position=position,
        added_at=added_at,
    )


def place_row(place: AlbumImage) -> Parameters:
    """Return the row of a place."""
    return {
        "id": place.id.text,
        "album_id": place.album_id.text,
        "image_id": place.image_id.text,
        "position": place.position,
        "added_at": place.added_at,
    }


def user_of(row: Row) -> User:
    """Return the user in a row."""
    id_, email, created_at = row
    return User(id=UserId(id_), email=Email(email), created_at=created_at)


def user_row(user: User) -> Parameters:
    """Return the row of a user."""
    return {"id": user.id.text, "email": user.email.text, "created_at": user.created_at}


def session_of(row: Row) -> Session:
    """Return the session in a row."""
    hash_, user_id, created_at, expires_at, last_used_at, is_link, may_descend_from_key = row
    return Session(
        hash=SecretHash(hash_),
        user_id=UserId(user_id),
        created_at=created_at,
        expires_at=expires_at,
        last_used_at=last_used_at or created_at,
        is_link=is_link,
        may_descend_from_key=may_descend_from_key,
    )


def session_row(session: Session) -> Parameters:
    """Return the row of a session."""
    return {
        "hash": session.hash.text,
        "user_id": session.user_id.text,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "last_used_at": session.last_used_at,
        "is_link": session.is_link,
        "may_descend_from_key": session.may_descend_from_key,
    }


def run_of(row: Row) -> MaintenanceRun:
    """Return the round in a row of the chores."""
    chore, number, begun_at, held_until, cursor = row
    return MaintenanceRun(
        task=MaintenanceTask(chore), number=number, begun_at=begun_at, held_until=held_until, cursor=cursor
    )


def run_row(run: MaintenanceRun) -> Parameters:
    """Return a chore's row, with its latest round."""
    return {
        "chore": run.task.value,
        "rounds": run.number,
        "begun_at": run.begun_at,
        "held_until": run.held_until,
        "cursor": run.cursor,
    }


def api_key_of(row: Row) -> ApiKey:
    """Return the API key in a row."""
    id_, user_id, name, hash_, shown, created_at, revoked_at, scopes, expires_at, monthly_limit = row
    return ApiKey(
        id=ApiKeyId(id_),
        user_id=UserId(user_id),
        name=ApiKeyName(name),
        hash=SecretHash(hash_),
        shown=shown,
        created_at=created_at,
        revoked_at=revoked_at,
        scopes=frozenset(map(Scope, scopes.split(","))),
        expires_at=expires_at,
        monthly_limit=None if monthly_limit is None else Tokens(monthly_limit),
    )


def api_key_row(key: ApiKey) -> Parameters:
    """Return the row of an API key."""
    return {
        "id": key.id.text,
        "user_id": key.user_id.text,
        "name": key.name.text,
        "hash": key.hash.text,
        "shown": key.shown,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
        "scopes": ",".join(sorted(scope.value for scope in key.scopes)),
        "expires_at": key.expires_at,
        "monthly_limit": None if key.monthly_limit is None else key.monthly_limit.amount,
    }
