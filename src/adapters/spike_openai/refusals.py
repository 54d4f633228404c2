"""Errors in responses: what a status means, together with the server's error code.

The codes are those of OpenAI's error guide, and Azure's equivalents.
"""

import json
import re
from email.utils import parsedate_to_datetime
from typing import Final, Self

import httpx2
from attrs import frozen

from spike_core.domain.errors import PromptRefused
from spike_openai.errors import FieldRejected, ImageServerError, TransientServerError
from spike_openai.http import OK, ServerResponse
from spike_openai.server import KEY_SETTING, MODEL_SETTING, URL_SETTING, ImageServer

REFUSALS: Final = frozenset({"moderation_blocked", "content_policy_violation", "content_filter"})
EMPTY_ACCOUNTS: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

_WORD: Final = re.compile(r"[\w.\[\]-]{1,64}", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_REQUEST_TIMEOUT: Final = 408
_TOO_MANY: Final = 429


@frozen(kw_only=True)
class ErrorDetails:
    """The server's error object: code, type and parameter, each empty if absent. Its message is ignored."""

    code: str
    kind: str
    field: str

    @classmethod
    def read(cls, answer: ServerResponse, *, server: ImageServer) -> Self:
        """Return the details in a response with any body."""
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        found = document.get("error") if isinstance(document, dict) else None
        error = found if isinstance(found, dict) else {}
        return cls(
            code=_word(error.get("code"), server),
            kind=_word(error.get("type"), server),
            field=_word(error.get("param"), server),
        )

    def __str__(self) -> str:
        """Return the details for a log line."""
        return ", ".join(filter(None, (self.code, self.kind, self.field)))


def check(answer: ServerResponse, *, server: ImageServer) -> None:
    """Check that the status is 200.

    Raises:
        PromptRefused: the server's moderation rejects the prompt or the picture.
        FieldRejected: the server rejects one of the request's fields.
        TransientServerError: a retry may succeed.
        ImageServerError: a retry won't help. The error names the setting that may be wrong.
    """
    if answer.status == OK:
        return
    details = ErrorDetails.read(answer, server=server)
    suffix = f" ({details})" if str(details) else ""
    summary = f"{server} answered {answer.status}{suffix}"
    match answer.status:
        case 400 | 403 | 422 if details.code in REFUSALS:
            raise PromptRefused
        case 402:
            raise ImageServerError(f"{KEY_SETTING}: its account has no credit left; {summary}")
        case 400 | 429 if EMPTY_ACCOUNTS & {details.code, details.kind}:
            raise ImageServerError(f"{KEY_SETTING}: its account has no credit left; {summary}")
        case 401:
            raise ImageServerError(f"{KEY_SETTING} isn't accepted; {summary}")
        case 403:
            raise ImageServerError(f"{KEY_SETTING} doesn't give access, at least not to {MODEL_SETTING}; {summary}")
        case 404:
            raise ImageServerError(f"{URL_SETTING} or {MODEL_SETTING} doesn't exist; {summary}")
        case 400 | 422 if details.field:
            raise FieldRejected(summary, details.field)
        case status if 300 <= status < 400:  # noqa: PLR2004  # a class of statuses
            raise ImageServerError(f"{URL_SETTING} must be the final address; {summary}, a redirect")
        case _:
            _check_transient(answer, summary)


def check_picture(answer: ServerResponse, *, server: ImageServer) -> None:
    """Check that the response is a picture's file.

    Raises:
        TransientServerError, ImageServerError: it isn't.
    """
    if answer.status != OK:
        _check_transient(answer, f"{server} answered {answer.status} for its own picture")


def _check_transient(answer: ServerResponse, summary: str) -> None:
    if answer.status in {_REQUEST_TIMEOUT, _TOO_MANY} or answer.status >= 500:  # noqa: PLR2004  # a class of statuses
        raise TransientServerError(summary, _retry_after_s(answer.headers))
    raise ImageServerError(summary)


def _retry_after_s(headers: httpx2.Headers) -> float:
    """Return the pause that the server asks for in seconds, 0 if there is none (RFC 9110, 10.2.3).

    A date is compared with the response's own `Date`, so that wrong clocks don't matter.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        pause = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):  # no dates, or only one of them with a time zone
        return 0.0
    return max(0.0, pause.total_seconds())


def _word(value: object, server: ImageServer) -> str:
    """Return a value that looks like an error code. Prose may repeat the prompt, and any value the API key."""
    if not isinstance(value, str) or _WORD.fullmatch(value) is None:
        return ""
    return "" if server.api_key and server.api_key in value else value
