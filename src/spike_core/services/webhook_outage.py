"""Whether webhooks fail for a fault of our own: no network, or no answer to any lookup of a name."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from spike_core.domain.webhooks import AttemptResult, WebhookAttempt

OUTAGE_HOSTS: Final = 3  # so many different hosts in a row that weren't reached are no coincidence
OUTAGE_MIN: Final = timedelta(days=1)  # without any answer; a shorter outage disables nothing anyway


@frozen
class OutageWatch:
    """Remembers the hosts that this process hasn't reached since it reached one, `OUTAGE_HOSTS` at most.

    Any owner can name three hosts that are gone. So it is an outage only after `OUTAGE_MIN` in which
    no receiver has answered: one that answers daily is enough for others to be blamed.

    An installation that sends to fewer hosts can't tell its own fault from theirs, and blames them. Where so many are
    really gone and no other is left, none is blamed; what is sent to them ends by its schedule all the same.
    """

    _unreached: dict[str, datetime] = field(factory=dict, init=False)  # since when

    def is_outage(self, url: str, attempt: WebhookAttempt, *, now: datetime) -> bool:
        """Take an attempt into account, and return whether it failed for a fault of our own."""
        if attempt.status is not None:
            self._unreached.clear()
        if attempt.result is not AttemptResult.UNREACHED:
            return False
        if len(self._unreached) < OUTAGE_HOSTS:
            self._unreached.setdefault(urlsplit(url).netloc, now)
        since = list(self._unreached.values())  # a copy, as another thread may clear it
        return len(since) >= OUTAGE_HOSTS and now - min(since) >= OUTAGE_MIN
