"""Settings: the environment (`SPIKE_…`), then a TOML file (`SPIKE_CONFIG`), then the defaults below."""

import difflib
import functools
import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import typed_settings
from attrs import Attribute, evolve, field, fields, frozen
from typed_settings.converters import Converter
from typed_settings.exceptions import TsError
from typed_settings.types import OptionList, SettingsClass, SettingsDict

from spike_core.deprecation import warn_deprecated
from spike_core.domain.accounts import SignUpPolicy
from spike_core.domain.catalog import Catalog
from spike_core.domain.event_deliveries import EventLimits
from spike_core.domain.limits import (
    ACCEPTED_PIXELS_MAX,
    BATCH_BYTES_MAX,
    BATCH_FILES_MAX,
    LARGEST_BATCH_BYTES_MAX,
    LARGEST_BATCH_FILES_MAX,
    LARGEST_FILE_BYTES_MAX,
    LARGEST_SOURCE_BYTES_MAX,
    MEBIBYTE,
    PICTURE_PIXELS_MAX,
    SOURCE_BYTES_MAX,
    UPLOAD_BYTES_MAX,
    DownloadLimits,
    JobLimits,
    UploadLimits,
)
from spike_core.domain.rate_limits import DEFAULT_LIMITS, DEFAULT_WINDOW, RateLimit, RateLimitGroup
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Budget, Budgets
from spike_core.ports.factories import DatabaseLimits
from spike_runtime.tier_settings import catalog_of

PREFIX: Final = "SPIKE_"
CONFIG_VARIABLE: Final = "SPIKE_CONFIG"
API_KEY_VARIABLE: Final = "SPIKE_API_KEY"  # of commands that call a server
TABLES: Final = frozenset({"tiers", "adapters", "adapter_variables"})  # settings without a variable of their name
ADAPTER_PREFIX: Final = "SPIKE_ADAPTER_"  # of variables whose names adapters declare
MEGAPIXEL: Final = 1_000_000  # pixels
MEGABYTE: Final = 1_000_000  # bytes; of storage, as disks and object stores are sold
DURATION_S_MAX: Final = 1_000_000_000  # some 30 years; so that date arithmetic can't overflow
SIGN_IN_SECRET_CHARS_MIN: Final = 32
SIGN_IN_SECRETS_MAX: Final = 5  # each may be tried on each token
# the names that settings had, by the names that they have; a name is accepted for two more minor releases
RENAMED: Final[Mapping[str, str]] = {"on_their_way_max": "active_jobs_max"}
_RENAMED_UNTIL: Final = "0.3"
# Spike's own variables that aren't settings
_RESERVED: Final = (CONFIG_VARIABLE, API_KEY_VARIABLE, ADAPTER_PREFIX, "SPIKE_TEST_")

# The first segments of Spike's own paths. A proxy may pass on the path of SPIKE_PUBLIC_URL or remove it; a request is
# unambiguous only if that path doesn't begin with one of them.
OWN_FIRST_SEGMENTS: Final = frozenset(
    {".well-known", "api", "docs", "files", "healthz", "mcp", "metrics", "openapi.json", "readyz", "share", "studio"}
)
_PLAIN_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_NO_SECRET: Final = typed_settings.SecretStr("")
_Number = TypeVar("_Number", int, float)


@frozen
class WrongSettings(Exception):
    """Settings that Spike can't start with; the text names each of them."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


def _at_least(least: float) -> "Callable[[object, Attribute[_Number], _Number], None]":
    def check(_settings: object, attribute: "Attribute[_Number]", value: _Number) -> None:
        if not value >= least:
            raise ValueError(f"{PREFIX}{attribute.name.upper()} must be at least {least}, not {value}")
        if value > DURATION_S_MAX:
            raise ValueError(f"{PREFIX}{attribute.name.upper()} must be at most {DURATION_S_MAX}, not {value}")

    return check


def _rate(group: RateLimitGroup) -> int:
    """Return the field of a group's limit."""
    limit: int = field(default=DEFAULT_LIMITS[group], validator=_at_least(0))
    return limit


def _at_most(most: float) -> "Callable[[object, Attribute[_Number], _Number], None]":
    def check(_settings: object, attribute: "Attribute[_Number]", value: _Number) -> None:
        if value > most:
            raise ValueError(f"{PREFIX}{attribute.name.upper()} must be at most {most}, not {value}")

    return check


def _one_of(*choices: str) -> "Callable[[object, Attribute[str], str], None]":
    def check(_settings: object, attribute: "Attribute[str]", value: str) -> None:
        if value not in choices:
            raise ValueError(f"{PREFIX}{attribute.name.upper()} must be one of {', '.join(choices)}, not {value!r}")

    return check


def _absolute_paths(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    for path in filter(None, value.split(os.pathsep)):
        if not Path(path).is_absolute():
            raise ValueError(f"{PREFIX}{attribute.name.upper()} must be absolute paths, not {path!r}")


def _no_space_around(
    _settings: object, attribute: "Attribute[typed_settings.SecretStr]", value: typed_settings.SecretStr
) -> None:
    """Reject surrounding white space, as from a file's line end: signatures would differ, and headers be invalid."""
    if value != value.strip():
        raise ValueError(f"{PREFIX}{attribute.name.upper()} must not begin or end with white space")


def _long_secrets(
    _settings: object, attribute: "Attribute[typed_settings.SecretStr]", value: typed_settings.SecretStr
) -> None:
    """Require secrets that can't be guessed. The message repeats none."""
    secrets = value.split(",") if value else []
    name = f"{PREFIX}{attribute.name.upper()}"
    if len(secrets) > SIGN_IN_SECRETS_MAX:
        raise ValueError(f"{name} may have at most {SIGN_IN_SECRETS_MAX} secrets, separated by commas")
    if any(len(secret.strip()) < SIGN_IN_SECRET_CHARS_MIN for secret in secrets):
        raise ValueError(
            f"{name} must be one or more secrets of at least {SIGN_IN_SECRET_CHARS_MIN} characters, separated by commas"
        )


# the hosts of RFC 3986, section 3.2.2, that web servers have: a name, an IPv4 or an IPv6 address, and a port
_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?"
)
_PORT_MAX: Final = 65535
_ORIGIN: Final = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)


def _web_url(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    """Require scheme and host. The message doesn't repeat a value that may contain a password."""
    if not value:
        return
    name = f"{PREFIX}{attribute.name.upper()}"
    parts = re.fullmatch(r"https?://(?P<authority>[^\s/?#]+)[^\s?#]*", value)
    if parts and "@" in parts["authority"]:
        raise ValueError(f"{name} must not contain a user name or a password")
    if not parts or not _is_host(parts["authority"]):
        raise ValueError(f"{name} must look like https://spike.example.org, not {value!r}")


def _is_host(authority: str) -> bool:
    match = _HOST.fullmatch(authority)
    if match is None or not 0 < int(match["port"] or 443) <= _PORT_MAX:
        return False
    try:
        return match["ipv6"] is None or bool(ipaddress.IPv6Address(match["ipv6"]))
    except ValueError:
        return False


def _servable_path(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    """Reject a path that is ambiguous beside Spike's own paths, or that browsers would normalize."""
    path = urlsplit(value).path.rstrip("/")
    name = f"{PREFIX}{attribute.name.upper()}"
    if not _PLAIN_PATH.fullmatch(path):
        rule = "may have a path of letters, digits and -._~ such as /spike, and no segment that is . or .."
        raise ValueError(f"{name} {rule}, not {path!r}")
    first = path.split("/")[1] if path else ""
    if first in OWN_FIRST_SEGMENTS:
        raise ValueError(f"{name} can't have a path that begins with /{first}: Spike has paths of its own there")


def _networks(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    for part in value.replace(",", " ").split():
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            name = f"{PREFIX}{attribute.name.upper()}"
            raise ValueError(f"{name} must be addresses or networks such as 10.0.0.0/8, not {part!r}") from error


def _origins(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    """Require origins (RFC 6454) or `*`, separated by commas or spaces."""
    name = f"{PREFIX}{attribute.name.upper()}"
    for part in value.replace(",", " ").split():
        origin = _ORIGIN.fullmatch(part)
        if part != "*" and (origin is None or int(origin["port"] or 0) > _PORT_MAX):
            raise ValueError(f"{name} must be origins such as https://app.example.org, or *, not {part!r}")


def _internal_location(_settings: object, attribute: "Attribute[str]", value: str) -> None:
    """Require a path that can be the name of a location of nginx, and is none of Spike's own."""
    name = f"{PREFIX}{attribute.name.upper()}"
    path = value.rstrip("/")
    if value and not (path and _PLAIN_PATH.fullmatch(path)):
        raise ValueError(f"{name} must be a path such as /objects, not {value!r}")
    if path and path.split("/")[1] in OWN_FIRST_SEGMENTS:
        raise ValueError(f"{name} can't begin with /{path.split('/')[1]}: Spike has paths of its own there")


@frozen(kw_only=True)
class Settings:
    """All settings. Times are in seconds. See `docs/reference/settings.md`."""

    data_dir: Path = Path("var")  # holds the database, the objects and the secret, unless URLs say otherwise
    database_url: str = ""  # sqlite:///path or postgresql://…; if empty, spike.db in the data folder
    database_connections: int = field(default=16, validator=_at_least(2))  # of this process
    database_lock_s: float = field(default=5.0, validator=_at_least(0.1))
    database_statement_s: float = field(default=30.0, validator=_at_least(1))
    storage_url: str = ""  # file:///path or s3://…; if empty, objects/ in the data folder
    broker_url: str = "memory://"
    upscaler: str = "auto"  # neural if it is installed, else classical
    engine_threads: int = field(default=2, validator=_at_least(1))  # of the neural engine, for one picture
    engine_memory_mb: int = field(default=256, validator=_at_least(16))  # of its networks, for one picture
    exif: str = field(default="keep", validator=_one_of("keep", "strip"))  # the original's metadata, in results
    # image work in child processes: isolated, with limits alone, or none
    sandbox: str = field(default="on", validator=_one_of("on", "limits", "off"))
    sandbox_memory_mb: int = field(default=2048, validator=_at_least(256))  # of one child; the kernel's MiB
    sandbox_cpu_s: float = field(default=600.0, validator=_at_least(1))  # of one picture, all threads together
    sandbox_time_s: float = field(default=300.0, validator=_at_least(1))
    sandbox_look_s: float = field(default=3.0, validator=_at_least(1))  # processor time to look at an upload
    sandbox_probe_s: float = field(default=20.0, validator=_at_least(1))  # processor time to check a result
    sandbox_probes: int = field(default=2, validator=_at_least(1))  # concurrent probes
    sandbox_paths: str = field(default="", validator=_absolute_paths)  # that isolated children may read, too
    sandbox_variables: str = ""  # names of environment variables that children get, too; separated by commas
    generator: str = "procedural"
    generator_url: str = ""  # of the server, for a generator that needs one
    generator_api_key: typed_settings.SecretStr = field(default=_NO_SECRET, validator=_no_space_around)
    generator_model: str = ""
    secret: typed_settings.SecretStr = field(
        default=_NO_SECRET, validator=_no_space_around
    )  # signs links; if empty, generated and kept in the data folder

    # https://spike.example.org, or https://example.org/spike; if empty, taken from each request's host
    public_url: str = field(default="", validator=[_web_url, _servable_path])
    cdn_url: str = field(default="", validator=_web_url)  # serves the object store at plain addresses, if set
    # the location at which nginx, in front of Spike, sends the files of the folder store; if empty, Spike sends them
    accel_redirect: str = field(default="", validator=_internal_location)
    # the secrets of NextAuth or Auth.js, whose session cookies then sign in; separated by commas
    nextauth_secret: typed_settings.SecretStr = field(default=_NO_SECRET, validator=[_no_space_around, _long_secrets])
    nextauth_link: str = field(default="none", validator=_one_of("none", "email"))  # to users that there are
    sign_up: str = field(default="closed", validator=_one_of("closed", "open"))  # of those whom it signs in
    link_lifetime_s: float = field(default=3600.0, validator=[_at_least(1), _at_most(604800)])  # S3's maximum: a week
    # origins of other pages that may call the API, such as https://app.example.org; `*` is any, without cookies
    cors_origins: str = field(default="", validator=_origins)
    web_threads: int = field(default=8, validator=_at_least(1))
    connections_max: int = field(default=4000, validator=_at_least(1))
    peer_connections_max: int = field(default=2000, validator=_at_least(1))  # of one address that is no trusted proxy
    bodies_mb_max: int = field(default=2000, validator=_at_least(120))  # of 10^6 bytes, received at once
    header_timeout_s: float = field(default=20.0, validator=_at_least(0.1))  # to send the header of a request
    body_timeout_s: float = field(default=600.0, validator=_at_least(0.1))  # to send its body
    read_timeout_s: float = field(default=30.0, validator=_at_least(1))  # without reading any of a response
    idle_timeout_s: float = field(default=120.0, validator=_at_least(1))  # without a request
    drain_s: float = field(default=20.0, validator=_at_least(0))  # for connections that are open at SIGTERM

    trusted_proxies: str = field(default="", validator=_networks)  # whose X-Forwarded-… headers are trusted
    rate_limit_url: str = "memory://"
    rate_window_s: float = field(default=DEFAULT_WINDOW.total_seconds(), validator=_at_least(1))
    # requests in a window; 0 is no limit
    rate_upload: int = _rate(RateLimitGroup.UPLOAD)
    rate_batch_upload: int = _rate(RateLimitGroup.BATCH_UPLOAD)
    rate_enhance: int = _rate(RateLimitGroup.ENHANCE)
    rate_parallel_enhance: int = _rate(RateLimitGroup.PARALLEL_ENHANCE)
    rate_move: int = _rate(RateLimitGroup.MOVE)
    rate_get_image: int = _rate(RateLimitGroup.GET_IMAGE)
    rate_analyze: int = _rate(RateLimitGroup.ANALYZE)
    rate_anonymous_upload: int = _rate(RateLimitGroup.ANONYMOUS_UPLOAD)
    rate_anonymous_mix: int = _rate(RateLimitGroup.ANONYMOUS_MIX)
    rate_generate: int = _rate(RateLimitGroup.GENERATE)
    rate_modify: int = _rate(RateLimitGroup.MODIFY)
    rate_cancel: int = _rate(RateLimitGroup.CANCEL)  # of jobs that a worker has begun
    rate_download: int = _rate(RateLimitGroup.DOWNLOAD)  # of several pictures in one file
    rate_webhook: int = _rate(RateLimitGroup.WEBHOOK)  # that create, change or test one, or send something again
    rate_general: int = _rate(RateLimitGroup.GENERAL)

    serve_works: str = field(default="auto", validator=_one_of("auto", "yes", "no"))  # whether `spike serve` works too
    worker_threads: int = field(default=2, validator=_at_least(0))  # in this process; 0 leaves it to others
    quick_threads: int = field(default=1, validator=_at_least(0))  # of these, reserved for quick jobs
    worker_drain_s: float = field(default=25.0, validator=_at_least(0))  # for jobs that run at SIGTERM
    relay_interval_s: float = field(default=1.0, validator=_at_least(0.01))
    sweep_interval_s: float = field(default=5.0, validator=_at_least(0.01))
    collect_interval_s: float = field(default=900.0, validator=_at_least(0.01))
    orphans_interval_s: float = field(default=86400.0, validator=_at_least(0.01))

    # budgets of one owner, and of all anonymous owners together
    open_free_jobs_max: int = field(default=100, validator=_at_least(0))
    open_paid_jobs_max: int = field(default=2000, validator=_at_least(0))
    open_image_jobs_max: int = field(default=50, validator=_at_least(1))  # of one image
    images_max: int = field(default=20_000, validator=_at_least(0))
    storage_mb_max: int = field(default=20_000, validator=_at_least(0))
    anonymous_open_jobs_max: int = field(default=200, validator=_at_least(0))
    anonymous_images_max: int = field(default=20_000, validator=_at_least(0))
    anonymous_storage_mb_max: int = field(default=20_000, validator=_at_least(0))
    sessions_max: int = field(default=20, validator=_at_least(1))  # of one user; the oldest ends
    download_images_max: int = field(default=10_000, validator=_at_least(1))  # in one zip file
    download_mb_max: int = field(default=20_000, validator=_at_least(1))  # in one zip file
    # what is sent: MiB, files of a batch upload or images of a batch enhancement, millions of pixels
    file_mb_max: int = field(
        default=UPLOAD_BYTES_MAX // MEBIBYTE, validator=[_at_least(1), _at_most(LARGEST_FILE_BYTES_MAX // MEBIBYTE)]
    )
    source_mb_max: int = field(  # of a picture in JSON, or fetched from a URL
        default=SOURCE_BYTES_MAX // MEBIBYTE, validator=[_at_least(1), _at_most(LARGEST_SOURCE_BYTES_MAX // MEBIBYTE)]
    )
    batch_files_max: int = field(default=BATCH_FILES_MAX, validator=[_at_least(1), _at_most(LARGEST_BATCH_FILES_MAX)])
    batch_mb_max: int = field(
        default=BATCH_BYTES_MAX // MEBIBYTE, validator=[_at_least(1), _at_most(LARGEST_BATCH_BYTES_MAX // MEBIBYTE)]
    )
    image_megapixels_max: int = field(
        default=PICTURE_PIXELS_MAX // MEGAPIXEL, validator=[_at_least(1), _at_most(ACCEPTED_PIXELS_MAX // MEGAPIXEL)]
    )
    disk_free_mb_min: int = field(default=500, validator=_at_least(0))  # of a store in a folder

    webhook_allow: str = field(default="", validator=_networks)  # private networks that webhooks may be sent to
    event_retry_s: float = field(default=259200.0, validator=_at_least(0))  # then a failing event is set aside
    event_retention_s: float = field(default=864000.0, validator=_at_least(1))  # of events that no subscriber handles
    anonymous_retention_s: float = field(default=604800.0, validator=_at_least(1))

    opening_grant: int = field(default=100, validator=_at_least(0))
    token_cap: int = field(default=100, validator=_at_least(0))
    regeneration_interval_s: float = field(default=900.0, validator=_at_least(0.001))

    lease_s: float = field(default=60.0, validator=_at_least(1))
    heartbeat_s: float = field(default=15.0, validator=_at_least(0.1))
    work_time_max_s: float = field(default=600.0, validator=_at_least(1))  # of one attempt
    attempts_max: int = field(default=3, validator=_at_least(1))
    active_jobs_max: int = field(default=8, validator=_at_least(1))  # jobs in flight of one user
    on_their_way_max: int = field(default=0, validator=_at_least(0))  # the old name of active_jobs_max; 0 is not set
    active_cpu_s_max: float = field(default=3600.0, validator=_at_least(1))  # processor time of the jobs in flight
    deaths_max: int = field(default=3, validator=_at_least(1))
    retry_delay_s: float = field(default=5.0, validator=_at_least(0))
    redeliver_after_s: float = field(default=4.0, validator=_at_least(1))
    refusal_max_s: float = field(default=3600.0, validator=_at_least(0))
    # an upload may take half of it; two seconds suffice to probe and store a picture on an idle machine
    orphan_age_s: float = field(default=3600.0, validator=_at_least(4))

    metrics_dir: str = ""  # where processes of one machine add up their metrics; if empty, each counts alone
    log_level: str = field(default="INFO", validator=_one_of("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = field(default="auto", validator=_one_of("auto", "console", "json"))

    # tables of the settings file, by the tier's and by the adapter's name
    tiers: dict[str, dict[str, Any]] = field(factory=dict, eq=False)
    adapters: dict[str, dict[str, Any]] = field(factory=dict, eq=False, repr=False)
    adapter_variables: dict[str, str] = field(factory=dict, eq=False, repr=False)  # SPIKE_ADAPTER_…, by name

    def __attrs_post_init__(self) -> None:
        """Check the settings that depend on each other, and warn of old names."""
        for old in self.old_names:
            warn_deprecated(_variable(old), instead=_variable(RENAMED[old]), removed_in=_RENAMED_UNTIL)
            if getattr(self, RENAMED[old]) != getattr(fields(type(self)), RENAMED[old]).default:
                raise ValueError(_both_names(old))  # one may be in the file, and the other in the environment
        catalog_of(self.tiers)
        if self.heartbeat_s * 2 > self.lease_s:
            raise ValueError(
                "SPIKE_HEARTBEAT_S must be at most half of SPIKE_LEASE_S, so that one heartbeat may be missed"
            )
        if self.batch_mb_max < self.file_mb_max:
            raise ValueError(
                f"SPIKE_BATCH_MB_MAX must be at least SPIKE_FILE_MB_MAX, {self.file_mb_max}, not {self.batch_mb_max}"
            )
        # one client may use half of it; base64 in JSON takes up to 1.44 times the picture
        bodies_mb = math.ceil(2 * max(self.batch_mb_max + 1, 1.5 * self.source_mb_max + 1) * MEBIBYTE / MEGABYTE)
        if self.bodies_mb_max < bodies_mb:
            raise ValueError(
                f"SPIKE_BODIES_MB_MAX must be at least {bodies_mb}, not {self.bodies_mb_max}, since "
                f"SPIKE_BATCH_MB_MAX is {self.batch_mb_max} and SPIKE_SOURCE_MB_MAX {self.source_mb_max}"
            )
        if self.accel_redirect and not (self.storage_url or "file:").lower().startswith("file:"):
            raise ValueError("SPIKE_ACCEL_REDIRECT needs files to redirect to: SPIKE_STORAGE_URL isn't a folder")
        if self.accel_redirect and not self.trusted_proxies:
            raise ValueError("SPIKE_ACCEL_REDIRECT needs SPIKE_TRUSTED_PROXIES: only a trusted proxy is redirected")

    @property
    def old_names(self) -> Sequence[str]:
        """The fields of `RENAMED` that are set."""
        return [old for old in RENAMED if getattr(self, old)]

    @property
    def catalog(self) -> Catalog:
        """The tiers that are sold."""
        return catalog_of(self.tiers)

    @property
    def database_limits(self) -> DatabaseLimits:
        """The limits of this process's use of the database."""
        return DatabaseLimits(
            connections_max=self.database_connections,
            lock_wait=timedelta(seconds=self.database_lock_s),
            statement_time=timedelta(seconds=self.database_statement_s),
        )

    @property
    def upload_limits(self) -> UploadLimits:
        """The limits of what is sent."""
        return UploadLimits(
            file_bytes=self.file_mb_max * MEBIBYTE,
            source_bytes=self.source_mb_max * MEBIBYTE,
            batch_files=self.batch_files_max,
            batch_bytes=self.batch_mb_max * MEBIBYTE,
            pixels=self.image_megapixels_max * MEGAPIXEL,
        )

    @property
    def download_limits(self) -> DownloadLimits:
        """The limits of one zip file."""
        return DownloadLimits(images_max=self.download_images_max, bytes_max=self.download_mb_max * MEGABYTE)

    @property
    def job_limits(self) -> JobLimits:
        """The limits on attempts, crashes and times of a job."""
        return JobLimits(
            lease=timedelta(seconds=self.lease_s),
            work_time_max=timedelta(seconds=self.work_time_max_s),
            attempts_max=self.attempts_max,
            crashes_max=self.deaths_max,
            active_jobs_max=self.on_their_way_max or self.active_jobs_max,
            active_time_max=timedelta(seconds=self.active_cpu_s_max),
            processor_time=timedelta(seconds=self.sandbox_cpu_s),
            retry_delay=timedelta(seconds=self.retry_delay_s),
            redeliver_after=timedelta(seconds=self.redeliver_after_s),
            refusal_max=timedelta(seconds=self.refusal_max_s),
            orphan_age=timedelta(seconds=self.orphan_age_s),
            orphan_interval=timedelta(seconds=self.orphans_interval_s),
        )

    @property
    def event_limits(self) -> EventLimits:
        """How long events are tried and kept."""
        return EventLimits(
            lease=timedelta(seconds=self.lease_s),
            retry=timedelta(seconds=self.event_retry_s),
            retention=timedelta(seconds=self.event_retention_s),
        )

    @property
    def budgets(self) -> Budgets:
        """How much owners may use."""
        return Budgets(
            owner=Budget(
                free_jobs=self.open_free_jobs_max,
                paid_jobs=self.open_paid_jobs_max,
                image_jobs=self.open_image_jobs_max,
                images=self.images_max,
                stored_bytes=self.storage_mb_max * MEGABYTE,
            ),
            anonymous=Budget(
                free_jobs=self.anonymous_open_jobs_max,
                image_jobs=self.open_image_jobs_max,
                images=self.anonymous_images_max,
                stored_bytes=self.anonymous_storage_mb_max * MEGABYTE,
            ),
            sessions=self.sessions_max,
        )

    @property
    def nextauth_secrets(self) -> Sequence[str]:
        """The secrets of the program whose NextAuth cookies sign in; none if there is no such program."""
        return [secret.strip() for secret in self.nextauth_secret.split(",")] if self.nextauth_secret else []

    @property
    def sign_up_policy(self) -> SignUpPolicy:
        """Who of those whom another program signs in gets an account."""
        return SignUpPolicy(is_open=self.sign_up == "open", links_emails=self.nextauth_link == "email")

    @property
    def webhook_networks(self) -> Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """The networks that webhooks may be sent to besides the public internet."""
        return [ipaddress.ip_network(part) for part in self.webhook_allow.replace(",", " ").split()]

    @property
    def rates(self) -> Sequence[RateLimit]:
        """The rate limits of one caller, without those that are off."""
        limits: dict[RateLimitGroup, int] = {
            group: getattr(self, f"rate_{group.name.lower()}") for group in RateLimitGroup
        }
        window = timedelta(seconds=self.rate_window_s)
        return [RateLimit(bucket=bucket, limit=limit, window=window) for bucket, limit in limits.items() if limit]

    @property
    def regeneration(self) -> RegenerationPolicy:
        """How tokens regenerate."""
        return RegenerationPolicy(interval=timedelta(seconds=self.regeneration_interval_s), cap=Tokens(self.token_cap))


def load_settings() -> Settings:
    """Return the settings from the environment and the TOML file.

    Raises:
        WrongSettings: a value has the wrong type or range, or a name isn't a setting's.
    """
    _check_names()
    file = os.environ.get(CONFIG_VARIABLE, "")
    if file and not Path(file).is_file():
        raise WrongSettings(f"{CONFIG_VARIABLE}: there is no file {file}")
    files = typed_settings.FileLoader({"*": typed_settings.TomlFormat("spike")}, [file] if file else [])
    try:
        loaded = typed_settings.load_settings(
            Settings, [files, typed_settings.EnvLoader(PREFIX)], processors=[_check], converter=_converter()
        )
    except TsError as error:
        raise WrongSettings(str(error)) from error
    return evolve(loaded, adapter_variables={n: v for n, v in os.environ.items() if n.startswith(ADAPTER_PREFIX)})


@functools.cache  # what it learns about `Settings` takes longer than to load them
def _converter() -> Converter:
    return typed_settings.default_converter()


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _both_names(old: str) -> str:
    return f"{_variable(old)} is the old name of {_variable(RENAMED[old])}, which is set too; remove the old one"


def _check_names() -> None:
    """Reject a variable that looks like a setting and isn't one: a typing error, which would be ignored silently."""
    names = {PREFIX + attribute.name.upper() for attribute in fields(Settings) if attribute.name not in TABLES}
    for old, new in RENAMED.items():
        if _variable(old) in os.environ and _variable(new) in os.environ:
            raise WrongSettings(_both_names(old))
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and not variable.startswith(_RESERVED) and variable not in names:
            close = difflib.get_close_matches(variable, names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise WrongSettings(f"{variable} isn't a setting{hint}")


def _check(settings_dict: SettingsDict, settings_cls: SettingsClass, options: OptionList) -> SettingsDict:  # noqa: ARG001  # a processor's names
    """Check the values as a processor of typed-settings, whose own errors don't name the variable.

    Raises:
        WrongSettings: a value can't be converted, or a validator refuses it.
    """
    converter = _converter()
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for option in options:
        if option.path not in settings_dict:  # a table that isn't given
            continue
        value = settings_dict[option.path]
        try:
            values[option.path] = converter.structure(value, option.cls)
        except Exception as error:  # noqa: BLE001  # which errors a converter raises is not documented
            wrong.append(f"{PREFIX}{option.path.upper()}: {value!r} is invalid: {error}")
    if wrong:
        raise WrongSettings("\n".join(wrong))
    try:
        Settings(**values)
    except ValueError as error:
        raise WrongSettings(str(error)) from error
    return settings_dict
