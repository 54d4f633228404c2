"""Named limits: sizes, counts and durations."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Final

from attrs import Attribute, field, frozen, validators

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.errors import InvalidValue, TooManyPixels
from spike_core.domain.tiers import Tier

MEBIBYTE: Final = 1024 * 1024  # bytes; "MB" in the API's documentation and errors

# the specification's limits of what is sent, the defaults of `UploadLimits`
UPLOAD_BYTES_MAX: Final = 10 * MEBIBYTE
SOURCE_BYTES_MAX: Final = 20 * MEBIBYTE  # of a picture inside a JSON body, or fetched from a URL
BATCH_FILES_MAX: Final = 20  # uploaded by one request; as many images are enhanced by one
BATCH_BYTES_MAX: Final = 50 * MEBIBYTE  # of all files together
PICTURE_PIXELS_MAX: Final = 50_000_000

# the highest values of `UploadLimits`
LARGEST_FILE_BYTES_MAX: Final = 256 * MEBIBYTE  # of what object stores, idempotency and sandbox are made for
LARGEST_SOURCE_BYTES_MAX: Final = 128 * MEBIBYTE  # one body of base64 at a time is in memory twice
LARGEST_BATCH_FILES_MAX: Final = 100  # their rows are written in one transaction
LARGEST_BATCH_BYTES_MAX: Final = 1024 * MEBIBYTE
ACCEPTED_PIXELS_MAX: Final = 200_000_000  # of a picture that an upload's check has accepted, whatever the limit was

FETCH_TIME: Final = timedelta(seconds=20)  # of a picture of `SOURCE_BYTES_MAX`
PROMPT_CHARS_MAX: Final = 4000
METHOD_CHARS_MAX: Final = 500  # of an engine's description of how it made a result
FILE_NAME_CHARS_MAX: Final = 255
IMAGE_DESCRIPTION_CHARS_MAX: Final = 2000
PARALLEL_TIERS_MAX: Final = 3  # of one image, per request
ALBUM_NAME_CHARS_MAX: Final = 100
ALBUM_DESCRIPTION_CHARS_MAX: Final = 2000
ALBUMS_PER_OWNER_MAX: Final = 1000  # albums are listed without pagination
IMAGES_PER_ALBUM_MAX: Final = 10_000  # albums are rearranged by a list of all their images
IMAGES_PER_MOVE_MAX: Final = 100  # also per addition and removal
PAGE_SIZE_MAX: Final = 100
LAYOUT_PAGE_SIZE_MAX: Final = 2500  # images, whose sizes and dates are returned
IMAGES_EXAMINED_MAX: Final = 2500  # by one request for a list that is narrowed down
SEARCH_CHARS_MAX: Final = 100
PAGE_SIZE: Final = 50
ALBUM_PAGE_SIZE: Final = 100  # images
IMAGE_JOBS_SHOWN_MAX: Final = 100  # the newest ones, with their image
JOBS_ASKED_MAX: Final = 50  # per request for several jobs
DOWNLOAD_IDS_MAX: Final = 1000  # images that one request names
IMAGES_PER_DELETION_MAX: Final = 100  # that one request deletes
LINKS_ASKED_MAX: Final = 100  # images, and as many jobs, per request for new links
API_KEYS_ACTIVE_MAX: Final = 10  # per user
API_KEYS_REVOKED_SHOWN_MAX: Final = 100  # the most recent ones; older ones are kept but not listed
API_KEY_NAME_CHARS_MAX: Final = 100
SESSIONS_SHOWN_MAX: Final = 100  # the most recently opened ones
API_KEY_LIMIT_MAX: Final = 1_000_000_000  # tokens per month
_DOUBLINGS_MAX: Final = 10  # of the delay between attempts


def check_page_size(limit: int) -> None:
    """Check how many items a page may have.

    Raises:
        InvalidValue: it isn't 1 to `PAGE_SIZE_MAX`.
    """
    if not 1 <= limit <= PAGE_SIZE_MAX:
        raise InvalidValue(what="limit", rule=f"must be 1 to {PAGE_SIZE_MAX}")


def check_layout_page_size(limit: int) -> None:
    """Check how many images a page of a layout may have.

    Raises:
        InvalidValue: it isn't 1 to `LAYOUT_PAGE_SIZE_MAX`.
    """
    if not 1 <= limit <= LAYOUT_PAGE_SIZE_MAX:
        raise InvalidValue(what="limit", rule=f"must be 1 to {LAYOUT_PAGE_SIZE_MAX}")


def _up_to(most: int) -> "Sequence[Callable[[object, Attribute[int], int], object]]":
    return [validators.ge(1), validators.le(most)]


@frozen(kw_only=True)
class UploadLimits:
    """How much may be sent: files, batches of them, and their pixels. The defaults are the specification's.

    Raises:
        ValueError: a limit is below 1 or above the highest possible, or a batch may be smaller than a file.
    """

    file_bytes: int = field(default=UPLOAD_BYTES_MAX, validator=_up_to(LARGEST_FILE_BYTES_MAX))
    source_bytes: int = field(default=SOURCE_BYTES_MAX, validator=_up_to(LARGEST_SOURCE_BYTES_MAX))
    batch_files: int = field(default=BATCH_FILES_MAX, validator=_up_to(LARGEST_BATCH_FILES_MAX))
    batch_bytes: int = field(default=BATCH_BYTES_MAX, validator=_up_to(LARGEST_BATCH_BYTES_MAX))
    pixels: int = field(default=PICTURE_PIXELS_MAX, validator=_up_to(ACCEPTED_PIXELS_MAX))

    def __attrs_post_init__(self) -> None:
        """Check the limits that depend on each other."""
        if self.batch_bytes < self.file_bytes:
            raise ValueError("a batch can't be smaller than one file")

    def check_pixels(self, pixels: int) -> None:
        """Check the size of a picture.

        Raises:
            TooManyPixels: it has more pixels than an upload may have.
        """
        if pixels > self.pixels:
            raise TooManyPixels(pixels=pixels, pixels_max=self.pixels)

    @property
    def largest_share(self) -> Fraction:
        """How much larger than the specification's a picture may be, in pixels; at least 1."""
        return max(Fraction(1), Fraction(self.pixels, PICTURE_PIXELS_MAX))

    @property
    def fetch_time(self) -> timedelta:
        """How long fetching a picture from a URL may take, in whole seconds: longer if it may be larger."""
        share = max(Fraction(1), Fraction(self.source_bytes, SOURCE_BYTES_MAX))
        return timedelta(seconds=math.ceil(FETCH_TIME.total_seconds() * share))


@frozen(kw_only=True)
class DownloadLimits:
    """How much one download of several pictures may contain."""

    images_max: int = field(default=10_000, validator=validators.ge(1))
    bytes_max: int = field(default=20_000_000_000, validator=validators.ge(1))


@frozen(kw_only=True)
class JobLimits:
    """The durations and counts that govern jobs, uploads and orphans."""

    lease: timedelta = timedelta(seconds=60)  # without a heartbeat for this long, the attempt counts as crashed
    work_time_max: timedelta = timedelta(minutes=10)  # an attempt this long counts as crashed, despite heartbeats
    attempts_max: int = field(default=3, validator=validators.ge(1))  # attempts that end in a transient error
    crashes_max: int = field(default=3, validator=validators.ge(1))  # crashed attempts before the job is refunded
    retry_delay: timedelta = timedelta(seconds=5)  # before the second attempt; doubles with each further one
    redeliver_after: timedelta = timedelta(seconds=4)  # an unclaimed job started so long ago must be in the queue
    active_jobs_max: int = field(default=8, validator=validators.ge(1))  # an owner's jobs in flight
    active_time_max: timedelta = timedelta(hours=1)  # the processor time that an owner's jobs in flight may take
    processor_time: timedelta = timedelta(minutes=10)  # of one attempt at a result of 4096 pixels
    catalog: Catalog = SPECIFIED  # whose tiers have shares of it
    work_per_turn: timedelta = field(default=timedelta(minutes=1))  # recent work that takes one turn from its owner
    refusal_max: timedelta = timedelta(hours=1)  # a job that the queue refuses for this long fails
    orphan_age: timedelta = timedelta(hours=1)  # an object without a row is collected at this age
    orphan_interval: timedelta = timedelta(days=1)  # between two collections, each of which lists the whole store

    def delay_before(self, attempt: int) -> timedelta:
        """Return the delay before attempt number `attempt`, counted from 1."""
        doublings = min(max(0, attempt - 2), _DOUBLINGS_MAX)
        return self.retry_delay * (1 << doublings)

    def processor_time_of(self, tier: Tier) -> timedelta:
        """Return the processor time that an attempt at this tier may take."""
        return self.processor_time * self.catalog.work_share_of(tier)

    @property
    def processor_time_max(self) -> timedelta:
        """The processor time that an attempt at the largest tier on offer may take."""
        return self.processor_time * self.catalog.largest_work_share

    @property
    def upload_time_max(self) -> timedelta:
        """The time within which a stored object must get its row: half the age at which it may be collected."""
        return self.orphan_age / 2
