"""A sender of webhooks that keeps what it sends."""

from datetime import timedelta

from attrs import define, field

from spike_core.domain.errors import UnsafeWebhookUrl
from spike_core.domain.webhooks import AttemptResult, WebhookAttempt, WebhookMessage


@define
class MemoryWebhookSender:
    """Keeps messages by their URL. Receivers answer 200, unless `statuses` says otherwise.

    A URL that isn't http or https, or whose host isn't below `example.org`, isn't safe.
    """

    sent: list[WebhookMessage] = field(factory=list)
    statuses: dict[str, int | None] = field(factory=dict)  # by URL; `None` is no answer at all
    took: timedelta = timedelta(milliseconds=20)
    retry_after: timedelta = timedelta(0)  # that every receiver asks for

    def check(self, url: str) -> None:
        """Check a URL by its text."""
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0]
        if scheme not in {"http", "https"} or not f".{host}".endswith(".example.org"):
            raise UnsafeWebhookUrl

    def send(self, message: WebhookMessage) -> WebhookAttempt:
        """Keep a message, and answer as its receiver."""
        try:
            self.check(message.url)
        except UnsafeWebhookUrl:
            return WebhookAttempt(result=AttemptResult.FAILED, took=timedelta(0), detail="the URL isn't allowed")
        status = self.statuses.get(message.url, 200)
        if status is None:
            return WebhookAttempt(result=AttemptResult.UNREACHED, took=self.took, detail="no answer")
        self.sent.append(message)
        result = result_of(status)
        return WebhookAttempt(result=result, took=self.took, status=status, retry_after=self.retry_after)


def result_of(status: int) -> AttemptResult:
    """Return what a status means (Standard Webhooks): any 2xx accepts, 410 is gone."""
    if 200 <= status < 300:  # noqa: PLR2004
        return AttemptResult.ACCEPTED
    return AttemptResult.GONE if status == 410 else AttemptResult.FAILED  # noqa: PLR2004
