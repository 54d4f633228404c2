"""Resources: images and results of jobs, by URIs that stay the same, and by the links that tools return.

Links are signed URLs that any program can fetch until they expire. A program that has no network of its own reads them
here, with the user's credentials in place of the signature.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from spike_mcp.api import FILE_BYTES_MAX, Api, segment
from spike_mcp.protocol import INVALID_PARAMS, RESOURCE_NOT_FOUND, ProtocolError, RpcRequest
from spike_mcp.refusals import api_refusal

PAGE: Final = 50  # images
TEMPLATES: Final = (
    {
        "uriTemplate": "spike://images/{imageId}",
        "name": "image",
        "title": "Image",
        "description": "The file of an image in the user's library.",
    },
    {
        "uriTemplate": "spike://jobs/{jobId}",
        "name": "result",
        "title": "Result of a job",
        "description": "The file that a completed job has made.",
    },
)
_URI: Final = re.compile(r"spike://(?P<kind>images|jobs)/(?P<id>\w+)", re.ASCII)
# an original with a location has a name of its own, as has the result of a second attempt
_LINK: Final = re.compile(r"https?://[^?#]+/(?P<id>(?:img|job)_\w+)(?:-\w+)?\.\w+(?:\?[^#]*)?", re.ASCII)


def listed(request: RpcRequest, api: Api) -> Mapping[str, Any]:
    """Return a page of the user's images, the newest first.

    Raises:
        ProtocolError: the cursor isn't one, or the API refuses the request.
    """
    cursor = None if request.params.get("cursor") is None else request.text("cursor")
    response = api.call("GET", "/api/images", query={"limit": PAGE, "cursor": cursor})
    if response.is_error:
        raise api_refusal(response)
    page = {"resources": [_resource(image) for image in response.body["images"]]}
    following = response.body["nextCursor"]
    return page if following is None else {**page, "nextCursor": following}


def read(request: RpcRequest, api: Api) -> Mapping[str, Any]:
    """Return the file that a URI or a link leads to, in base64.

    Raises:
        ProtocolError: there is none for this caller, it is too large, or the API refuses the request.
    """
    uri = request.text("uri")
    match = _URI.fullmatch(uri) or _LINK.fullmatch(uri)
    if match is None:
        raise _not_found(uri, request)
    id_, is_link = match["id"], "kind" not in match.re.groupindex
    is_job = id_.startswith("job_")
    if not is_link and is_job != (match["kind"] == "jobs"):
        raise _not_found(uri, request)
    path = f"/api/{'jobs' if is_job else 'images'}/{segment(id_)}"
    response = api.call("GET", path)
    if response.is_error:
        raise _not_found(uri, request) if response.is_missing else api_refusal(response)
    url = response.body["job"]["enhancedUrl"] if is_job else response.body["image"]["originalUrl"]
    if url is None or (is_link and _place(url) != _place(uri)):
        raise _not_found(uri, request)
    file = api.file(id_)
    if file is None:
        data = {"uri": uri, "url": url}
        raise ProtocolError(INVALID_PARAMS, f"Files of more than {FILE_BYTES_MAX} bytes are read at their URL", data)
    blob = base64.b64encode(file.content).decode()
    return {"contents": [{"uri": uri, "mimeType": file.media_type, "blob": blob}]}


def _resource(image: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "uri": f"spike://images/{image['id']}",
        "name": image["name"],
        "mimeType": f"image/{image['originalFormat'].lower()}",
        "size": image["originalSizeBytes"],
    }


def _place(url: str) -> str:
    """Return a URL without its query: the signature, and when it expires."""
    return url.partition("?")[0]


def _not_found(uri: str, request: RpcRequest) -> ProtocolError:
    code = INVALID_PARAMS if request.is_stateless else RESOURCE_NOT_FOUND
    return ProtocolError(code, "There is no such resource", {"uri": uri})
