"""Following and cancelling jobs."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import (
    BATCH_ID,
    COMPLETED_AT,
    JOB_ID,
    UNKNOWN_JOB_ID,
    URL_EXPIRES_AT,
    WAITING_JOB,
)
from spike_http.openapi.texts.operation_text import OperationText

JOBS: Final[Mapping[str, OperationText]] = {
    "getJob": OperationText(
        summary="Get a job",
        description="""
Return one of your jobs. The job of an anonymous user can be read by everyone, without credentials. With `?wait=N`
the response is sent when the job has ended, or after N seconds.
""",
        errors={
            400: "`wait` is not valid.",
            404: "There is no such job, or it belongs to another user.",
        },
        path={"jobId": JOB_ID},
        query={"wait": 20},
        response={"success": True, "job": WAITING_JOB, "urlExpiresAt": URL_EXPIRES_AT},
    ),
    "getJobs": OperationText(
        summary="Get several jobs",
        description="""
Return up to 50 of your jobs. `jobs` has the order of `jobIds`; an id that is listed twice is returned once.
`notFound` lists, in order, the ids of jobs that don't exist or belong to another user, and texts that can't be ids.
That is not an error, even if it applies to all of them.
""",
        errors={400: "`jobIds` is missing, empty, too long, or contains something other than strings."},
        fields={"jobIds": "1 to 50 ids."},
        request={"jobIds": [JOB_ID, UNKNOWN_JOB_ID]},
        response={"success": True, "jobs": [WAITING_JOB], "notFound": [UNKNOWN_JOB_ID], "urlExpiresAt": URL_EXPIRES_AT},
    ),
    "getBatch": OperationText(
        summary="Get a batch",
        description="""
Return the jobs that one `POST /api/images/batch-enhance` created. `isFinished` is true when every job has ended,
with or without success. Jobs of images that have been deleted since are left out. With `?wait=N` the response is
sent when all jobs have ended, or after N seconds.
""",
        errors={
            400: "`wait` is not valid.",
            404: "There is no such batch, or it belongs to another user.",
        },
        path={"batchId": BATCH_ID},
        query={"wait": 20},
        response={
            "success": True,
            "batchId": BATCH_ID,
            "isFinished": False,
            "summary": {
                "total": 1,
                "pending": 0,
                "processing": 1,
                "completed": 0,
                "failed": 0,
                "refunded": 0,
                "cancelled": 0,
            },
            "jobs": [{**WAITING_JOB, "batchId": BATCH_ID}],
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "cancelJob": OperationText(
        summary="Cancel a job",
        description="""
Cancel one of your jobs that hasn't ended, and refund its tokens. Jobs that a worker has begun can be cancelled 20 times
in 15 minutes (`SPIKE_RATE_CANCEL`), others without a limit.
""",
        errors={
            404: "There is no such job, or it belongs to another user.",
            409: "The job has ended, or a worker changed it at the same moment.",
        },
        path={"jobId": JOB_ID},
        response={
            "success": True,
            "job": {
                **WAITING_JOB,
                "status": "CANCELLED",
                "processingCompletedAt": COMPLETED_AT,
                "queuePosition": None,
            },
            "tokensRefunded": 5,
            "newBalance": 98,
        },
    ),
}
