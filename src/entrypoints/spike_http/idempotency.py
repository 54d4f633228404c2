"""The header `Idempotency-Key`: a request that is sent again gets the first response again and has no second effect.

Requests without the header aren't recorded. With it, the response is recorded in the transaction of the effect, by a
hook that the resource adds to the use case. A request that was refused had no effect and leaves no record, so it may
be sent again.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, BinaryIO, Final, TypeVar

import falcon
from attrs import field, frozen

from spike_core.domain.errors import IdempotencyRecordNotFound, RequestInProgress, SpikeError, Unavailable
from spike_core.domain.idempotency import IdempotencyKey, RecordedResponse, RequestDigest
from spike_core.ports.transactions import Transaction
from spike_core.services.api_key_limits import ApiKeyLimits
from spike_core.services.idempotency import IdempotencyStore, IdempotentRequest
from spike_core.services.transaction_hooks import BeforeCommit
from spike_http.context import Request
from spike_http.responses.serialization import as_json

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
WINDOW_KEY: Final = "spike.idempotency_window_s"  # of the WSGI environment: clients can't set it
_CHUNK_BYTES: Final = 64 * 1024

Result = TypeVar("Result")


@frozen(kw_only=True)
class IdempotentResponder:
    """Responds with the result of a use case, or with the recorded response if the request has had its effect.

    One per process: it knows which requests with a key are in progress here. Between processes, the primary key of
    the record decides.
    """

    store: IdempotencyStore
    api_key_limits: ApiKeyLimits
    _in_progress: set[tuple[str, str]] = field(factory=set, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def respond(
        self,
        req: Request,
        resp: falcon.Response,
        *,
        caller: str,
        use_case: Callable[[BeforeCommit[Result]], Result],
        view: Callable[[Result], object],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        """Run the use case and send a view of its result; or send the recorded response, without running it.

        The body must have been parsed. `use_case` gets the hook that counts the charge for the limit of the request's
        API key and writes the record, and must run it before the commit.

        Raises:
            InvalidValue: the header isn't a valid key.
            ApiKeyLimitReached: the request's API key can't pay for it.
            IdempotencyKeyReused: another request has used the key.
            RequestInProgress: the same request is being processed at this moment.
        """
        charge = self._charging(req)
        header = req.get_header(HEADER)
        if header is None:
            resp.status = int(status)
            resp.media = as_json(view(use_case(charge)))
            return
        request, *earlier = self._names(req, caller=caller, key=IdempotencyKey.parse(header))

        def response_of(result: Result) -> RecordedResponse:
            return RecordedResponse(status=int(status), body=_text(as_json(view(result))))

        with self._exclusive(caller, header):
            try:
                _replay(resp, self._recorded(request, *earlier))
            except IdempotencyRecordNotFound:
                try:
                    response = self._run(lambda hook: use_case(_both(charge, hook)), request, response_of)
                except Unavailable:
                    raise
                except SpikeError as error:
                    self._replay_after(error, resp, request)
                else:
                    _send(resp, response)

    def _names(self, req: Request, *, caller: str, key: IdempotencyKey) -> list[IdempotentRequest]:
        """Return the request under each name that its record may have, the one for a new record first.

        A key that may be another request's by chance counts for a window, by default for as long as records are kept:
        each window has a name of its own, and the record may be of the window before. So a request that is sent again
        within the window is replayed, and after two windows it has an effect of its own.
        """
        window_s, digest = req.env.get(WINDOW_KEY), _digest(req)
        if window_s is None:
            return [IdempotentRequest(caller=caller, key=key, digest=digest)]
        number = int(self.store.clock.now().timestamp()) // window_s
        keys = [IdempotencyKey.parse(f"{key.text}-{each}") for each in (number, number - 1)]
        return [IdempotentRequest(caller=caller, key=each, digest=digest) for each in keys]

    def _recorded(self, *names: IdempotentRequest) -> RecordedResponse:
        """Return the response to the first of the names that has one.

        Raises:
            IdempotencyRecordNotFound: none has one.
            IdempotencyKeyReused: another request has used one.
        """
        for name in names[:-1]:
            with suppress(IdempotencyRecordNotFound):
                return self.store.response_to(name)
        return self.store.response_to(names[-1])

    def _charging(self, req: Request) -> BeforeCommit[Any]:
        key = req.context.api_key
        return _write_nothing if key is None else self.api_key_limits.charging(key)

    def _run(
        self,
        use_case: Callable[[BeforeCommit[Result]], Result],
        request: IdempotentRequest,
        response_of: Callable[[Result], RecordedResponse],
    ) -> RecordedResponse:
        """Run the use case with the hook that records the response, and return the response to send.

        They differ if jobs have started after the commit; then the record is amended.
        """
        recorded: list[RecordedResponse] = []  # by each try of the transaction; none if there was no effect

        def response_at_commit(result: Result) -> RecordedResponse:
            recorded.append(response_of(result))
            return recorded[-1]

        response = response_of(use_case(self.store.recording(request, response_at_commit)))
        if recorded and recorded[-1] != response:
            self.store.amend(request, response)
        return response

    def _replay_after(self, error: SpikeError, resp: falcon.Response, request: IdempotentRequest) -> None:
        """Send the response that another process has recorded meanwhile; without one, raise `error`.

        The effect of the other one may be the reason of the error: it has spent the tokens that are lacking now.
        """
        try:
            response = self.store.response_to(request)
        except IdempotencyRecordNotFound:
            raise error from None
        _replay(resp, response)

    @contextmanager
    def _exclusive(self, caller: str, key: str) -> Iterator[None]:
        name = (caller, key)
        with self._lock:
            if name in self._in_progress:
                raise RequestInProgress
            self._in_progress.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._in_progress.discard(name)


def note_payload(req: Request, *parts: bytes | BinaryIO) -> None:
    """Store the digest of a parsed body, as part of the request's digest; files are read and rewound."""
    if req.get_header(HEADER) is None:
        return
    req.context.payload = RequestDigest.of(*(part if isinstance(part, bytes) else _hash(part) for part in parts))


def _hash(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def _digest(req: Request) -> RequestDigest:
    payload = req.context.payload
    assert payload is not None, "the body is parsed before the use case runs"
    return RequestDigest.of(req.method.encode(), req.path.encode(), payload.text.encode())


def _text(media: Any) -> str:
    return json.dumps(media, ensure_ascii=False)


def _write_nothing(_tx: Transaction, _result: object) -> None:
    """Count nothing: the request isn't authenticated by an API key."""


def _both(first: BeforeCommit[Any], second: BeforeCommit[Any]) -> BeforeCommit[Any]:
    def hook(tx: Transaction, result: object) -> None:
        first(tx, result)
        second(tx, result)

    return hook


def _replay(resp: falcon.Response, response: RecordedResponse) -> None:
    resp.set_header(REPLAYED, "true")
    _send(resp, response)


def _send(resp: falcon.Response, response: RecordedResponse) -> None:
    resp.status = response.status
    resp.content_type = falcon.MEDIA_JSON
    resp.text = response.body
