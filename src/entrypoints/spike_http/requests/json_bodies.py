"""JSON bodies: reading them, checking fields, and the small body about jobs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import falcon
from attrs import field, frozen

from spike_core.domain.errors import InvalidIdentifier, InvalidValue
from spike_core.domain.identifiers import JobId
from spike_core.domain.limits import JOBS_ASKED_MAX
from spike_core.domain.media_types import canonical_media_type
from spike_http.context import Request
from spike_http.idempotency import note_payload
from spike_http.openapi.notes import sent_as
from spike_http.requests.errors import BodyTooLarge, MalformedBody, MissingFields

JSON_BYTES_MAX: Final = 64 * 1024


_JOB_IDS: Final = sent_as(
    {
        "jobIds": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": JOBS_ASKED_MAX,
        }
    },
    required=frozenset({"jobIds"}),
)


@frozen(kw_only=True)
class BatchStatusBody:
    """`POST /api/jobs/batch-status`."""

    texts: Sequence[str] = field(metadata=_JOB_IDS)  # as received, without duplicates
    job_ids: Sequence[JobId] = field(metadata=sent_as({}))  # those that are valid ids

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "BatchStatusBody":
        """Return the parsed body. A text that isn't a job id is no error: no job has it.

        Raises:
            MissingFields, InvalidValue: it isn't a list of 1 to `JOBS_ASKED_MAX` texts.
        """
        ids = body.get("jobIds")
        if ids is None:
            raise MissingFields("Please provide jobIds")
        if not isinstance(ids, list) or not 1 <= len(ids) <= JOBS_ASKED_MAX:
            raise InvalidValue(what="jobIds", rule=f"must be a list of 1 to {JOBS_ASKED_MAX} ids")
        texts = list(dict.fromkeys(_sayable("each of jobIds", id_) for id_ in ids))
        return cls(texts=texts, job_ids=[job_id for text in texts for job_id in _job_ids(text)])


def json_object(req: Request, *, bytes_max: int = JSON_BYTES_MAX) -> Mapping[str, object]:
    """Return the body, which must be a JSON object (RFC 8259).

    Raises:
        HTTPUnsupportedMediaType: its content type isn't JSON.
        BodyTooLarge, MalformedBody: the body isn't valid.
    """
    if (req.content_length or 0) > bytes_max:
        raise BodyTooLarge
    content = req.bounded_stream.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise BodyTooLarge
    if content:
        check_is_json(req)
    note_payload(req, content)
    try:
        body: Any = json.loads(content, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedBody from error
    if not isinstance(body, dict):
        raise MalformedBody
    return body


def check_is_json(req: falcon.Request) -> None:
    """Check a body's content type.

    Raises:
        HTTPUnsupportedMediaType: it isn't JSON.
    """
    if canonical_media_type(req.content_type or "") != falcon.MEDIA_JSON:
        raise falcon.HTTPUnsupportedMediaType


def refuse_constant(name: str) -> NoReturn:
    """Reject `NaN` and the infinities, which Python's parser accepts but JSON doesn't allow.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{name} isn't JSON")


def string_field(name: str, value: object) -> str:
    """Return a field that must be a string.

    Raises:
        InvalidValue: it isn't a string.
    """
    if not isinstance(value, str):
        raise InvalidValue(what=name, rule="must be a string")
    return value


def _sayable(name: str, value: object) -> str:
    """Return a text that is valid Unicode, so that a response can repeat it; JSON can express lone surrogates."""
    text = string_field(name, value)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidValue(what=name, rule="must be valid Unicode")
    return text


def _job_ids(text: str) -> Sequence[JobId]:
    try:
        return [JobId.parse(text)]
    except InvalidIdentifier:
        return []
