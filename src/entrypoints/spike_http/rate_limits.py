"""Rate limits over HTTP: count each request for its caller, and report what is left in headers."""

from collections.abc import Mapping
from datetime import timedelta

import falcon
from attrs import frozen

from spike_core.domain.errors import LimiterUnavailable, TooManyRequests
from spike_core.domain.rate_limits import Allowance, RateLimit, RateLimitGroup
from spike_core.ports.clock import Clock
from spike_core.ports.limiter import RateLimiter
from spike_http.context import Request
from spike_http.serving.proxies import Proxies
from spike_runtime.logs import get_logger

_SECOND = timedelta(seconds=1)


@frozen(kw_only=True)
class CountedRequest:
    """What a caller has left of a rate limit after a request."""

    allowance: Allowance
    rate: RateLimit
    resets_in_s: int  # at least 1


@frozen(kw_only=True)
class RequestLimiter:
    """Counts requests by caller and group.

    Requests pass uncounted while the rate limiter is unavailable; the next request tries it again.
    """

    limiter: RateLimiter
    rates: Mapping[RateLimitGroup, RateLimit]  # a group that isn't listed has no limit
    proxies: Proxies
    clock: Clock

    def count(self, req: Request, bucket: RateLimitGroup, *, caller: str) -> None:
        """Count a request, and note in its context what the caller has left.

        Raises:
            TooManyRequests: the caller has used up the limit.
        """
        rate = self.rates.get(bucket)
        if rate is None:
            return
        try:
            allowance = self.limiter.hit(caller, rate)
        except LimiterUnavailable as error:
            get_logger(__name__).warning("requests aren't counted", exc_info=error)
            return
        wait_s = max(1, -(-(allowance.resets_at - self.clock.now()) // _SECOND))
        req.context.counted = CountedRequest(allowance=allowance, rate=rate, resets_in_s=wait_s)
        if allowance.is_exceeded:
            raise TooManyRequests(retry_after_s=wait_s)

    def count_client(self, req: Request, bucket: RateLimitGroup) -> None:
        """Count a request by the client's address.

        Raises:
            TooManyRequests: the address has used up the limit.
        """
        self.count(req, bucket, caller=self.client(req))

    def client(self, req: Request) -> str:
        """Return the key of the client's address. It has a space, so that no owner's id is the same."""
        return f"address {self.proxies.client(req)}"


def set_rate_limit_headers(resp: falcon.Response, counted: CountedRequest) -> None:
    """Set the `X-RateLimit-…` headers, whose reset time is in seconds since 1970, and `RateLimit…`.

    The latter are structured fields, by the draft `draft-ietf-httpapi-ratelimit-headers`: the policy's name, its quota
    `q` and window `w`; and what remains, `r`, for `t` more seconds.
    """
    allowance, rate = counted.allowance, counted.rate
    resp.set_header("X-RateLimit-Limit", str(allowance.limit))
    resp.set_header("X-RateLimit-Remaining", str(allowance.remaining))
    resp.set_header("X-RateLimit-Reset", str(int(allowance.resets_at.timestamp())))
    window_s = -(-rate.window // _SECOND)
    resp.set_header("RateLimit-Policy", f'"{rate.bucket.value}";q={rate.limit};w={window_s}')
    resp.set_header("RateLimit", f'"{rate.bucket.value}";r={allowance.remaining};t={counted.resets_in_s}')
