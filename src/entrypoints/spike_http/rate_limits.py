"""Rate limits at the edge: which bucket a request is counted in, for whom, and what it is told."""

from collections.abc import Mapping
from datetime import timedelta

import falcon
import structlog
from attrs import frozen

from spike_core.domain.errors import LimiterUnavailable, TooManyRequests
from spike_core.domain.rate_limits import Allowance, RateLimit, RateLimitGroup
from spike_core.ports.clock import Clock
from spike_core.ports.limiter import RateLimiter
from spike_http.serving.proxies import Proxies

_SECOND = timedelta(seconds=1)


@frozen(kw_only=True)
class Limits:
    """Counts requests. A limiter that doesn't answer lets everybody pass, and is asked again by the next request."""

    limiter: RateLimiter
    rates: Mapping[RateLimitGroup, RateLimit]  # those that aren't here have no limit
    proxies: Proxies
    clock: Clock

    def count(self, req: falcon.Request, bucket: RateLimitGroup, *, caller: str) -> None:
        """Count a request and note for its answer what is left.

        Raises:
            TooManyRequests: it is one too many.
        """
        rate = self.rates.get(bucket)
        if rate is None:
            return
        try:
            allowance = self.limiter.hit(caller, rate)
        except LimiterUnavailable as error:
            structlog.get_logger(__name__).warning("requests aren't counted", exc_info=error)
            return
        req.context.allowance = allowance
        if allowance.is_exceeded:
            wait = allowance.resets_at - self.clock.now()
            raise TooManyRequests(retry_after_s=max(1, -(-wait // _SECOND)))

    def count_client(self, req: falcon.Request, bucket: RateLimitGroup) -> None:
        """Count a request by the address that it comes from.

        Raises:
            TooManyRequests: it is one too many.
        """
        self.count(req, bucket, caller=self.proxies.client(req))


def tell(resp: falcon.Response, allowance: Allowance) -> None:
    """Say in an answer what is left. The time is in seconds since 1970."""
    resp.set_header("X-RateLimit-Limit", str(allowance.limit))
    resp.set_header("X-RateLimit-Remaining", str(allowance.remaining))
    resp.set_header("X-RateLimit-Reset", str(int(allowance.resets_at.timestamp())))
