"""Whether webhooks fail for a fault of our own: no network, or no answer to any lookup of a name."""

from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from spike_core.domain.webhooks import AttemptResult, WebhookAttempt

OUTAGE_HOSTS: Final = 3  # so many different hosts in a row that weren't reached are no coincidence


@frozen
class OutageWatch:
    """Remembers the hosts that this process hasn't reached since it reached one, `OUTAGE_HOSTS` at most.

    An installation that sends to fewer hosts can't tell its own fault from theirs, and blames them. Where so many are
    really gone and no other is left, none is blamed; what is sent to them ends by its schedule all the same.
    """

    _unreached: set[str] = field(factory=set, init=False)

    def is_outage(self, url: str, attempt: WebhookAttempt) -> bool:
        """Take an attempt into account, and return whether it failed for a fault of our own."""
        if attempt.status is not None:
            self._unreached.clear()
        if attempt.result is not AttemptResult.UNREACHED:
            return False
        if len(self._unreached) < OUTAGE_HOSTS:
            self._unreached.add(urlsplit(url).netloc)
        return len(self._unreached) >= OUTAGE_HOSTS
