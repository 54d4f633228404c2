"""The sender: one signed POST request, to an address that is checked each time."""

import ipaddress
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpcore2
from attrs import evolve, field, frozen

from spike_core.domain.errors import DownloadFailed, UnsafeAddress, UnsafeWebhookUrl
from spike_core.domain.webhooks import (
    RETRY_AFTER_MAX,
    WEBHOOK_TIME_MAX,
    AttemptResult,
    WebhookAttempt,
    WebhookMessage,
)
from spike_fetch import Address, AddressGuard, Resolve, allowed, check_url, encoded, resolved
from spike_network import Deadline, DeadlineBackend, Lookups, LookupTimeout, TlsContext
from spike_webhooks.payloads import payload
from spike_webhooks.signatures import signature_headers

CHECK_S: Final = 5.0  # to look up a name when a webhook is created
# of attempts at once, with those that were given up: a resolver may hang for a minute, four times as long as an attempt
LOOKUPS_MAX: Final = 64
CHECKS_MAX: Final = 16  # lookups of new URLs at once; apart, so that they never hold up an attempt
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HEADERS: Final = [(b"Content-Type", b"application/json"), (b"User-Agent", b"Spike"), (b"Connection", b"close")]
_PORTS: Final = {"http": 80, "https": 443}
_ASKING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})  # with `Retry-After`
_NO_ANSWER: Final = (
    *(UnsafeAddress, DownloadFailed),
    *(httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.NetworkError, OSError),
)
_AT_ONCE: Final = timedelta(0)


@frozen(kw_only=True)
class HttpWebhookSender:
    """Sends over http and https, without proxies, cookies, redirects or network settings of the environment.

    The answer's status is read, and never its body.
    """

    base_url: str = ""  # of links; if it is empty, they are paths
    allow: Sequence[Network] = ()  # where every address and port is allowed
    resolve: Resolve = resolved
    deadline_s: float = WEBHOOK_TIME_MAX.total_seconds()
    monotonic: Callable[[], float] = time.monotonic
    _lookups: Lookups = field(factory=partial(Lookups, LOOKUPS_MAX), init=False, repr=False)
    _checks: Lookups = field(factory=partial(Lookups, CHECKS_MAX), init=False, repr=False)
    _tls: TlsContext = field(factory=TlsContext, init=False, repr=False)

    def check(self, url: str) -> None:
        """Look up the host of a URL, and judge its addresses; see the port."""
        deadline = Deadline.after(min(CHECK_S, self.deadline_s), monotonic=self.monotonic)
        guard = self._guard(deadline, self._checks)
        try:
            check_url(url)
            encoded(url)
            parts = urlsplit(url)
            guard.choose(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        except (UnsafeAddress, DownloadFailed, httpcore2.TimeoutException, OSError) as error:
            raise UnsafeWebhookUrl from error

    def send(self, message: WebhookMessage) -> WebhookAttempt:
        """Make one attempt; see the port."""
        began_s = self.monotonic()
        attempt = self._attempt(message)
        return evolve(attempt, took=timedelta(seconds=self.monotonic() - began_s))

    def _attempt(self, message: WebhookMessage) -> WebhookAttempt:
        """Return what became of an attempt, but for how long it took."""
        body = payload(message.event, base_url=self.base_url)
        signed = signature_headers(message.event.id.text, body, secrets=message.secrets, sent_at=message.sent_at)
        deadline = Deadline.after(self.deadline_s, monotonic=self.monotonic)
        network = DeadlineBackend(deadline, choose_address=self._guard(deadline, self._lookups).choose)
        try:
            check_url(message.url)
            with (
                httpcore2.ConnectionPool(ssl_context=self._tls.of(message.url), network_backend=network) as pool,
                pool.stream("POST", encoded(message.url), headers=[*_HEADERS, *signed], content=body) as response,
            ):
                return _answered(response, now=message.sent_at)
        except _NO_ANSWER as error:
            return _failed(error)

    def _guard(self, deadline: Deadline, lookups: Lookups) -> AddressGuard:
        return AddressGuard(resolve=self.resolve, validate=self._allows, lookups=lookups, deadline=deadline)

    def _allows(self, address: Address, port: int) -> bool:
        return allowed(address, port) or any(address in network for network in self.allow)


def _failed(error: Exception) -> WebhookAttempt:
    """Return an attempt that got no answer. Where no connection was made, our own network may be at fault."""
    result = AttemptResult.FAILED
    match error:
        case UnsafeAddress():
            detail = "the address isn't allowed"
        case DownloadFailed():
            result, detail = AttemptResult.UNREACHED, "the host has no address"
        case httpcore2.ConnectTimeout() | LookupTimeout():
            result, detail = AttemptResult.UNREACHED, "time-out"
        case httpcore2.TimeoutException():
            detail = "time-out"
        case httpcore2.ProtocolError():
            detail = "the answer isn't HTTP"
        case _ if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            detail = "no TLS connection: is the certificate valid?"
        case httpcore2.ConnectError():
            result, detail = AttemptResult.UNREACHED, "no connection"
        case _:
            detail = "no connection"
    return WebhookAttempt(result=result, took=_AT_ONCE, detail=detail)


def _answered(response: httpcore2.Response, *, now: datetime) -> WebhookAttempt:
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return WebhookAttempt(result=AttemptResult.ACCEPTED, took=_AT_ONCE, status=status)
    return WebhookAttempt(
        result=AttemptResult.GONE if status == HTTPStatus.GONE else AttemptResult.FAILED,
        took=_AT_ONCE,
        status=status,
        detail=f"the receiver answered {status}",
        retry_after=_retry_after(response, now=now),
    )


def _retry_after(response: httpcore2.Response, *, now: datetime) -> timedelta:
    """Return what `Retry-After` asks for, in seconds or as a date (RFC 9110, section 10.2.3); 0 if it isn't valid."""
    texts = [value.decode("latin-1").strip() for name, value in response.headers if name.lower() == b"retry-after"]
    if response.status not in _ASKING or not texts:
        return _AT_ONCE
    if texts[0].isascii() and texts[0].isdigit():
        return min(timedelta(seconds=int(texts[0][:9])), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(texts[0])
    except (ValueError, OverflowError):  # the latter for numbers of many digits
        return _AT_ONCE
    asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(asked, _AT_ONCE), RETRY_AFTER_MAX)
