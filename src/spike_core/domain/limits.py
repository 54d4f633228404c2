"""The named limits: how large, how many, how long, how often."""

from datetime import timedelta
from typing import Final

from attrs import field, frozen, validators

UPLOAD_BYTES_MAX: Final = 10 * 1024 * 1024  # "10MB" in the API's words
SOURCE_BYTES_MAX: Final = 20 * 1024 * 1024  # of a picture sent inside JSON, or fetched from an address
BATCH_FILES_MAX: Final = 20
BATCH_BYTES_MAX: Final = 50 * 1024 * 1024  # of all files together
BATCH_IMAGES_MAX: Final = 20  # enhanced by one request
PROMPT_CHARS_MAX: Final = 4000
METHOD_CHARS_MAX: Final = 500  # in which an engine tells how it made a picture
PICTURE_PIXELS_MAX: Final = 50_000_000
FILE_NAME_CHARS_MAX: Final = 255
IMAGE_DESCRIPTION_CHARS_MAX: Final = 2000
PARALLEL_TIERS_MAX: Final = 3  # of one image in one request
ALBUM_NAME_CHARS_MAX: Final = 100
ALBUM_DESCRIPTION_CHARS_MAX: Final = 2000
ALBUMS_PER_OWNER_MAX: Final = 1000  # listed whole
IMAGES_PER_ALBUM_MAX: Final = 10_000  # shown and rearranged whole
IMAGES_PER_MOVE_MAX: Final = 100  # and per addition and removal
PAGE_SIZE_MAX: Final = 100
PAGE_SIZE: Final = 50
JOBS_ASKED_MAX: Final = 50  # by one request for the status of many
API_KEYS_ACTIVE_MAX: Final = 10  # per user
API_KEYS_REVOKED_SHOWN_MAX: Final = 100  # the latest; the others are kept and not listed
API_KEY_NAME_CHARS_MAX: Final = 100
_DOUBLINGS_MAX: Final = 10  # of the delay between attempts


@frozen(kw_only=True)
class JobLimits:
    """How patient Spike is with a job."""

    lease: timedelta = timedelta(seconds=60)  # a worker that is silent for so long counts as dead
    work_time_max: timedelta = timedelta(minutes=10)  # an attempt that takes so long counts as dead, however it beats
    attempts_max: int = field(default=3, validator=validators.ge(1))  # runs that end in transient trouble
    deaths_max: int = field(default=3, validator=validators.ge(1))  # workers that one picture may take along
    retry_delay: timedelta = timedelta(seconds=5)  # before the second attempt; doubles with each further one
    redeliver_after: timedelta = timedelta(minutes=10)  # started and never claimed: its message is lost
    on_their_way_max: int = field(default=8, validator=validators.ge(1))  # of one owner; the others wait for their turn
    refusal_max: timedelta = timedelta(hours=1)  # a queue that refuses for so long fails the job
    orphan_age: timedelta = timedelta(hours=1)  # an object without a row is collected when it is so old

    def delay_before(self, attempt: int) -> timedelta:
        """Return how long to wait before attempt number `attempt`, the first being 1."""
        doublings = min(max(0, attempt - 2), _DOUBLINGS_MAX)
        return self.retry_delay * (1 << doublings)

    @property
    def upload_time_max(self) -> timedelta:
        """Return how long an object may wait for its row; half the orphan age, so the two can't meet."""
        return self.orphan_age / 2
