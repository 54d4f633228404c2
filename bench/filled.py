"""Rows of a large installation, made by SQL in the database itself: two million jobs in a few minutes.

The same statements fill SQLite and PostgreSQL. Jobs are of users in turn: all that an even one asked for is completed,
all of an odd one's is cancelled, or a tenth of it has failed, and refunded. Sums, numbers and balances agree, as
`spike audit` demands; the objects are missing.
"""

import hashlib
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, Engine, event

from spike_core.domain.identifiers import UserId

_NOON_US: Final = 1_767_268_800_000_000  # 2026-01-01, 12:00 UTC
_FUNDS: Final = 1_000_000_000

_SQLITE_SERIES: Final = """
    (WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {rows}) SELECT n FROM s)
"""
_USERS: Final = """
    INSERT INTO wallets (owner_id, balance, regenerated_at, entries, summed, spent, refunded)
    SELECT {owner}, CASE WHEN n % 2 = 1 THEN {funds} ELSE {funds} - 2 * {each} END, {noon},
        CASE WHEN n % 2 = 1 THEN 1 + 2 * {each} ELSE 1 + {each} END,
        CASE WHEN n % 2 = 1 THEN 1 + 2 * {each} ELSE 1 + {each} END, 2 * {each},
        CASE WHEN n % 2 = 1 THEN 2 * {each} ELSE 0 END
    FROM {users}
"""
_IMAGES: Final = """
    INSERT INTO images (id, owner_id, name, format, width_px, height_px, size_bytes, original, is_public, view_count,
        created_at, updated_at)
    SELECT {image}, {owner}, 'Photo ' || n || '.jpg', 'JPEG', 640, 480, 1000, 'images/' || {image} || '.jpg', {false},
        0, {noon} + n, {noon} + n
    FROM {series}
"""
_JOBS: Final = """
    INSERT INTO jobs (id, owner_id, kind, image_id, tier, charged, created_at, status, attempt, deaths, claimed_at,
        result_key, result_format, result_width_px, result_height_px, result_size_bytes, reason, ended_at)
    SELECT {job}, {owner}, 'ENHANCEMENT', {image_of_job}, 'TIER_1K', 2, {noon} + n,
        CASE WHEN {failed} THEN 'REFUNDED' WHEN {cancelled} THEN 'CANCELLED' ELSE 'COMPLETED' END, 1, 0, {noon} + n,
        CASE WHEN {cancelled} THEN NULL ELSE 'enhanced/' || {job} || '.jpg' END,
        CASE WHEN {cancelled} THEN NULL ELSE 'JPEG' END,
        CASE WHEN {cancelled} THEN NULL ELSE 1024 END, CASE WHEN {cancelled} THEN NULL ELSE 768 END,
        CASE WHEN {cancelled} THEN NULL ELSE 2000 END, CASE WHEN {failed} THEN 'Damaged' END, {noon} + n
    FROM {series}
"""
_JOBS_OF_ONE_IMAGE: Final = """
    INSERT INTO jobs (id, owner_id, kind, image_id, tier, charged, created_at, status, attempt, deaths, ended_at)
    SELECT 'job_' || substr(md5('ij' || n), 1, 24), {owner}, 'ENHANCEMENT', '{first_image}', 'FREE', 0, {noon} + n,
        'CANCELLED', 0, 0, {noon} + n
    FROM {series}
"""
_ALBUMS: Final = """
    INSERT INTO albums (id, owner_id, name, privacy, default_tier, auto_enhance, created_at, updated_at)
    SELECT {album}, {owner}, 'Album ' || n, 'PRIVATE', 'TIER_1K', {false}, {noon} + n, {noon} + n FROM {series}
"""
_ALBUM_IMAGES: Final = """
    INSERT INTO album_images (id, album_id, image_id, position, added_at)
    SELECT 'albumimg_' || substr(md5('ai' || n), 1, 24), {album_of_place}, {image_of_place}, n + 1, {noon} + n
    FROM {series}
"""
_OPENINGS: Final = """
    INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, reason, created_at)
    SELECT {owner}, 1, 'EARN_BONUS', {funds}, {funds}, 'Welcome', {noon} FROM {users}
"""
_CHARGES: Final = """
    INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at)
    SELECT {owner}, CASE WHEN {cancelled} THEN 2 * ({turn}) + 2 ELSE {turn} + 2 END, 'SPEND_ENHANCEMENT', -2,
        CASE WHEN {cancelled} THEN {funds} - 2 ELSE {funds} - 2 * ({turn} + 1) END, {job}, 'Enhancement at TIER_1K',
        {noon} + n
    FROM {series}
"""
_REFUNDS: Final = """
    INSERT INTO ledger_entries (owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at)
    SELECT {owner}, 2 * ({turn}) + 3, 'REFUND', 2, {funds}, {job}, 'Refund: cancelled', {noon} + n
    FROM {series} WHERE {cancelled}
"""
_REFUND_TOTALS: Final = """
    INSERT INTO refund_totals (shard, refunds, tokens) SELECT 0, count(*), sum(amount) FROM ledger_entries
    WHERE kind = 'REFUND' HAVING count(*) > 0
"""
_USAGE: Final = """
    WITH of_jobs AS (
        SELECT owner_id, sum(CASE WHEN ended_at IS NULL THEN charged ELSE 0 END) AS parked,
            sum(CASE WHEN ended_at IS NULL AND charged = 0 THEN 1 ELSE 0 END) AS free_jobs,
            sum(CASE WHEN ended_at IS NULL AND charged > 0 THEN 1 ELSE 0 END) AS paid_jobs,
            sum(coalesce(result_size_bytes, 0)) AS stored_bytes
        FROM jobs GROUP BY owner_id
    ), of_images AS (
        SELECT owner_id, count(*) AS images, sum(size_bytes) AS stored_bytes FROM images GROUP BY owner_id
    )
    UPDATE wallets SET parked = of_jobs.parked, free_jobs = of_jobs.free_jobs, paid_jobs = of_jobs.paid_jobs,
        images = of_images.images, stored_bytes = of_jobs.stored_bytes + of_images.stored_bytes
    FROM of_jobs, of_images WHERE of_jobs.owner_id = wallets.owner_id AND of_images.owner_id = wallets.owner_id
"""
# on PostgreSQL, rows lie in the order in which many users made them: those of one user are far apart, and read slowly
_IN_ORDER: Final = tuple(
    statement.format(table=table)
    for table in ("jobs", "images", "ledger_entries")
    for statement in (
        "CREATE INDEX in_order ON {table} (created_at)",
        "CLUSTER {table} USING in_order",
        "DROP INDEX in_order",
    )
)
# what the database would do for minutes after so many writes, and while the requests are measured
_SETTLED: Final = ("VACUUM ANALYZE", "CHECKPOINT")
_WAITING: Final = """
    INSERT INTO jobs (id, owner_id, kind, image_id, tier, charged, created_at, status, attempt, deaths, started_at)
    SELECT {waiting_job}, {owner}, 'ENHANCEMENT', {image_of_job}, 'FREE', 0, {noon} + 100000000000 + n,
        CASE WHEN {turn} < 8 THEN 'PROCESSING' ELSE 'PENDING' END, 0, 0,
        CASE WHEN {turn} < 8 THEN {started} + n END
    FROM {series}
"""


@frozen(kw_only=True)
class Sizes:
    """How much there is."""

    users: int  # an even number
    images_each: int
    jobs_each: int
    waiting: int  # jobs, of a twentieth as many users
    heavy_images: int  # of one user
    heavy_jobs: int
    image_jobs: int  # beside those, of that user's first image
    albums: int  # of that user
    album_images: int  # in each of them, at most `heavy_images`


def fill(engine: Engine, sizes: Sizes, *, heavy: UserId, now_us: int) -> None:
    """Insert all rows; `heavy` is the user who has many images and jobs, and has a wallet already."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _with_md5)
        engine.dispose()
    with engine.connect() as connection:
        users = sizes.users
        everyone = _Names(
            connection, users=users, images=users * sizes.images_each, each=sizes.jobs_each, now_us=now_us
        )
        for statement in (_USERS, _OPENINGS):
            everyone.execute(statement, users)
        everyone.execute(_IMAGES, users * sizes.images_each)
        for statement in (_JOBS, _CHARGES, _REFUNDS):
            everyone.execute(statement, users * sizes.jobs_each)
        everyone.execute(_REFUND_TOTALS, 0)
        waiters = _Names(
            connection, users=max(2, sizes.waiting // 20), images=users * sizes.images_each, each=20, now_us=now_us
        )
        waiters.execute(_WAITING, sizes.waiting)
        one = _Names(
            connection,
            users=1,
            images=sizes.heavy_images,
            each=sizes.heavy_jobs,
            now_us=now_us,
            heavy=heavy.text,
            albums=sizes.albums,
        )
        one.execute(_IMAGES, sizes.heavy_images)
        for statement in (_JOBS, _CHARGES):
            one.execute(statement, sizes.heavy_jobs)
        one.execute(_JOBS_OF_ONE_IMAGE, sizes.image_jobs)
        one.execute(_ALBUMS, sizes.albums)
        one.execute(_ALBUM_IMAGES, sizes.albums * sizes.album_images)
        connection.exec_driver_sql(
            f"UPDATE wallets SET balance = {_FUNDS} - 2 * {sizes.heavy_jobs}, spent = 2 * {sizes.heavy_jobs},"  # noqa: S608
            f" entries = 1 + {sizes.heavy_jobs}, summed = 1 + {sizes.heavy_jobs} WHERE owner_id = '{heavy}'"
        )
        connection.exec_driver_sql(
            f"UPDATE ledger_entries SET amount = {_FUNDS}, balance_after = {_FUNDS}"  # noqa: S608  # numbers of ours
            f" WHERE owner_id = '{heavy}' AND sequence = 1"
        )
        connection.exec_driver_sql(_USAGE)
        for statement in ("ANALYZE",) if engine.dialect.name == "sqlite" else (*_IN_ORDER, *_SETTLED):
            connection.exec_driver_sql(statement)


def heavy_image(number: int) -> str:
    """Return the id of the heavy user's image with this number, from 0."""
    return "img_" + _md5(f"hi{number}")[:24]


def heavy_job(number: int) -> str:
    """Return the id of the heavy user's job with this number, from 0."""
    return "job_" + _md5(f"hj{number}")[:24]


def heavy_album(number: int) -> str:
    """Return the id of the heavy user's album with this number, from 0; the last is the newest."""
    return "album_" + _md5(f"a{number}")[:24]


def waiting_job(number: int) -> str:
    """Return the id of the waiting job with this number, from 0; the oldest eight of a user are started."""
    return "job_" + _md5(f"w{number}")[:24]


class _Names:
    """What the statements are made of: the expressions for a row's number `n`, counted from 0."""

    def __init__(
        self,
        connection: Connection,
        *,
        users: int,
        images: int,
        each: int,
        now_us: int,
        heavy: str = "",
        albums: int = 1,
    ) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        image, job = ("hi", "hj") if heavy else ("i", "j")
        self._names: dict[str, Any] = {
            "owner": f"'{heavy}'" if heavy else f"'user_' || substr(md5('u' || (n % {users})), 1, 24)",
            "image": f"'img_' || substr(md5('{image}' || n), 1, 24)",
            "image_of_job": f"'img_' || substr(md5('{image}' || (n % {images})), 1, 24)",
            "job": f"'job_' || substr(md5('{job}' || n), 1, 24)",
            "first_image": heavy_image(0),
            "album": "'album_' || substr(md5('a' || n), 1, 24)",
            "album_of_place": f"'album_' || substr(md5('a' || (n % {albums})), 1, 24)",
            # an album has each image once: those of one album are as far apart as there are albums
            "image_of_place": f"'img_' || substr(md5('{image}' || (n / {albums} % {images})), 1, 24)",
            "waiting_job": "'job_' || substr(md5('w' || n), 1, 24)",
            "cancelled": "1 = 0" if heavy else "n % 2 = 1",
            "failed": "1 = 0" if heavy else "n % 20 = 19",  # some of them
            "turn": f"n / {users}",
            "each": each,
            "funds": _FUNDS,
            "noon": _NOON_US,
            "started": now_us - 60_000_000,
            "false": "0" if self._is_sqlite else "false",
        }

    def execute(self, statement: str, rows: int) -> None:
        """Execute a statement for so many numbers."""
        series = _SQLITE_SERIES.format(rows=rows) if self._is_sqlite else f"generate_series(0, {rows - 1}) AS s(n)"
        sql = statement.format(series=series, users=series, **self._names).replace("%", "%%")
        self._connection.exec_driver_sql(sql.replace("%%", "%") if self._is_sqlite else sql)


def _with_md5(connection: Any, _record: object) -> None:
    connection.create_function("md5", 1, _md5, deterministic=True)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
