"""The header `Idempotency-Key`: a request that is sent again is answered again, and has no second effect.

Without the header nothing of this happens. With it, the answer is kept in the transaction of the effect; a request
that was refused had none, so it may be sent again.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, BinaryIO, Final, TypeVar

import falcon
from attrs import field, frozen

from spike_core.domain.errors import IdempotencyRecordNotFound, RequestInProgress, SpikeError, Unavailable
from spike_core.domain.idempotency import IdempotencyKey, RecordedResponse, RequestDigest
from spike_core.services.afterthoughts import Then, nothing_more
from spike_core.services.receipts import ReceiptBook, Request
from spike_http.media import as_json

HEADER: Final = "Idempotency-Key"
_PIECE_BYTES: Final = 64 * 1024
REPLAYED: Final = "Idempotency-Replayed"

Result = TypeVar("Result")


@frozen(kw_only=True)
class Once:
    """Answers requests, those that are repeated without doing anything."""

    receipts: ReceiptBook
    _under_way: set[tuple[str, str]] = field(factory=set, init=False, repr=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        *,
        caller: str,
        act: Callable[[Then[Result]], Result],
        view: Callable[[Result], object],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        """Do what was asked and answer with a view of it; or, where that was done before, answer the same again.

        The body must have been read. `act` has to call the afterthought in its transaction.

        Raises:
            InvalidValue: the key isn't one.
            IdempotencyKeyReused: it belongs to another request.
            RequestInProgress: the same request is being worked on at this moment.
        """
        header = req.get_header(HEADER)
        if header is None:
            resp.status = int(status)
            resp.media = as_json(view(act(nothing_more)))
            return
        request = Request(caller=caller, key=IdempotencyKey.parse(header), digest=_digest(req))

        def answer_with(result: Result) -> RecordedResponse:
            return RecordedResponse(status=int(status), body=_text(as_json(view(result))))

        with self._alone(request):
            try:
                _replay(resp, self.receipts.answer_to(request))
            except IdempotencyRecordNotFound:
                try:
                    given = answer_with(self._acted(act, request, answer_with))
                except Unavailable:
                    raise
                except SpikeError as error:
                    self._replay_after(error, resp, request)
                else:
                    _give(resp, given)

    def _replay_after(self, error: SpikeError, resp: falcon.Response, request: Request) -> None:
        """Answer as another process has, if it was faster with the same request: its effect may be what is lacking."""
        try:
            answer = self.receipts.answer_to(request)
        except IdempotencyRecordNotFound:
            raise error from None
        _replay(resp, answer)

    def _acted(
        self, act: Callable[[Then[Result]], Result], request: Request, answer_with: Callable[[Result], RecordedResponse]
    ) -> Result:
        kept: list[RecordedResponse] = []

        def keep(result: Result) -> RecordedResponse:
            kept.append(answer_with(result))
            return kept[-1]

        result = act(self.receipts.keeping(request, keep))
        given = answer_with(result)
        if kept and kept[-1] != given:  # jobs have started since
            self.receipts.amend(request, given)
        return result

    @contextmanager
    def _alone(self, request: Request) -> Iterator[None]:
        name = (request.caller, request.key.text)
        with self._turn:
            if name in self._under_way:
                raise RequestInProgress
            self._under_way.add(name)
        try:
            yield
        finally:
            with self._turn:
                self._under_way.discard(name)


def note_payload(req: falcon.Request, *parts: bytes | BinaryIO) -> None:
    """Note what a request's body says, for the digest of the whole request; files are read and rewound."""
    if req.get_header(HEADER) is None:
        return
    req.context.payload = RequestDigest.of(*(part if isinstance(part, bytes) else _read(part) for part in parts))


def _read(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.digest()


def _digest(req: falcon.Request) -> RequestDigest:
    payload: RequestDigest = req.context.payload
    return RequestDigest.of(req.method.encode(), req.path.encode(), payload.text.encode())


def _text(media: Any) -> str:
    return json.dumps(media, ensure_ascii=False)


def _replay(resp: falcon.Response, answer: RecordedResponse) -> None:
    resp.set_header(REPLAYED, "true")
    _give(resp, answer)


def _give(resp: falcon.Response, answer: RecordedResponse) -> None:
    resp.status = answer.status
    resp.content_type = falcon.MEDIA_JSON
    resp.text = answer.body
