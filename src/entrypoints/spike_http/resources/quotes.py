"""`/api/quotes`: what a request would cost, before anything is spent."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, assert_never

import falcon
from attrs import frozen

from spike_core.domain.api_keys import Scope
from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import (
    EmptyFile,
    FileTooLarge,
    InsufficientScope,
    NotFound,
    SourceTooLarge,
    SpikeError,
)
from spike_core.domain.limits import UploadLimits
from spike_core.services.ingest import InlineImage
from spike_core.services.order_checks import (
    BatchEnhancementOrder,
    EnhancementOrder,
    GenerationOrder,
    JobOrder,
    ModificationOrder,
    ParallelEnhancementOrder,
    UploadOrder,
)
from spike_core.services.quotes import Quotes
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import BATCH_UPLOAD_MESSAGES, ENHANCE_MESSAGES, UPLOAD_MESSAGES, ErrorMessage
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.enhancements import BatchEnhanceBody, EnhanceBody, ParallelEnhanceBody
from spike_http.requests.errors import BatchTooLarge, TooManyFiles, UnknownPricedTier
from spike_http.requests.generations import GenerateBody, ModifyBody
from spike_http.requests.inline_images import json_with_picture
from spike_http.requests.quotes import Order, QuoteBody, QuotedOperation, UploadSizes
from spike_http.responses.quotes import QuoteView
from spike_http.responses.serialization import as_json

_MESSAGES: Final[Mapping[QuotedOperation, Mapping[type[SpikeError], ErrorMessage]]] = {
    QuotedOperation.UPLOAD: UPLOAD_MESSAGES,
    QuotedOperation.BATCH_UPLOAD: BATCH_UPLOAD_MESSAGES,
    QuotedOperation.ENHANCE: ENHANCE_MESSAGES,
}


@frozen(kw_only=True)
class QuotesResource:
    """`/api/quotes`."""

    authenticator: RequestAuthentication
    bulkhead: Bulkhead
    quotes: Quotes
    catalog: Catalog
    limits: UploadLimits

    @Operation(
        "quote",
        answer=QuoteView,
        body=Json(QuoteBody),
        errors=(
            NotFound,
            UnknownPricedTier,
            EmptyFile,
            FileTooLarge,
            SourceTooLarge,
            TooManyFiles,
            BatchTooLarge,
            ServerBusy,
        ),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Quote a request."""
        user_id = self.authenticator.user(req)
        parse = partial(QuoteBody.parse, catalog=self.catalog, limits=self.limits)
        with (
            self.bulkhead.place(user_id.text) as place,
            json_with_picture(req, parse, place=place, limits=self.limits) as body,
        ):
            if isinstance(getattr(body.order, "source", None) or getattr(body.order, "picture", None), InlineImage):
                place.take()
            quote = self.quotes.of(user_id, _order(body.order), api_key=req.context.api_key)
        resp.media = as_json(
            QuoteView.of(quote, refusals=_not_allowed(req), messages=_MESSAGES.get(body.operation, {}))
        )


def _order(body: Order) -> JobOrder | UploadOrder:
    """Return what a request would order."""
    match body:
        case EnhanceBody():
            return EnhancementOrder(image_id=body.image_id, tier=body.tier, options=body.options, source=body.source)
        case ParallelEnhanceBody():
            return ParallelEnhancementOrder(image_id=body.image_id, tiers=body.tiers, options=body.options)
        case BatchEnhanceBody():
            return BatchEnhancementOrder(image_ids=body.image_ids, tier=body.tier, options=body.options)
        case GenerateBody():
            return GenerationOrder(tier=body.tier, options=body.options)
        case ModifyBody():
            return ModificationOrder(tier=body.tier, picture=body.picture, options=body.options)
        case UploadSizes():
            return body.order
        case unreachable:
            assert_never(unreachable)


def _not_allowed(req: Request) -> Sequence[SpikeError]:
    """Return what refuses the quoted operation, not the quote: a key that may read, but not spend."""
    key = req.context.api_key
    return [InsufficientScope(Scope.SPEND.value)] if key is not None and Scope.SPEND not in key.scopes else []
