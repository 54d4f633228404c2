"""Mutants of the clock, identifiers, secrets, the rate limiter and the downloader."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from attrs import evolve

from memory_fixtures import LostLimiter
from mutants.mutant import Mutant, backwards, raising, returning
from spike_contracts.clock import ClockContract as Clocks
from spike_contracts.concurrency import ConcurrencyContract as Concurrent
from spike_contracts.downloader import DownloaderContract as Downloads
from spike_contracts.ids import IdsContract as Identifiers
from spike_contracts.limiter import ConcurrentLimiterContract as ConcurrentLimits
from spike_contracts.limiter import LimiterContract as Limits
from spike_contracts.secrets import SecretsContract as Tokens
from spike_core.domain.errors import DownloadFailed, FileTooLarge, UnsafeAddress
from spike_core.domain.identifiers import BODY_LENGTH, JobId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.secrets import Secret
from spike_memory import CountingIds, CountingSecrets, ManualClock, MemoryDownloader, MemoryLimiter, NoConcurrency


def _backwards(now: Any, clock: ManualClock) -> Any:
    clock.advance(timedelta(seconds=-1))
    return now(clock)


def _modulo(new: Any, ids: CountingIds, kind: Any) -> Any:
    return kind.of(str(next(ids._count) % 1000).zfill(BODY_LENGTH))


def _by_kind(new: Any, ids: CountingIds, kind: Any) -> Any:
    counts = vars(ids).setdefault("counts", {})
    counts[kind] = counts.get(kind, 0) + 1
    return kind.of(str(counts[kind]).zfill(BODY_LENGTH))


def _unsafe(new: Any, ids: CountingIds, kind: Any) -> Any:
    import threading  # noqa: PLC0415  # here alone

    drawn = vars(ids).setdefault("drawn", 0)
    threading.Event().wait(0.0001)
    vars(ids)["drawn"] = drawn + 1
    return kind.of(str(drawn).zfill(BODY_LENGTH))


def _of(key: Any) -> Any:
    """Return a `hit` that counts under another caller, rate or window."""

    def hit(right: Any, limiter: MemoryLimiter, caller: str, rate: Any) -> Any:
        return right(limiter, *key(caller, rate))

    return hit


def _sliding(hit: Any, limiter: MemoryLimiter, caller: str, rate: Any) -> Any:
    allowance = hit(limiter, caller, rate)
    _, count = limiter._windows[rate.bucket, caller]
    limiter._windows[rate.bucket, caller] = (limiter._clock.now() + count * rate.window, count)
    return evolve(allowance, resets_at=limiter._windows[rate.bucket, caller][0])


def _never_anew(hit: Any, limiter: MemoryLimiter, caller: str, rate: Any) -> Any:
    return hit(limiter, caller, evolve(rate, window=timedelta(days=1)))


def _clearing(hit: Any, limiter: MemoryLimiter, caller: str, rate: Any) -> Any:
    """Discard all windows when this caller's has ended: lesson 23."""
    ends_at, _ = limiter._windows.get((rate.bucket, caller), (None, 0))
    if ends_at and limiter._clock.now() >= ends_at:
        limiter._windows.clear()
    return hit(limiter, caller, rate)


def _raced(hit: Any, limiter: MemoryLimiter, caller: str, rate: Any) -> Any:
    import threading  # noqa: PLC0415  # here alone

    before = dict(limiter._windows)
    threading.Event().wait(0.001)
    limiter._windows = before
    return hit(limiter, caller, rate)


@contextmanager
def _at_its_end(download: Any, downloader: MemoryDownloader, url: str) -> Any:
    with download(downloader, url) as file:
        file.read()
        yield file


@contextmanager
def _empty_if_missing(download: Any, downloader: MemoryDownloader, url: str) -> Any:
    import io  # noqa: PLC0415  # here alone

    try:
        with download(downloader, url) as file:
            yield file
    except DownloadFailed:
        yield io.BytesIO()


def _instead_of(error: type[Exception], other: Exception) -> Any:
    @contextmanager
    def download(right: Any, downloader: MemoryDownloader, url: str) -> Any:
        try:
            with right(downloader, url) as file:
                yield file
        except error:
            raise other from None

    return download


SHORT: Final = returning(Secret("1234567"))


def _up_to_the_first_error(map_: Any, own: NoConcurrency, function: Any, items: Any) -> Any:
    return [function(item) for item in items]


def _last_error(map_: Any, own: NoConcurrency, function: Any, items: Any) -> Any:
    return list(reversed(map_(own, function, reversed(list(items)))))


MUTANTS: Final = [
    Mutant("returns results in the opposite order", NoConcurrency, "map", backwards,
           Concurrent.test_results_have_the_order_of_the_items),
    Mutant("calls for each item twice", NoConcurrency, "map",
           lambda map_, own, function, items: map_(own, function, [each for item in items for each in (item, item)]),
           Concurrent.test_each_item_is_called_for_once),
    Mutant("calls for something where there is nothing", NoConcurrency, "map",
           lambda map_, own, function, items: map_(own, function, list(items) or [0]),
           Concurrent.test_nothing_is_called_for_no_items),
    Mutant("raises the error of the last item", NoConcurrency, "map", _last_error,
           Concurrent.test_the_error_of_the_first_failing_item_is_raised),
    Mutant("ends at the first error", NoConcurrency, "map", _up_to_the_first_error,
           Concurrent.test_each_item_is_tried_and_no_call_goes_on_after_an_error),
    Mutant("returns local time", ManualClock, "now", lambda now, clock: now(clock).replace(tzinfo=None),
           Clocks.test_the_time_is_aware_and_utc),
    Mutant("runs backwards", ManualClock, "now", _backwards, Clocks.test_two_readings_can_be_compared),
    Mutant("draws job ids alone", CountingIds, "new", lambda new, ids, kind: new(ids, JobId),
           Identifiers.test_an_identifier_is_of_the_wanted_kind),
    Mutant("starts anew after a thousand", CountingIds, "new", _modulo, Identifiers.test_nobody_has_seen_it_before),
    Mutant("counts each kind apart", CountingIds, "new", _by_kind,
           Identifiers.test_a_body_is_not_drawn_for_another_kind_again),
    Mutant("draws an id for several threads", CountingIds, "new", _unsafe,
           Identifiers.test_threads_draw_no_identifier_twice),
    Mutant("draws short session tokens", CountingSecrets, "session_token", SHORT,
           Tokens.test_a_session_token_is_long_enough_and_fits_a_cookie),
    Mutant("draws API keys without a checksum", CountingSecrets, "api_key",
           lambda api_key, secrets: Secret("sk_" + secrets._next()),
           Tokens.test_an_api_key_has_its_prefix_as_much_chance_behind_it_and_a_checksum),
    Mutant("draws short share tokens", CountingSecrets, "share_token", SHORT,
           Tokens.test_a_share_token_is_as_long_and_fits_an_address),
    Mutant("draws one share token", CountingSecrets, "share_token", returning(Secret("s" * 43)),
           Tokens.test_no_secret_is_drawn_twice),
    Mutant("allows one request more", MemoryLimiter, "hit",
           _of(lambda caller, rate: (caller, evolve(rate, limit=rate.limit + 1))),
           Limits.test_as_many_as_the_limit_pass_and_no_more),
    Mutant("counts all callers together", MemoryLimiter, "hit", _of(lambda caller, rate: ("all", rate)),
           Limits.test_callers_and_buckets_are_counted_apart),
    Mutant("counts all groups together", MemoryLimiter, "hit",
           _of(lambda caller, rate: (caller, evolve(rate, bucket=RateLimitGroup.UPLOAD))),
           Limits.test_callers_and_buckets_are_counted_apart),
    Mutant("extends the window with each request", MemoryLimiter, "hit", _sliding,
           Limits.test_the_window_is_fixed_and_ends_in_whole_seconds),
    Mutant("begins no new window", MemoryLimiter, "hit", _never_anew, Limits.test_a_new_window_begins_anew),
    Mutant("ends all windows with one", MemoryLimiter, "hit", _clearing,
           Limits.test_a_window_that_ends_ends_nobody_elses),
    Mutant("leaks the error of its driver", LostLimiter, "hit", raising(OSError("connection refused")),
           Limits.test_a_limiter_that_cannot_count_says_so, fails_with=OSError),
    Mutant("loses requests that come at once", MemoryLimiter, "hit", _raced,
           ConcurrentLimits.test_however_many_ask_at_once_exactly_the_limit_passes),
    Mutant("opens a file at its end", MemoryDownloader, "_download", _at_its_end,
           Downloads.test_a_file_comes_as_it_is_and_from_its_beginning),
    Mutant("opens an empty file in place of a missing one", MemoryDownloader, "_download", _empty_if_missing,
           Downloads.test_what_isnt_there_cant_be_fetched),
    Mutant("fails at a large file by another error", MemoryDownloader, "_download",
           _instead_of(FileTooLarge, DownloadFailed()),
           Downloads.test_a_file_of_the_largest_size_is_fetched_and_no_larger_one, fails_with=DownloadFailed),
    Mutant("takes a local file for one that is missing", MemoryDownloader, "_download",
           _instead_of(UnsafeAddress, DownloadFailed()), Downloads.test_only_the_web_is_asked,
           fails_with=DownloadFailed),
]  # fmt: skip
