"""The sender: one signed POST request, to an address that is checked each time."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpcore2
from attrs import field, frozen

from spike_core.domain.errors import DownloadFailed, UnsafeAddress, UnsafeWebhookUrl
from spike_core.domain.webhooks import WEBHOOK_TIME_MAX, AttemptResult, WebhookAttempt, WebhookMessage
from spike_fetch import Address, AddressGuard, Resolve, allowed, check_url, encoded, resolved
from spike_network import Deadline, DeadlineBackend, Lookups
from spike_webhooks.payloads import payload
from spike_webhooks.signatures import signature_headers

CHECK_S: Final = 5.0  # to look up a name when a webhook is created
LOOKUPS_MAX: Final = 16  # at once; apart from those of downloads
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HEADERS: Final = [(b"Content-Type", b"application/json"), (b"User-Agent", b"Spike"), (b"Connection", b"close")]
_PORTS: Final = {"http": 80, "https": 443}


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

    def check(self, url: str) -> None:
        """Look up the host of a URL, and judge its addresses; see the port."""
        guard = self._guard(Deadline.after(min(CHECK_S, self.deadline_s), monotonic=self.monotonic))
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
        status, detail = self._status(message)
        took = timedelta(seconds=self.monotonic() - began_s)
        if status is None:
            return WebhookAttempt(result=AttemptResult.FAILED, took=took, detail=detail)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return WebhookAttempt(result=AttemptResult.ACCEPTED, took=took, status=status)
        result = AttemptResult.GONE if status == HTTPStatus.GONE else AttemptResult.FAILED
        return WebhookAttempt(result=result, took=took, status=status, detail=f"the receiver answered {status}")

    def _status(self, message: WebhookMessage) -> tuple[int | None, str]:
        """Return the status of the answer, or what went wrong."""
        body = payload(message.event, base_url=self.base_url)
        signed = signature_headers(message.event.id.text, body, secrets=message.secrets, sent_at=message.sent_at)
        deadline = Deadline.after(self.deadline_s, monotonic=self.monotonic)
        network = DeadlineBackend(deadline, choose_address=self._guard(deadline).choose)
        try:
            check_url(message.url)
            with (
                httpcore2.ConnectionPool(network_backend=network) as pool,
                pool.stream("POST", encoded(message.url), headers=[*_HEADERS, *signed], content=body) as response,
            ):
                return response.status, ""
        except UnsafeAddress:
            return None, "the address isn't allowed"
        except httpcore2.TimeoutException:
            return None, "time-out"
        except DownloadFailed:
            return None, "the host has no address"
        except httpcore2.ProtocolError:
            return None, "the answer isn't HTTP"
        except (httpcore2.NetworkError, OSError):
            return None, "no connection"

    def _guard(self, deadline: Deadline) -> AddressGuard:
        return AddressGuard(resolve=self.resolve, validate=self._allows, lookups=self._lookups, deadline=deadline)

    def _allows(self, address: Address, port: int) -> bool:
        return allowed(address, port) or any(address in network for network in self.allow)
