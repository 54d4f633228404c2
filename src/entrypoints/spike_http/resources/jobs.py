"""`/api/jobs`: read one or several jobs, and cancel them; `/api/batches`."""

import falcon
from attrs import frozen

from spike_core.domain.errors import Conflict
from spike_core.domain.identifiers import BatchId, JobId
from spike_core.domain.jobs import ClaimedJob
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.cancellation import Cancellation
from spike_core.services.queries import Queries
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.long_poll import LongPoll
from spike_http.openapi.operations import Access, Json, Operation
from spike_http.requests.json_bodies import BatchStatusBody, json_object
from spike_http.responses.jobs import BatchStatusView, CancelledView, ShownBatchView, ShownJobView
from spike_http.responses.serialization import as_json
from spike_http.responses.urls import ObjectUrls


@frozen(kw_only=True)
class JobResource:
    """`/api/jobs/{job_id}`."""

    authenticator: RequestAuthentication
    queries: Queries
    long_poll: LongPoll
    object_urls: ObjectUrls

    @Operation("getJob", answer=ShownJobView, access=Access.OPTIONAL_USER)
    def on_get(self, req: Request, resp: falcon.Response, job_id: str) -> None:
        """Show a job."""
        viewer = self.authenticator.optional_user(req)
        parsed = JobId.parse(job_id)
        shown = self.long_poll.wait(
            req,
            resp,
            first=self.queries.job(parsed, viewer=viewer),
            is_done=lambda seen: seen.is_at_rest,
            is_over=lambda: self.queries.is_job_at_rest(parsed),
            again=lambda: self.queries.job(parsed, viewer=viewer),
        )
        resp.media = as_json(ShownJobView.of(shown, self.object_urls.for_request(req)))


@frozen(kw_only=True)
class BatchStatusResource:
    """`/api/jobs/batch-status`."""

    authenticator: RequestAuthentication
    queries: Queries
    object_urls: ObjectUrls

    @Operation(
        "getJobs",
        answer=BatchStatusView,
        body=Json(BatchStatusBody),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Show several jobs."""
        user_id = self.authenticator.user(req)
        body = BatchStatusBody.parse(json_object(req))
        shown = self.queries.jobs(body.job_ids, viewer=user_id)
        resp.media = as_json(BatchStatusView.of(shown, self.object_urls.for_request(req), asked=body.texts))


@frozen(kw_only=True)
class BatchResource:
    """`/api/batches/{batch_id}`."""

    authenticator: RequestAuthentication
    queries: Queries
    long_poll: LongPoll
    object_urls: ObjectUrls

    @Operation("getBatch", answer=ShownBatchView)
    def on_get(self, req: Request, resp: falcon.Response, batch_id: str) -> None:
        """Show the jobs of a batch."""
        user_id = self.authenticator.user(req)
        parsed = BatchId.parse(batch_id)
        shown = self.long_poll.wait(
            req,
            resp,
            first=self.queries.batch(parsed, viewer=user_id),
            is_done=lambda seen: all(each.is_at_rest for each in seen),
            is_over=lambda: self.queries.is_batch_at_rest(parsed),
            again=lambda: self.queries.batch(parsed, viewer=user_id),
        )
        resp.media = as_json(ShownBatchView.of(parsed, shown, self.object_urls.for_request(req)))


@frozen(kw_only=True)
class CancelResource:
    """`/api/jobs/{job_id}/cancel`."""

    authenticator: RequestAuthentication
    queries: Queries
    cancellation: Cancellation
    object_urls: ObjectUrls

    @Operation("cancelJob", answer=CancelledView, errors=(Conflict,))
    def on_post(self, req: Request, resp: falcon.Response, job_id: str) -> None:
        """Cancel a job and refund it."""
        user_id = self.authenticator.user(req)
        parsed = JobId.parse(job_id)
        if isinstance(self.queries.job(parsed, viewer=user_id).job, ClaimedJob):  # its work is thrown away
            self.authenticator.count(req, RateLimitGroup.CANCEL, caller=user_id)
        cancelled = self.cancellation.cancel(user_id, parsed)
        shown = self.queries.job(cancelled.job.id, viewer=user_id)
        resp.media = as_json(
            CancelledView(
                job=ShownJobView.of(shown, self.object_urls.for_request(req)).job,
                tokens_refunded=cancelled.refunded,
                new_balance=cancelled.balance,
            )
        )
