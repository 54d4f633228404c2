"""The tables. What the domain promises of a row, the database refuses to break.

An owner is only an id here: wallets, images and jobs belong to users of whatever app embeds Spike, so there is no
foreign key to `users`. A ledger entry outlives its job, so there is none to `jobs` either.

Small rows with a key of their own are `WITHOUT ROWID` on SQLite: one tree to write instead of two.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from spike_core.domain.priorities import Priority
from spike_sqlalchemy.text_type import TEXT
from spike_sqlalchemy.triggers import create_with
from spike_sqlalchemy.utc import UtcDateTime

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# the conditions of partial indexes; a query that wants to use them has to repeat them to the letter
IS_CHARGE: Final = "kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION')"
IS_SPEND: Final = "kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION', 'SPEND_ADJUSTMENT')"
IS_REFUND: Final = "kind = 'REFUND'"
# Constraints make each pending job unstarted. The second term is for PostgreSQL: what changes a job by its id compares
# the status alone, and would otherwise read all of the index of pending jobs where the planner takes them for rare.
IS_PENDING: Final = "status = 'PENDING' AND started_at IS NULL"
IS_UNCLAIMED: Final = "claimed_at IS NULL AND ended_at IS NULL"
_IS_PLAIN: Final = "kind IN ('ENHANCEMENT', 'BLEND')"
# the queue of a job; a release without a catalog leaves the column empty
_QUEUE: Final = (
    f"coalesce(queue, CASE WHEN NOT ({_IS_PLAIN}) THEN 'long' WHEN tier = 'TIER_1K' THEN 'quick'"
    " WHEN tier = 'FREE' THEN 'free' ELSE 'long' END)"
)
IS_STARTED: Final = {  # and unclaimed, by the queue that the job's message is in
    priority: f"started_at IS NOT NULL AND {_QUEUE} = '{priority.value}'" for priority in Priority
}
# not `ended_at IS NULL`, the same by constraints: it would imply the index of all unsettled jobs, likewise
IS_OPEN_ON_IMAGE: Final = "status IN ('PENDING', 'PROCESSING') AND image_id IS NOT NULL"
IS_COMPLETED: Final = "status = 'COMPLETED'"
IS_FAILED: Final = "status IN ('FAILED', 'REFUNDED')"
IS_UNSUMMED: Final = "summed <> entries"
IS_CREATION: Final = "kind IN ('GENERATION', 'MODIFICATION')"
IS_TO_BE_HANDED: Final = "set_aside_at IS NULL"  # to its subscriber
IS_PENDING_DELIVERY: Final = "state = 'PENDING'"
IS_SET_ASIDE: Final = "set_aside_at IS NOT NULL"
IS_IMAGE_WITHOUT_RENDITIONS: Final = "thumbnail_key IS NULL AND removed_at IS NULL AND rendition_attempts < 3"
IS_RESULT_WITHOUT_RENDITIONS: Final = "thumbnail_key IS NULL AND status = 'COMPLETED' AND rendition_attempts < 3"
IS_UNTRIED_DELETION: Final = "removed_at IS NOT NULL AND removal_failures = 0"
IS_FAILED_DELETION: Final = "removed_at IS NOT NULL AND removal_failures > 0"
IS_COMPARABLE: Final = "sha256 IS NOT NULL AND removed_at IS NULL"  # with the same bytes that are uploaded again

# the renditions of an image's original or a job's result: all null until they are made, in no preview's columns too if
# the picture is no larger than its thumbnail
RENDITION_COLUMNS: Final = (
    "thumbnail_key",
    "thumbnail_size_bytes",
    "thumbnail_sha256",
    "preview_key",
    "preview_size_bytes",
    "preview_sha256",
    "thumbhash",
)
CARD_COLUMNS: Final = ("card_key", "card_size_bytes", "card_sha256")  # of a result that was shared


def _rendition_columns() -> Iterator[Column[Any]]:
    """Yield the columns of renditions, and how often the maintenance task has tried to make them."""
    for name in ("thumbnail", "preview"):
        yield Column(f"{name}_key", TEXT)
        yield Column(f"{name}_size_bytes", BigInteger)
        yield Column(f"{name}_sha256", LargeBinary)
    yield Column("thumbhash", LargeBinary)
    yield Column("rendition_attempts", Integer, nullable=False, server_default=text("0"))


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index over the rows of which `where` holds."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


wallets: Final = Table(
    "wallets",
    METADATA,
    Column("owner_id", TEXT, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    Column("regenerated_at", UtcDateTime, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="balance"),
    CheckConstraint("entries >= 0", name="entries"),
    # the sums of the owner's ledger, written with each entry; a constraint of the column's own can be added in place
    Column("spent", BigInteger, CheckConstraint("spent >= 0", name="spent"), nullable=False, server_default=text("0")),
    Column(
        "refunded",
        BigInteger,
        CheckConstraint("refunded >= 0", name="refunded"),
        nullable=False,
        server_default=text("0"),
    ),
    # how many entries the sums cover; a release without sums adds entries and leaves this number behind
    Column("summed", BigInteger, nullable=False, server_default=text("0")),
    # the hash of the newest chained entry, and its number; a release without hashes leaves both behind
    Column("chained", BigInteger, nullable=False, server_default=text("0")),
    Column("head", LargeBinary),
    # what the owner's jobs and images add up to, written with their changes
    *(
        Column(name, BigInteger, CheckConstraint(f"{name} >= 0", name=name), nullable=False, server_default=text("0"))
        for name in ("parked", "free_jobs", "paid_jobs", "images", "stored_bytes")
    ),
    # limits of the owner's own
    *(Column(name, BigInteger) for name in ("free_jobs_max", "paid_jobs_max", "images_max", "stored_bytes_max")),
    # the time that workers spent on the owner's jobs, as it counted at `worked_at`
    Column("worked_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("worked_at", UtcDateTime),
    # the policy by which the wallet has regenerated; null in wallets that an older release stored
    Column("regeneration_us", BigInteger),
    Column("regeneration_cap", BigInteger),
    _partial_index("ix_wallets_unsummed", "owner_id", where=IS_UNSUMMED),
    sqlite_with_rowid=False,
)

ledger_entries: Final = Table(
    "ledger_entries",
    METADATA,
    Column("owner_id", TEXT, ForeignKey("wallets.owner_id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", TEXT, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("job_id", TEXT),
    Column("reason", TEXT, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("hash", LargeBinary),  # null in entries of a release without hashes
    Column("reference", TEXT),
    CheckConstraint("sequence >= 1", name="sequence"),
    CheckConstraint("balance_after >= 0", name="balance_after"),
    CheckConstraint(
        "amount <> 0 AND (amount < 0) = (kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION', 'SPEND_ADJUSTMENT'))",
        name="amount",
    ),
    CheckConstraint(
        "(job_id IS NOT NULL) = (kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION', 'REFUND'))", name="job_id"
    ),
    _partial_index("uq_ledger_entries_spend", "job_id", where=IS_CHARGE, unique=True),
    _partial_index("uq_ledger_entries_refund", "job_id", where=IS_REFUND, unique=True),
    _partial_index("uq_ledger_entries_reference", "owner_id", "reference", where="reference IS NOT NULL", unique=True),
    sqlite_with_rowid=False,
)

# until when a release without hashes may have written entries; no row where there never was one
ledger_chain: Final = Table(
    "ledger_chain",
    METADATA,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("unchained_until", UtcDateTime, nullable=False),
)

# the refunds of all owners, for the metrics: the sum over the shards is the total
refund_totals: Final = Table(
    "refund_totals",
    METADATA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("refunds", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    CheckConstraint("refunds >= 0 AND tokens >= 0", name="sums"),
)

images: Final = Table(
    "images",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("owner_id", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("description", TEXT),
    Column("format", TEXT, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("original", TEXT, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("view_count", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("width_px >= 1 AND height_px >= 1", name="dimensions"),
    CheckConstraint("size_bytes >= 1", name="size_bytes"),
    CheckConstraint("view_count >= 0", name="view_count"),
    # set while a removal is under way, when the next attempt is due: the image is hidden, its objects go first
    Column("removed_at", UtcDateTime),
    # digests of the original and of a copy without metadata, and the row's checksum; null in rows of older releases
    Column("sha256", LargeBinary),
    Column("shown_size_bytes", BigInteger),
    Column("shown_sha256", LargeBinary),
    Column("checksum", LargeBinary),
    *_rendition_columns(),
    Column("removal_failures", Integer, nullable=False, server_default=text("0")),
    _partial_index("ix_images_removed_at", "removed_at", "id", where="removed_at IS NOT NULL"),
    _partial_index("ix_images_untried_deletion", "removed_at", "id", where=IS_UNTRIED_DELETION),
    _partial_index("ix_images_failed_deletion", "removed_at", "id", where=IS_FAILED_DELETION),
    _partial_index("ix_images_without_renditions", "created_at", "id", where=IS_IMAGE_WITHOUT_RENDITIONS),
    _partial_index("ix_images_sha256", "owner_id", "sha256", "created_at", "id", where=IS_COMPARABLE),
    Index("ix_images_owner_id", "owner_id", "created_at", "id"),
    Index("ix_images_name", "owner_id", text("lower(name)"), "id"),
)

# Which of the times is set tells the state as well as the status does, and serves the indexes:
# waiting = neither claimed_at nor ended_at; started = started_at; held by a worker = leased_until.
jobs: Final = Table(
    "jobs",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("owner_id", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("image_id", TEXT, ForeignKey("images.id", ondelete="CASCADE")),
    Column("source_image_id", TEXT),  # no foreign key: a blend remembers its source, also one that was deleted since
    Column("input_key", TEXT),
    Column("input_width_px", Integer),
    Column("input_height_px", Integer),
    Column("prompt", TEXT),
    Column("negative_prompt", TEXT),
    Column("aspect_ratio", TEXT),
    Column("tier", TEXT, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Column("batch_id", TEXT),
    Column("request_id", TEXT),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("started_at", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("progress", Integer),
    Column("result_key", TEXT),
    Column("result_format", TEXT),
    Column("result_width_px", Integer),
    Column("result_height_px", Integer),
    Column("result_size_bytes", BigInteger),
    # beside the column, not with the others: a later migration could add it there without building the table anew
    Column("result_method", TEXT, CheckConstraint("result_method IS NULL OR status = 'COMPLETED'", name="method")),
    Column("reason", TEXT),
    Column("ended_at", UtcDateTime),
    CheckConstraint("kind IN ('ENHANCEMENT', 'BLEND', 'GENERATION', 'MODIFICATION')", name="kind"),
    CheckConstraint("(image_id IS NOT NULL) = (kind IN ('ENHANCEMENT', 'BLEND'))", name="image_id"),
    CheckConstraint("source_image_id IS NULL OR kind = 'BLEND'", name="source_image_id"),
    CheckConstraint(
        "CASE kind WHEN 'BLEND' THEN (input_key IS NOT NULL) <> (source_image_id IS NOT NULL)"
        " ELSE (input_key IS NOT NULL) = (kind = 'MODIFICATION') END",
        name="input_key",
    ),
    CheckConstraint(
        "(input_width_px IS NOT NULL) = (input_key IS NOT NULL)"
        " AND (input_height_px IS NOT NULL) = (input_key IS NOT NULL)",
        name="input",
    ),
    CheckConstraint("(prompt IS NOT NULL) = (kind IN ('GENERATION', 'MODIFICATION'))", name="prompt"),
    CheckConstraint("negative_prompt IS NULL OR prompt IS NOT NULL", name="negative_prompt"),
    CheckConstraint("(aspect_ratio IS NOT NULL) = (kind = 'GENERATION')", name="aspect_ratio"),
    CheckConstraint("charged >= 0 AND attempt >= 0 AND deaths >= 0", name="counts"),
    CheckConstraint(
        "status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED')", name="status"
    ),
    CheckConstraint(
        "CASE WHEN status = 'PROCESSING' THEN (started_at IS NULL) <> (leased_until IS NULL)"
        " ELSE started_at IS NULL AND leased_until IS NULL END",
        name="started_or_leased",
    ),
    CheckConstraint(
        "CASE WHEN status IN ('FAILED', 'REFUNDED', 'CANCELLED') THEN 1 = 1"
        " ELSE (claimed_at IS NOT NULL) = (leased_until IS NOT NULL OR status = 'COMPLETED') END",
        name="claimed",
    ),
    CheckConstraint(
        "CASE WHEN leased_until IS NULL THEN progress IS NULL"
        " ELSE progress IS NOT NULL AND progress BETWEEN 0 AND 99 END",
        name="progress",
    ),
    CheckConstraint(
        "CASE WHEN status = 'COMPLETED' THEN result_key IS NOT NULL AND result_format IS NOT NULL"
        " AND result_width_px IS NOT NULL AND result_height_px IS NOT NULL AND result_size_bytes IS NOT NULL"
        " ELSE result_key IS NULL AND result_format IS NULL"
        " AND result_width_px IS NULL AND result_height_px IS NULL AND result_size_bytes IS NULL END",
        name="result",
    ),
    CheckConstraint("(reason IS NOT NULL) = (status IN ('FAILED', 'REFUNDED'))", name="reason"),
    CheckConstraint(
        "(ended_at IS NOT NULL) = (status IN ('COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED'))", name="ended"
    ),
    CheckConstraint(
        "CASE status WHEN 'FAILED' THEN charged = 0 WHEN 'REFUNDED' THEN charged > 0 ELSE 1 = 1 END", name="refunded"
    ),
    Column("input_size_bytes", BigInteger),
    Column("input_sha256", LargeBinary),
    Column("result_sha256", LargeBinary),
    Column("checksum", LargeBinary),
    # what was sold, whatever the catalog says later; null in rows of a release without a catalog
    Column("longest_side_px", Integer),
    Column("queue", TEXT),
    # the options that were ordered; null where they have their defaults
    Column("ordered_format", TEXT),
    Column("ordered_quality", Integer),
    Column("ordered_strength", Integer),
    Column("ordered_mode", TEXT),
    *_rendition_columns(),
    Column("card_key", TEXT),
    Column("card_size_bytes", BigInteger),
    Column("card_sha256", LargeBinary),
    _partial_index("ix_jobs_without_renditions", "ended_at", "id", where=IS_RESULT_WITHOUT_RENDITIONS),
    Index("ix_jobs_image_id_created_at", "image_id", "created_at"),
    Index("ix_jobs_owner_id", "owner_id"),  # for the recount of what an owner uses
    _partial_index("ix_jobs_batch_id", "batch_id", where="batch_id IS NOT NULL"),
    _partial_index("ix_jobs_creations", "owner_id", "created_at", "id", where=IS_CREATION),
    _partial_index("ix_jobs_waiting", "created_at", "id", where=IS_UNCLAIMED),
    _partial_index("ix_jobs_pending_created_at", "owner_id", "created_at", "id", where=IS_PENDING),
    _partial_index("ix_jobs_unsettled", "owner_id", "created_at", "id", where="ended_at IS NULL"),
    *(
        _partial_index(f"ix_jobs_queued_{priority.value}", "started_at", "id", where=condition)
        for priority, condition in IS_STARTED.items()
    ),
    _partial_index("ix_jobs_open_image_id", "image_id", where=IS_OPEN_ON_IMAGE),
    _partial_index("ix_jobs_completed", "image_id", "tier", where=IS_COMPLETED),
    _partial_index("ix_jobs_failed", "image_id", "status", where=IS_FAILED),
    _partial_index("ix_jobs_leased_until", "leased_until", where="leased_until IS NOT NULL"),
)

outbox_messages: Final = Table(
    "outbox_messages",
    METADATA,
    Column("job_id", TEXT, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("refused_since", UtcDateTime),
    Index("ix_outbox_messages_due_at", "due_at", "job_id"),
    sqlite_with_rowid=False,
)

# the subscribers that the processes of the installation have
event_subscribers: Final = Table(
    "event_subscribers",
    METADATA,
    Column("name", TEXT, primary_key=True),
    Column("event_types", TEXT, nullable=False),  # ordered, between commas
    Column("seen_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# a row per event and subscriber, until it is handled
event_deliveries: Final = Table(
    "event_deliveries",
    METADATA,
    # on SQLite it has to be INTEGER to be the row's own number
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subscriber", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("event", TEXT, nullable=False),  # JSON
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),  # null while an earlier delivery of the subject is known to wait, and if set aside
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", UtcDateTime),
    Column("set_aside_at", UtcDateTime),
    CheckConstraint("set_aside_at IS NULL OR due_at IS NULL", name="set_aside_at"),
    _partial_index("ix_event_deliveries_due_at", "subscriber", "due_at", "position", where="due_at IS NOT NULL"),
    _partial_index("ix_event_deliveries_subject", "subscriber", "subject", "position", where=IS_TO_BE_HANDED),
    _partial_index("ix_event_deliveries_set_aside", "subscriber", "position", where=IS_SET_ASIDE),
    Index("ix_event_deliveries_recorded_at", "subscriber", "recorded_at", "position"),
    _partial_index("ix_event_deliveries_oldest", "subscriber", "recorded_at", "position", where=IS_TO_BE_HANDED),
)

# addresses to which owners' events are sent, when each is due, and which process sends to it
webhooks: Final = Table(
    "webhooks",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("owner_id", TEXT, nullable=False),
    Column("url", TEXT, nullable=False),
    Column("event_types", TEXT, nullable=False),  # ordered, between commas
    Column("secret", TEXT, nullable=False),
    Column("previous_secret", TEXT),
    Column("previous_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_because", TEXT),
    Column("failing_since", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("is_slow", Boolean, nullable=False),
    Column("due_at", UtcDateTime),  # while it is claimed, the end of the claim
    Column("claims", BigInteger, nullable=False, server_default=text("0")),
    Column("claimed_until", UtcDateTime),
    Column("resting_until", UtcDateTime),  # after a failed attempt
    CheckConstraint("disabled_at IS NULL OR due_at IS NULL", name="disabled_at"),
    Index("ix_webhooks_owner_id", "owner_id", "created_at", "id"),
    _partial_index("ix_webhooks_due_at", "is_slow", "due_at", "id", where="due_at IS NOT NULL"),
)

# a row per event and webhook, for as long as the log goes back; it outlives a deleted webhook
webhook_deliveries: Final = Table(
    "webhook_deliveries",
    METADATA,
    # on SQLite it has to be INTEGER to be the row's own number
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", TEXT, nullable=False),
    Column("webhook_id", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("event_type", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("event", TEXT, nullable=False),  # JSON
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("due_at", UtcDateTime),  # null while an earlier delivery of the subject is pending, and when it has ended
    Column("attempts", Integer, nullable=False),
    Column("attempted_at", UtcDateTime),
    Column("status", Integer),
    Column("detail", TEXT, nullable=False),
    Column("log", TEXT),  # the latest attempts, as JSON; null before the first one, and if an earlier release made all
    CheckConstraint(f"due_at IS NULL OR {IS_PENDING_DELIVERY}", name="due_at"),
    Index("uq_webhook_deliveries_id", "id", unique=True),
    Index("uq_webhook_deliveries_event_id", "webhook_id", "event_id", unique=True),
    Index("ix_webhook_deliveries_webhook_id", "webhook_id", "position"),
    Index("ix_webhook_deliveries_created_at", "created_at", "position"),
    _partial_index("ix_webhook_deliveries_due_at", "webhook_id", "due_at", "position", where="due_at IS NOT NULL"),
    _partial_index("ix_webhook_deliveries_pending", "webhook_id", "subject", "position", where=IS_PENDING_DELIVERY),
)

albums: Final = Table(
    "albums",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("owner_id", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("description", TEXT),
    Column("privacy", TEXT, nullable=False),
    Column("default_tier", TEXT, nullable=False),
    Column("auto_enhance", Boolean, nullable=False),
    Column("cover_image_id", TEXT, ForeignKey("images.id", ondelete="SET NULL"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("default_tier <> 'FREE'", name="default_tier"),
    Column("share_token", TEXT),
    # how many images it contains, which triggers keep
    Column(
        "image_count",
        BigInteger,
        CheckConstraint("image_count >= 0", name="image_count"),
        nullable=False,
        server_default=text("0"),
    ),
    Index("ix_albums_owner_id", "owner_id", "created_at", "id"),
    Index("uq_albums_share_token", "share_token", unique=True),
)

album_images: Final = Table(
    "album_images",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("album_id", TEXT, ForeignKey("albums.id", ondelete="CASCADE"), nullable=False),
    Column("image_id", TEXT, ForeignKey("images.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    UniqueConstraint("album_id", "image_id"),
    UniqueConstraint("album_id", "position"),
)
create_with(album_images)

receipts: Final = Table(
    "receipts",
    METADATA,
    Column("caller", TEXT, primary_key=True),
    Column("key", TEXT, primary_key=True),
    Column("digest", TEXT, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", TEXT, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_receipts_created_at", "created_at"),
)

users: Final = Table(
    "users",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("email", TEXT, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

identities: Final = Table(  # of other programs, each linked to a user for good
    "identities",
    METADATA,
    Column("issuer", TEXT, primary_key=True),
    Column("subject", TEXT, primary_key=True),
    Column("user_id", TEXT, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("hash", TEXT, primary_key=True),
    Column("user_id", TEXT, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("last_used_at", UtcDateTime),
    Column("is_link", Boolean, nullable=False, server_default=text("false")),
    # true for the sessions of releases that let API keys open sessions, which don't know the column
    Column("may_descend_from_key", Boolean, nullable=False, server_default=text("true")),
    sqlite_with_rowid=False,
)

api_keys: Final = Table(
    "api_keys",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("user_id", TEXT, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", TEXT, nullable=False),
    Column("hash", TEXT, nullable=False, unique=True),
    Column("shown", TEXT, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("scopes", TEXT, nullable=False, server_default=text("'manage,read,spend'")),
    Column("expires_at", UtcDateTime),
    Column("monthly_limit", BigInteger, CheckConstraint("monthly_limit >= 1", name="monthly_limit")),
)

# a charge outlives its job, so there is no foreign key to `jobs`
api_key_charges: Final = Table(
    "api_key_charges",
    METADATA,
    Column("job_id", TEXT, primary_key=True),
    Column("api_key_id", TEXT, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("month", TEXT, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    CheckConstraint("tokens >= 1", name="tokens"),
    sqlite_with_rowid=False,
)

# the sums of the charges
api_key_months: Final = Table(
    "api_key_months",
    METADATA,
    Column("api_key_id", TEXT, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True),
    Column("month", TEXT, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    CheckConstraint("tokens >= 0", name="tokens"),
    sqlite_with_rowid=False,
)

chores: Final = Table(
    "chores",
    METADATA,
    Column("chore", TEXT, primary_key=True),
    Column("rounds", BigInteger, nullable=False),
    Column("begun_at", UtcDateTime),  # the latest run
    Column("held_until", UtcDateTime),  # set while a run is in progress
    CheckConstraint("rounds >= 0", name="rounds"),
    Column("cursor", TEXT),  # where an interrupted run resumes
    CheckConstraint("(begun_at IS NOT NULL) = (rounds >= 1)", name="begun_at"),
    CheckConstraint("held_until IS NULL OR begun_at IS NOT NULL", name="held_until"),
    sqlite_with_rowid=False,
)
