"""`/api/mcp`: pictures generated and modified from prompts."""

from functools import partial

import falcon
from attrs import frozen

from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import DownloadFailed, NotEnoughTokens, SourceTooLarge, UnsafeAddress
from spike_core.domain.identifiers import JobId
from spike_core.domain.limits import UploadLimits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.generations import Generations
from spike_core.services.wallets import Wallets
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import BUDGET_ERRORS, JOB_BUDGET_ERRORS
from spike_http.idempotency import IdempotentResponder
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.errors import UnknownPricedTier
from spike_http.requests.generations import GenerateBody, ModifyBody
from spike_http.requests.inline_images import PICTURE_ERRORS, json_with_picture
from spike_http.requests.json_bodies import json_object
from spike_http.requests.query import CURSOR, LIMIT, job_cursor, page_limit
from spike_http.responses.generations import CreatingView, CreationsView, CreationView
from spike_http.responses.serialization import as_json
from spike_http.responses.tokens import BalanceView
from spike_http.responses.urls import ObjectUrls


@frozen(kw_only=True)
class GenerateResource:
    """`/api/mcp/generate`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    generations: Generations
    catalog: Catalog

    @Operation(
        "generateImage",
        answer=CreatingView,
        bucket=RateLimitGroup.GENERATE,
        body=Json(GenerateBody),
        errors=(*JOB_BUDGET_ERRORS, UnknownPricedTier, NotEnoughTokens),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start generating a picture from a prompt."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.GENERATE)
        body = GenerateBody.parse(json_object(req), catalog=self.catalog)
        self.responder.respond(
            req,
            resp,
            caller=user_id.text,
            use_case=lambda record: self.generations.before_commit(record).generate(
                user_id,
                prompt=body.prompt,
                negative=body.negative,
                tier=body.tier,
                options=body.options,
                aspect_ratio=body.aspect_ratio,
                request_id=req.context.request_id,
            ),
            view=CreatingView.of,
        )


@frozen(kw_only=True)
class ModifyResource:
    """`/api/mcp/modify`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    generations: Generations
    catalog: Catalog
    limits: UploadLimits

    @Operation(
        "modifyImage",
        answer=CreatingView,
        bucket=RateLimitGroup.MODIFY,
        body=Json(ModifyBody),
        errors=(
            *BUDGET_ERRORS,
            UnknownPricedTier,
            NotEnoughTokens,
            *PICTURE_ERRORS,
            SourceTooLarge,
            UnsafeAddress,
            DownloadFailed,
            ServerBusy,
        ),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start modifying a picture by a prompt."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.MODIFY)
        with (
            self.bulkhead.place(user_id.text) as place,
            json_with_picture(
                req, partial(ModifyBody.parse, catalog=self.catalog), place=place, limits=self.limits
            ) as body,
        ):
            place.take()
            self.responder.respond(
                req,
                resp,
                caller=user_id.text,
                use_case=lambda record: self.generations.before_commit(record).modify(
                    user_id,
                    prompt=body.prompt,
                    negative=body.negative,
                    tier=body.tier,
                    options=body.options,
                    picture=body.picture,
                    request_id=req.context.request_id,
                ),
                view=CreatingView.of,
            )


@frozen(kw_only=True)
class CreationResource:
    """`/api/mcp/jobs/{job_id}`."""

    authenticator: RequestAuthentication
    generations: Generations
    object_urls: ObjectUrls

    @Operation("getCreation", answer=CreationView)
    def on_get(self, req: Request, resp: falcon.Response, job_id: str) -> None:
        """Show a generation or a modification."""
        user_id = self.authenticator.user(req)
        job = self.generations.job(user_id, JobId.parse(job_id))
        resp.media = as_json(CreationView.of(job, self.object_urls.for_request(req)))


@frozen(kw_only=True)
class CreationHistoryResource:
    """`/api/mcp/history`."""

    authenticator: RequestAuthentication
    generations: Generations
    object_urls: ObjectUrls

    @Operation("listCreations", answer=CreationsView, query=(LIMIT, CURSOR))
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the user's generations and modifications, newest first."""
        user_id = self.authenticator.user(req)
        page = self.generations.history(user_id, before=job_cursor(req), limit=page_limit(req))
        resp.media = as_json(CreationsView.of(page, self.object_urls.for_request(req)))


@frozen(kw_only=True)
class CreationBalanceResource:
    """`/api/mcp/balance`."""

    authenticator: RequestAuthentication
    wallets: Wallets

    @Operation("getCreationBalance", answer=BalanceView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the balance that generations and modifications are paid from."""
        user_id = self.authenticator.user(req)
        resp.media = as_json(BalanceView.of(self.wallets.account(user_id)))
