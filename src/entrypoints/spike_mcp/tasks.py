"""Tasks (the extension `io.modelcontextprotocol/tasks`): jobs, as clients follow them.

A task's id is its job's, so a task outlives every connection and restart. FAILED and REFUNDED are tasks that completed
with a result that is an error: `failed` stands for errors of the protocol alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from spike_mcp.api import Api
from spike_mcp.results import job_result, progress_text

POLL_MS: Final = 2000
_STATUS: Final = {
    "PENDING": "working",
    "PROCESSING": "working",
    "COMPLETED": "completed",
    "FAILED": "completed",
    "REFUNDED": "completed",
    "CANCELLED": "cancelled",
}


def task(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a job as a task, without its result. Jobs are kept, so a task doesn't expire."""
    status = _STATUS[job["status"]]
    updated_at = job["processingCompletedAt"] or job["processingStartedAt"] or job["createdAt"]
    return {
        "taskId": job["id"],
        "status": status,
        "statusMessage": progress_text(job) if status == "working" else job["errorMessage"] or status.capitalize(),
        "createdAt": job["createdAt"],
        "lastUpdatedAt": updated_at,
        "ttlMs": None,
        "pollIntervalMs": POLL_MS,
    }


def created(job: Mapping[str, Any], *, notice: str | None) -> Mapping[str, Any]:
    """Return the result of a tool that started a job; a notice stands before its status in words."""
    shown = task(job)
    message = shown["statusMessage"] if notice is None else f"{notice} {shown['statusMessage']}"
    return {"resultType": "task", **shown, "statusMessage": message}


def followed(job: Mapping[str, Any], api: Api) -> Mapping[str, Any]:
    """Return a task with the result of its tool, once it has completed."""
    shown = task(job)
    result = {"result": {"resultType": "complete", **job_result(job, api)}} if shown["status"] == "completed" else {}
    return {"resultType": "complete", **shown, **result}
