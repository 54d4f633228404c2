"""Errors as problem details (RFC 9457), for clients that ask for them by `Accept`."""

from collections.abc import Mapping
from typing import Any, Final

import falcon
from falcon import mediatypes, uri

from spike_http.context import Request

PROBLEM_JSON: Final = "application/problem+json"
TYPE_BASE: Final = "https://github.com/spike-core/spike-core/blob/main/docs/reference/errors.md#"


def respond(req: Request, resp: falcon.Response, body: Mapping[str, Any]) -> None:
    """Respond with the body of an error: as it is, or with the members of problem details beside its own."""
    resp.append_header("Vary", "Accept")
    if not wants_problem(req.get_header("Accept") or ""):
        resp.media = dict(body)
        return
    resp.content_type = PROBLEM_JSON
    resp.media = {
        "type": problem_type(body["code"]),
        "status": resp.status_code,
        "detail": body["error"],
        "instance": f"{uri.encode(req.root_path + req.path)}#{body['requestId']}",
        **body,  # the title among them
    }


def problem_type(code: str) -> str:
    """Return the type of problems with this code. It identifies them, and needn't be fetched."""
    return TYPE_BASE + code


def wants_problem(accept: str) -> bool:
    """Return whether a client prefers problem details: it names their media type, and no other of JSON before it."""
    accept = accept.lower()
    if PROBLEM_JSON not in accept:
        return False
    try:
        quality = mediatypes.quality(PROBLEM_JSON, accept)
        return quality > 0 and quality >= mediatypes.quality(falcon.MEDIA_JSON, accept)
    except (ValueError, falcon.HTTPError):  # malformed
        return False
