"""Corruptions of stored data, and what the audit must find of each: no more and no less.

Each is made in a busy installation by SQL that bypasses the constraints, or by changing a file of the object store.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from attrs import asdict, field, frozen

from spike_core.domain.identifiers import AlbumId, ImageId, JobId, OwnerId
from spike_core.domain.invariants import Check
from spike_core.domain.objects import ObjectKey

Expected = Sequence[tuple[Check, object]]
ALL: Final = ("sqlite", "postgresql")
FUTURE: Final = datetime(2030, 1, 1, tzinfo=UTC)
FUTURE_US: Final = int(FUTURE.timestamp()) * 1_000_000
NO_TIME: Final = 10**18  # microseconds: in the year 33658
_FOR_POSTGRESQL: Final = "SET session_replication_role = replica"  # no foreign keys
_FOR_SQLITE: Final = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON"


@frozen(kw_only=True)
class Scene:
    """A busy installation: its database, its objects, and the ids of what is in it."""

    url: str
    folder: Path  # of the objects
    ada: OwnerId
    eve: OwnerId
    image: ImageId  # Ada's, with one completed job
    located: ImageId  # Ada's, with a copy without metadata
    in_album: ImageId  # Ada's, in her album
    foreign: ImageId  # Eve's, with one completed job
    anonymous: ImageId
    anonymous_owner: OwnerId
    album: AlbumId
    done: JobId  # of `image`
    free: JobId  # of `located`
    blend: JobId  # of `located`, with a picture in its request
    generated: JobId
    foreign_done: JobId  # of `foreign`
    refunded: JobId  # Eve's
    pending: JobId  # Eve's, with a message
    granted: int  # the number of Ada's newest entry, a grant of 7
    entries: dict[JobId, int]  # the numbers of the charges
    keys: dict[str, ObjectKey]  # of one object of each kind

    def execute(self, *statements: str) -> None:
        """Execute SQL past all constraints; `{ada}` and the like stand for ids in quotes."""
        names = {
            name: f"'{getattr(self, name)}'"
            for name in asdict(self, recurse=False)
            if isinstance(getattr(self, name), _IDS)
        }
        sql = [statement.format(**names, granted=self.granted, FUTURE=FUTURE_US) for statement in statements]
        if self.url.startswith("sqlite"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            connection.executescript("; ".join([_FOR_SQLITE, *sql]))
            connection.close()
            return
        with psycopg.connect(self.url, autocommit=True) as server:
            for statement in (_FOR_POSTGRESQL, *sql):
                server.execute(statement)

    def path(self, kind: str) -> Path:
        """Return the file of an object."""
        return self.folder / self.keys[kind].text

    def overwrite(self, kind: str, change: Callable[[bytes], bytes]) -> None:
        """Replace an object's content, keeping its time."""
        path = self.path(kind)
        times = path.stat()
        path.write_bytes(change(path.read_bytes()))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


_IDS: Final = (OwnerId, ImageId, AlbumId, JobId)


@frozen
class Corruption:
    """One way to damage a scene, and the findings, by check and subject."""

    damage: Callable[[Scene], None] | str
    finds: Callable[[Scene], Expected]
    dialects: Sequence[str] = field(default=("sqlite",), kw_only=True)
    needs_deep: bool = field(default=False, kw_only=True)
    miscounts: Sequence[str] = field(
        default=(), kw_only=True
    )  # owners whose running sums, of Check.USAGE, don't fit their rows

    def apply(self, scene: Scene) -> None:
        """Do the damage."""
        if isinstance(self.damage, str):
            scene.execute(*self.damage.split(";"))
        else:
            self.damage(scene)


def _one(check: Check, name: str) -> Callable[[Scene], Expected]:
    return lambda scene: [(check, getattr(scene, name))]


def _entry(scene: Scene, job_id: JobId) -> str:
    return f"owner_id = '{scene.ada}' AND sequence = {scene.entries[job_id]}"


def _on_entry(change: str) -> Callable[[Scene], None]:
    """Change the entry of the charge of `done`."""
    return lambda scene: scene.execute(f"UPDATE ledger_entries SET {change} WHERE {_entry(scene, scene.done)}")  # noqa: S608


def _without_entry(scene: Scene) -> None:
    scene.execute(f"DELETE FROM ledger_entries WHERE {_entry(scene, scene.generated)}")  # noqa: S608


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _on_object(kind: str, change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    return lambda scene: scene.overwrite(kind, change)


def _removed(kind: str) -> Callable[[Scene], None]:
    return lambda scene: scene.path(kind).unlink()


def _owner_of(kind: str, check: Check = Check.OBJECT_CONTENT) -> Callable[[Scene], Expected]:
    return lambda scene: [(check, scene.keys[kind].owner)]


def _orphan(scene: Scene) -> None:
    path = scene.folder / "images" / f"img_{'z' * 24}.jpg"
    path.write_bytes(b"left")
    os.utime(path, (0, 0))


def _of_the_future(scene: Scene) -> None:
    os.utime(scene.path("result"), (FUTURE.timestamp(), FUTURE.timestamp()))


def _root_page(scene: Scene, name: str) -> tuple[int, int]:
    connection = sqlite3.connect(scene.url.removeprefix("sqlite:///"))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,))
    [(size,)] = connection.execute("PRAGMA page_size")
    connection.close()
    return page, size


def _page_lost(name: str) -> Callable[[Scene], None]:
    def damage(scene: Scene) -> None:
        page, size = _root_page(scene, name)
        with Path(scene.url.removeprefix("sqlite:///")).open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(bytes(size))

    return damage


def _page_of_jobs_lost_and_a_balance_changed(scene: Scene) -> None:
    scene.execute("UPDATE wallets SET balance = balance + 1 WHERE owner_id = {ada}")
    _page_lost("jobs")(scene)


LEDGER: Final[dict[str, Corruption]] = {
    "a balance is changed": Corruption(
        "UPDATE wallets SET balance = balance + 1 WHERE owner_id = {ada}", _one(Check.BALANCE, "ada")
    ),
    "what was spent is changed": Corruption(
        "UPDATE wallets SET spent = spent + 1 WHERE owner_id = {ada}", _one(Check.BALANCE, "ada")
    ),
    "what was refunded is changed": Corruption(
        "UPDATE wallets SET refunded = refunded + 1 WHERE owner_id = {ada}", _one(Check.BALANCE, "ada")
    ),
    "the sum of all refunds is changed": Corruption(
        "UPDATE refund_totals SET tokens = tokens + 1", lambda _: [(Check.REFUND_TOTALS, "refunds")]
    ),
    "an entry's amount is changed": Corruption(
        _on_entry("amount = amount + 1"),
        lambda scene: [
            (Check.BALANCE, scene.ada),
            (Check.BALANCE, scene.ada),
            (Check.LEDGER_CHAIN, scene.ada),
            (Check.CHARGE, scene.done),
        ],
    ),
    "an entry's balance is changed": Corruption(
        _on_entry("balance_after = balance_after + 1"), _one(Check.LEDGER_ORDER, "ada")
    ),
    "an entry's reason is changed": Corruption(_on_entry("reason = 'nothing'"), _one(Check.LEDGER_CHAIN, "ada")),
    "an entry's time is changed": Corruption(_on_entry("created_at = created_at - 1"), _one(Check.LEDGER_CHAIN, "ada")),
    "an entry's kind is changed": Corruption(_on_entry("kind = 'SPEND_GENERATION'"), _one(Check.LEDGER_CHAIN, "ada")),
    "an entry loses its hash": Corruption(_on_entry("hash = NULL"), _one(Check.LEDGER_CHAIN, "ada"), dialects=ALL),
    "an entry is removed": Corruption(
        _without_entry,
        lambda scene: [
            (Check.BALANCE, scene.ada),
            (Check.BALANCE, scene.ada),
            (Check.BALANCE, scene.ada),
            (Check.LEDGER_CHAIN, scene.ada),
            (Check.CHARGE, scene.generated),
        ],
    ),
    "the newest entry is removed with all that tells of it in the wallet": Corruption(
        "DELETE FROM ledger_entries WHERE owner_id = {ada} AND sequence = {granted};"
        "UPDATE wallets SET balance = balance - 7, entries = entries - 1, summed = summed - 1, chained = chained - 1"
        " WHERE owner_id = {ada}",
        _one(Check.LEDGER_CHAIN, "ada"),
        dialects=ALL,
    ),
    "an entry is forged without a hash": Corruption(
        "INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, reason, created_at)"
        " SELECT owner_id, entries + 1, 'EARN_BONUS', 1000, balance + 1000, 'gift', regenerated_at FROM wallets"
        " WHERE owner_id = {ada};"
        "UPDATE wallets SET balance = balance + 1000, entries = entries + 1, summed = summed + 1"
        " WHERE owner_id = {ada}",
        _one(Check.LEDGER_CHAIN, "ada"),
        dialects=ALL,
    ),
    "an entry is forged with the hash of another": Corruption(
        "INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, reason, created_at, hash)"
        " SELECT owner_id, entries + 1, 'EARN_BONUS', 1000, balance + 1000, 'gift', regenerated_at, head FROM wallets"
        " WHERE owner_id = {ada};"
        "UPDATE wallets SET balance = balance + 1000, entries = entries + 1, summed = summed + 1,"
        " chained = chained + 1 WHERE owner_id = {ada}",
        _one(Check.LEDGER_CHAIN, "ada"),
    ),
    "a refund is removed": Corruption(
        "DELETE FROM ledger_entries WHERE job_id = {refunded} AND kind = 'REFUND'",
        lambda scene: [
            (Check.BALANCE, scene.eve),
            (Check.BALANCE, scene.eve),
            (Check.BALANCE, scene.eve),
            (Check.LEDGER_CHAIN, scene.eve),
            (Check.REFUND_TOTALS, "refunds"),
            (Check.DELIVERY, scene.refunded),
        ],
    ),
}

ROWS: Final[dict[str, Corruption]] = {
    "an image gets another owner": Corruption(
        "UPDATE images SET owner_id = {eve} WHERE id = {image}",
        _one(Check.CHANGED, "image"),
        dialects=ALL,
        miscounts=("ada", "eve"),
    ),
    "an image of an older release gets another owner": Corruption(
        "UPDATE images SET owner_id = {eve}, checksum = NULL WHERE id = {image}",
        _one(Check.OWNER, "done"),
        miscounts=("ada", "eve"),
    ),
    "an image in an album gets another owner": Corruption(
        "UPDATE images SET owner_id = {eve} WHERE id = {in_album}",
        _one(Check.CHANGED, "in_album"),
        miscounts=("ada", "eve"),
    ),
    "an anonymous image gets an owner": Corruption(
        "UPDATE images SET owner_id = {eve} WHERE id = {anonymous}",
        _one(Check.CHANGED, "anonymous"),
        miscounts=("anonymous_owner", "eve"),
    ),
    "an anonymous image of an older release gets an owner": Corruption(
        "UPDATE images SET owner_id = {eve}, checksum = NULL WHERE id = {anonymous}",
        _one(Check.OWNER, "anonymous"),
        miscounts=("anonymous_owner", "eve"),
    ),
    "a job gets another owner": Corruption(
        "UPDATE jobs SET owner_id = {eve} WHERE id = {done}",
        _one(Check.CHANGED, "done"),
        miscounts=("ada", "eve"),
    ),
    "a job of an older release gets another owner": Corruption(
        "UPDATE jobs SET owner_id = {eve}, checksum = NULL WHERE id = {done}",
        lambda scene: [(Check.CHARGE, scene.done), (Check.OWNER, scene.done)],
        miscounts=("ada", "eve"),
    ),
    "a job gets another tier": Corruption(
        "UPDATE jobs SET tier = 'TIER_4K' WHERE id = {done}", _one(Check.CHANGED, "done")
    ),
    "a free job gets another tier": Corruption(
        "UPDATE jobs SET tier = 'TIER_4K' WHERE id = {free}", _one(Check.CHANGED, "free")
    ),
    "a job of an older release gets another tier": Corruption(
        "UPDATE jobs SET tier = 'TIER_4K', checksum = NULL WHERE id = {done}", _one(Check.TIER, "done")
    ),
    "a job gets another price": Corruption(
        "UPDATE jobs SET charged = 1 WHERE id = {done}",
        lambda scene: [(Check.CHARGE, scene.done), (Check.CHANGED, scene.done)],
    ),
    "a job of an older release gets another price": Corruption(
        "UPDATE jobs SET charged = 1, checksum = NULL WHERE id = {done}", _one(Check.CHARGE, "done")
    ),
    "a job gets another image of its owner": Corruption(
        "UPDATE jobs SET image_id = {in_album} WHERE id = {done}", _one(Check.CHANGED, "done")
    ),
    "a job's image is gone": Corruption(
        "DELETE FROM images WHERE id = {image}",
        _one(Check.REFERENCE, "done"),
        dialects=ALL,
        miscounts=("ada",),
    ),
    "a message's job is gone": Corruption(
        "DELETE FROM jobs WHERE id = {pending}", _one(Check.REFERENCE, "pending"), miscounts=("eve",)
    ),
    "a message's job has ended long ago": Corruption(
        "INSERT INTO outbox_messages (job_id, due_at) VALUES ({done}, 0)", _one(Check.OUTBOX, "done")
    ),
    "a wallet is gone": Corruption(
        "DELETE FROM wallets WHERE owner_id = {eve}", _one(Check.ACCOUNT, "eve"), dialects=ALL
    ),
    "a user is gone": Corruption(
        "DELETE FROM users WHERE id = {eve}",
        lambda scene: [(Check.DATABASE, "api_keys"), (Check.DATABASE, "sessions"), (Check.ACCOUNT, scene.eve)],
        dialects=ALL,
    ),
    "a user and their wallet are gone": Corruption(
        "DELETE FROM users WHERE id = {eve}; DELETE FROM wallets WHERE owner_id = {eve};"
        "DELETE FROM ledger_entries WHERE owner_id = {eve};"
        "DELETE FROM sessions WHERE user_id = {eve}; DELETE FROM api_keys WHERE user_id = {eve};"
        "DELETE FROM refund_totals",
        lambda scene: [
            (Check.ACCOUNT, scene.eve),
            (Check.CHARGE, scene.foreign_done),
            (Check.CHARGE, scene.refunded),
            (Check.DELIVERY, scene.refunded),
            (Check.CHARGE, scene.pending),
        ],
    ),
    "another owner's image is in an album": Corruption(
        "UPDATE album_images SET image_id = {foreign}", _one(Check.OWNER, "album")
    ),
    "another owner's image is an album's cover": Corruption(
        "UPDATE albums SET cover_image_id = {foreign}", _one(Check.OWNER, "album")
    ),
    "an image in an album is gone": Corruption(
        "UPDATE album_images SET image_id = 'img_zzzzzzzzzzzzzzzzzzzzzzzz'", _one(Check.REFERENCE, "album")
    ),
    "an owner's number of images is another": Corruption(
        "UPDATE wallets SET images = 9 WHERE owner_id = {ada}", lambda _: (), dialects=ALL, miscounts=("ada",)
    ),
    "an owner's parked tokens are others": Corruption(
        "UPDATE wallets SET parked = 9 WHERE owner_id = {eve}", lambda _: (), dialects=ALL, miscounts=("eve",)
    ),
    "an album's number of images is another": Corruption(
        "UPDATE albums SET image_count = 2 WHERE id = {album}", _one(Check.ALBUM_COUNT, "album")
    ),
    "an album's cover is gone": Corruption(
        "UPDATE albums SET cover_image_id = 'img_zzzzzzzzzzzzzzzzzzzzzzzz'", _one(Check.REFERENCE, "album")
    ),
    "an album is gone": Corruption(
        "DELETE FROM albums; UPDATE album_images SET id = 'alb_img_zzzzzzzzzzzzzzzzzzzzzzzz'",
        lambda _: [(Check.REFERENCE, "alb_img_zzzzzzzzzzzzzzzzzzzzzzzz")],
    ),
    "two jobs have one result": Corruption(
        "UPDATE jobs SET result_key = (SELECT result_key FROM jobs WHERE id = {foreign_done}) WHERE id = {done}",
        _one(Check.OBJECT_KEY, "done"),
    ),
    "two images have one original": Corruption(
        "UPDATE images SET original = (SELECT original FROM images WHERE id = {foreign}) WHERE id = {image}",
        _one(Check.OBJECT_KEY, "image"),
    ),
}


def _times() -> Iterator[tuple[str, Corruption]]:
    changes: dict[str, tuple[str, str, Callable[[Scene], Expected]]] = {
        "a wallet": ("wallets SET regenerated_at", "owner_id = {ada}", _one(Check.CLOCK, "ada")),
        "a user": ("users SET created_at", "id = {ada}", _one(Check.CLOCK, "ada")),
        "an image": ("images SET created_at", "id = {image}", _one(Check.CLOCK, "image")),
        "an image's change": ("images SET updated_at", "id = {image}", _one(Check.CLOCK, "image")),
        "a job's end": ("jobs SET ended_at", "id = {done}", _one(Check.CLOCK, "done")),
        "a job's claim": ("jobs SET claimed_at", "id = {done}", _one(Check.CLOCK, "done")),
        "a job's order": (
            "jobs SET created_at",
            "id = {done}",
            lambda scene: [(Check.CLOCK, scene.done), (Check.CHANGED, scene.done)],
        ),
        "an entry": (
            "ledger_entries SET created_at",
            "owner_id = {ada} AND sequence = {granted}",
            lambda scene: [(Check.CLOCK, f"{scene.ada}/{scene.granted}"), (Check.LEDGER_CHAIN, scene.ada)],
        ),
        "a message": ("outbox_messages SET due_at", "job_id = {pending}", _one(Check.CLOCK, "pending")),
        "an album": ("albums SET updated_at", "id = {album}", _one(Check.CLOCK, "album")),
    }
    for what, (column, where, finds) in changes.items():
        yield f"{what} is of the future", Corruption(f"UPDATE {column} = {{FUTURE}} WHERE {where}", finds)


CLOCKS: Final = dict(_times())


def _unreadable_row(subject: Callable[[Scene], object]) -> Callable[[Scene], Expected]:
    return lambda scene: [(Check.UNREADABLE, subject(scene))]


def _unreadable() -> Iterator[tuple[str, Corruption]]:
    changes: dict[str, tuple[str, Callable[[Scene], object]]] = {
        "an image of an unknown format": ("images SET format = 'BMP' WHERE id = {image}", lambda scene: scene.image),
        "an image without the form of a key": (
            "images SET original = 'nonsense' WHERE id = {in_album}",
            lambda scene: scene.in_album,
        ),
        "a job of an unknown queue": ("jobs SET queue = 'fast' WHERE id = {done}", lambda scene: scene.done),
        "a job with a message and no batch's form": (
            "jobs SET batch_id = 'first' WHERE id = {pending}",
            lambda scene: scene.pending,
        ),
        "a job of no request's form": (
            "jobs SET request_id = 'first' WHERE id = {generated}",
            lambda scene: scene.generated,
        ),
        "an entry of an unknown kind": (
            "ledger_entries SET kind = 'EARN_LUCK' WHERE owner_id = {ada} AND sequence = {granted}",
            lambda scene: f"{scene.ada}/{scene.granted}",
        ),
        "a wallet of too many tokens": (
            "wallets SET balance = 9007199254740992 WHERE owner_id = {ada}",
            lambda scene: scene.ada,
        ),
        "an album of unknown privacy": ("albums SET privacy = 'SECRET'", lambda scene: scene.album),
        "a place of no id's form": ("album_images SET id = 'first'", lambda _: "first"),
        "a user of no time": (f"users SET created_at = {NO_TIME} WHERE id = {{eve}}", lambda scene: scene.eve),
        "a message of no time": (f"outbox_messages SET due_at = {NO_TIME}", lambda scene: scene.pending),
    }
    for what, (change, subject) in changes.items():
        dialects = ALL if "no time" in what or "format" in what else ("sqlite",)
        miscounts = ("ada",) if "owner's form" in what else ()
        yield what, Corruption(f"UPDATE {change}", _unreadable_row(subject), dialects=dialects, miscounts=miscounts)


UNREADABLE: Final = {
    **dict(_unreadable()),
    "a name that is no text": Corruption(
        "UPDATE images SET name = CAST(x'ff' AS TEXT) WHERE id = {image}", _one(Check.UNREADABLE, "image")
    ),
    "an id that is no text": Corruption(
        "UPDATE images SET id = CAST(x'696d675f00ff' AS TEXT) WHERE id = {anonymous}",
        lambda _: [(Check.UNREADABLE, repr(b"img_\0\xff"))],
    ),
    "a size that is no number": Corruption(
        "UPDATE images SET size_bytes = 'large' WHERE id = {image}",
        _one(Check.UNREADABLE, "image"),
        miscounts=("ada",),
    ),
    "a state that can't be": Corruption(
        "UPDATE jobs SET status = 'LOST' WHERE id = {done}",
        lambda scene: [(Check.DATABASE, "database"), (Check.UNREADABLE, scene.done)],
    ),
}

KINDS: Final = ("original", "hidden original", "copy without metadata", "input", "result")
OBJECTS: Final = {
    **{f"{kind} is truncated": Corruption(_on_object(kind, lambda old: old[:-1]), _owner_of(kind)) for kind in KINDS},
    **{f"{kind} is replaced": Corruption(_on_object(kind, lambda _: b"other"), _owner_of(kind)) for kind in KINDS},
    **{
        f"a bit of the {kind} is flipped": Corruption(_on_object(kind, _flipped), _owner_of(kind), needs_deep=True)
        for kind in KINDS
    },
    **{f"{kind} is gone": Corruption(_removed(kind), _owner_of(kind, Check.OBJECT_MISSING)) for kind in KINDS},
    "an object has no row": Corruption(_orphan, lambda _: [(Check.OBJECT_ORPHAN, f"images/img_{'z' * 24}.jpg")]),
    "an object is of the future": Corruption(_of_the_future, lambda scene: [(Check.CLOCK, scene.keys["result"])]),
}

DATABASE: Final = {
    "a page of an index is lost": Corruption(
        _page_lost("ix_images_owner_id"), lambda _: [(Check.DATABASE, "database")]
    ),
    "a page of the jobs is lost": Corruption(
        _page_of_jobs_lost_and_a_balance_changed,
        lambda scene: [
            (Check.DATABASE, "database"),
            (Check.BALANCE, scene.ada),
            (Check.DATABASE, "jobs"),
            (Check.DATABASE, "outbox_messages"),
            (Check.DATABASE, "objects"),
            (Check.DATABASE, "usage"),
        ],
    ),
}

CORRUPTIONS: Final = {**LEDGER, **ROWS, **CLOCKS, **UNREADABLE, **OBJECTS, **DATABASE}

# those that change the schema
ON_POSTGRESQL: Final = {
    "a constraint isn't validated": Corruption(
        "ALTER TABLE jobs DROP CONSTRAINT ck_jobs_counts;"
        "ALTER TABLE jobs ADD CONSTRAINT ck_jobs_counts CHECK (charged >= 0) NOT VALID",
        lambda _: [(Check.DATABASE, "jobs")],
    ),
    "an index is invalid": Corruption(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_images_owner_id'::regclass",
        lambda _: [(Check.DATABASE, "images")],
    ),
    "an index doesn't agree with its table": Corruption(  # found by amcheck
        "CREATE EXTENSION amcheck;"
        "CREATE FUNCTION odd(text) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
        "CREATE INDEX ix_odd ON users (odd(id));"
        "CREATE OR REPLACE FUNCTION odd(text) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 2'",
        lambda _: [(Check.DATABASE, "ix_odd")],
    ),
    "triggers are disabled": Corruption(
        "ALTER TABLE outbox_messages DISABLE TRIGGER ALL", lambda _: [(Check.DATABASE, "outbox_messages")]
    ),
}
