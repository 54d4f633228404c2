"""The sender: one signed POST request, to an address that is checked each time."""

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpcore2
from attrs import define, field, frozen

from spike_core.domain.errors import DownloadFailed, UnsafeAddress, UnsafeWebhookUrl
from spike_core.domain.webhooks import (
    RETRY_AFTER_MAX,
    WEBHOOK_TIME_MAX,
    AttemptResult,
    WebhookAttempt,
    WebhookMessage,
)
from spike_fetch import Address, AddressGuard, Resolve, allowed, check_url, encoded, resolved
from spike_network import Deadline, DeadlineBackend, Lookups, LookupTimeout
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
_AT_ONCE: Final = timedelta(0)


@define
class TlsContext:
    """The settings of TLS, with the system's certificates: made once, since reading these takes a fifth of a second."""

    _made: ssl.SSLContext | None = field(default=None, init=False)
    _making: threading.Lock = field(factory=threading.Lock, init=False)

    def of(self, url: str) -> ssl.SSLContext | None:
        """Return the context; for plain HTTP there is none."""
        if url.startswith("http:"):
            return None
        with self._making:
            self._made = self._made or httpcore2.default_ssl_context()
            return self._made


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
        status, detail, retry_after = self._answer(message)
        took = timedelta(seconds=self.monotonic() - began_s)
        if status is None:
            return WebhookAttempt(result=AttemptResult.FAILED, took=took, detail=detail)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return WebhookAttempt(result=AttemptResult.ACCEPTED, took=took, status=status)
        result = AttemptResult.GONE if status == HTTPStatus.GONE else AttemptResult.FAILED
        detail = f"the receiver answered {status}"
        return WebhookAttempt(result=result, took=took, status=status, detail=detail, retry_after=retry_after)

    def _answer(self, message: WebhookMessage) -> tuple[int | None, str, timedelta]:
        """Return the status of the answer, or what went wrong, and when to try again."""
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
                return response.status, "", _retry_after(response, now=message.sent_at)
        except UnsafeAddress:
            return None, "the address isn't allowed", _AT_ONCE
        except (httpcore2.TimeoutException, LookupTimeout):
            return None, "time-out", _AT_ONCE
        except DownloadFailed:
            return None, "the host has no address", _AT_ONCE
        except httpcore2.ProtocolError:
            return None, "the answer isn't HTTP", _AT_ONCE
        except (httpcore2.NetworkError, OSError) as error:
            is_tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            return None, "no TLS connection: is the certificate valid?" if is_tls else "no connection", _AT_ONCE

    def _guard(self, deadline: Deadline, lookups: Lookups) -> AddressGuard:
        return AddressGuard(resolve=self.resolve, validate=self._allows, lookups=lookups, deadline=deadline)

    def _allows(self, address: Address, port: int) -> bool:
        return allowed(address, port) or any(address in network for network in self.allow)


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
