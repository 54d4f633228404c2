"""Results of tools: what the API answered, as text and as data, with pictures and links to them."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from spike_mcp.api import Api, ApiResponse, Picture

REPLAYED: Final = "This call was made before, so nothing new was ordered; another requestKey orders it again."
_ENDED_BADLY: Final = ("FAILED", "REFUNDED", "CANCELLED")


def refused(response: ApiResponse) -> Mapping[str, Any]:
    """Return the result of a request that the API refused: its texts, for the model to read, and its data."""
    body = response.body
    parts = [str(body.get(name) or "") for name in ("error", "suggestion")]
    return _result(". ".join(dict.fromkeys(filter(None, parts))) or "Something went wrong", body, is_error=True)


def ordered(response: ApiResponse, job_id: str | None) -> Mapping[str, Any]:
    """Return the result of an accepted order, for a client that doesn't know tasks."""
    body = {name: value for name, value in response.body.items() if name != "message"}  # it names a path
    data = {**body, **({"jobId": job_id} if job_id else {}), "replayed": response.is_replayed}
    text = f"The job {job_id} has started; get_job returns its result." if job_id else "Stored."
    if response.is_replayed:
        text += f" {REPLAYED}"
    return _result(text, data)


def job_result(job: Mapping[str, Any], api: Api) -> Mapping[str, Any]:
    """Return the result that a job has: its picture as an image, if it is small, and as a link."""
    status = job["status"]
    if status in _ENDED_BADLY:
        refund = " Its tokens were refunded." if job["tokensCost"] else ""
        return _result(f"{job['errorMessage'] or f'The job was {status.lower()}'}.{refund}", job, is_error=True)
    if status != "COMPLETED":
        return _result(progress_text(job), job)
    size, url = f"{job['enhancedWidth']} x {job['enhancedHeight']} pixels", job["enhancedUrl"]
    content = [_link(url, name=f"{job['id']}.{job['format']}", media_type=f"image/{job['format']}")]
    return _result(f"Done: {size}, {job['format']}. {url}", job, more=[*_images(api.picture(job["id"])), *content])


def image_result(response: ApiResponse, api: Api) -> Mapping[str, Any]:
    """Return an image with its jobs, as data, as an image if there is a small copy, and as links."""
    image = response.body["image"]
    media_type = f"image/{image['originalFormat'].lower()}"
    links = [_link(image["originalUrl"], name=image["name"], media_type=media_type)]
    return _result(_as_text(image), response.body, more=[*_images(api.picture(image["id"])), *links])


def data_result(response: ApiResponse) -> Mapping[str, Any]:
    """Return any other response."""
    return _result(_as_text(response.body), response.body)


def progress_text(job: Mapping[str, Any]) -> str:
    """Return in words how far a job is."""
    if job["queuePosition"] is not None:
        return f"Waiting, number {job['queuePosition']} in the queue"
    return f"In progress, {job['progress']} %"


def _as_text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def _images(picture: Picture | None) -> Sequence[Mapping[str, Any]]:
    if picture is None:
        return []
    return [
        {"type": "image", "data": base64.b64encode(picture.content).decode(), "mimeType": picture.media_type},
    ]


def _link(url: str, *, name: str, media_type: str) -> Mapping[str, Any]:
    return {"type": "resource_link", "uri": url, "name": name, "mimeType": media_type}


def _result(
    text: str, data: Mapping[str, Any], *, more: Sequence[Mapping[str, Any]] = (), is_error: bool = False
) -> Mapping[str, Any]:
    return {
        "content": [{"type": "text", "text": text}, *more],
        "structuredContent": dict(data),
        "isError": is_error,
    }
