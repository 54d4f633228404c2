"""Verdicts: what an answer's status means, and what the server says about it.

Codes of refusals and of empty accounts are those of OpenAI's error guide, and Azure's for the same things.
"""

import json
import re
from email.utils import parsedate_to_datetime
from typing import Final, Self

import httpx2
from attrs import frozen

from spike_core.domain.errors import PromptRefused
from spike_openai.errors import FieldRefused, PassingTrouble, ServerTrouble
from spike_openai.http import OK, ServerResponse
from spike_openai.server import KEY_SETTING, MODEL_SETTING, URL_SETTING, ImageServer

REFUSALS: Final = frozenset({"moderation_blocked", "content_policy_violation", "content_filter"})
EMPTY_ACCOUNTS: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

_WORD: Final = re.compile(r"[\w.\[\]-]{1,64}", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_REQUEST_TIMEOUT: Final = 408
_TOO_MANY: Final = 429


@frozen(kw_only=True)
class Complaint:
    """What the server names as the error: words of a code, each empty where it names none. Its prose is left out."""

    code: str
    kind: str
    field: str

    @classmethod
    def read(cls, answer: ServerResponse, *, server: ImageServer) -> Self:
        """Return the complaint in an answer; any body will do."""
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        told = document.get("error") if isinstance(document, dict) else None
        error = told if isinstance(told, dict) else {}
        return cls(
            code=_word(error.get("code"), server),
            kind=_word(error.get("type"), server),
            field=_word(error.get("param"), server),
        )

    def __str__(self) -> str:
        """Return the words, for a log line."""
        return ", ".join(filter(None, (self.code, self.kind, self.field)))


def check(answer: ServerResponse, *, server: ImageServer) -> None:
    """Let an answer pass whose status is 200.

    Raises:
        PromptRefused: the server's moderation won't have these words, or this picture.
        FieldRefused: the server doesn't take one of the request's fields.
        PassingTrouble: it may do better in a moment.
        ServerTrouble: it won't; where a setting may be the cause, it is named.
    """
    if answer.status == OK:
        return
    complaint = Complaint.read(answer, server=server)
    words = f" ({complaint})" if str(complaint) else ""
    told = f"{server} answered {answer.status}{words}"
    match answer.status:
        case 400 | 403 | 422 if complaint.code in REFUSALS:
            raise PromptRefused
        case 402:
            raise ServerTrouble(f"{KEY_SETTING}: its account is used up; {told}")
        case 400 | 429 if EMPTY_ACCOUNTS & {complaint.code, complaint.kind}:
            raise ServerTrouble(f"{KEY_SETTING}: its account is used up; {told}")
        case 401:
            raise ServerTrouble(f"{KEY_SETTING} isn't accepted; {told}")
        case 403:
            raise ServerTrouble(f"{KEY_SETTING} doesn't give access, at least not to {MODEL_SETTING}; {told}")
        case 404:
            raise ServerTrouble(f"{URL_SETTING} or {MODEL_SETTING} names nothing that is there; {told}")
        case 400 | 422 if complaint.field:
            raise FieldRefused(told, complaint.field)
        case status if 300 <= status < 400:  # noqa: PLR2004  # a class of statuses
            raise ServerTrouble(f"{URL_SETTING} must be the address itself; {told}, a redirect")
        case _:
            _check_passing(answer, told)


def check_picture(answer: ServerResponse, *, server: ImageServer) -> None:
    """Let the answer pass that is a picture's file.

    Raises:
        PassingTrouble, ServerTrouble: it isn't one.
    """
    if answer.status != OK:
        _check_passing(answer, f"{server} answered {answer.status} for its own picture")


def _check_passing(answer: ServerResponse, told: str) -> None:
    if answer.status in {_REQUEST_TIMEOUT, _TOO_MANY} or answer.status >= 500:  # noqa: PLR2004  # a class of statuses
        raise PassingTrouble(told, _retry_after_s(answer.headers))
    raise ServerTrouble(told)


def _retry_after_s(headers: httpx2.Headers) -> float:
    """Return how long the server wants to be left alone, 0 where it doesn't say (RFC 9110, 10.2.3).

    A date is compared with the server's own, so that a clock that is wrong, theirs or ours, doesn't matter.
    """
    told = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    try:
        pause = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):  # no dates, or only one with a zone
        return 0.0
    return max(0.0, pause.total_seconds())


def _word(value: object, server: ImageServer) -> str:
    """Return a word of a code, and nothing else: prose may repeat the prompt, and anything may repeat the key."""
    if not isinstance(value, str) or _WORD.fullmatch(value) is None:
        return ""
    return "" if server.api_key and server.api_key in value else value
