"""What the API refuses, as errors of the protocol, where no tool is called."""

from http import HTTPStatus

from spike_mcp.api import ApiResponse
from spike_mcp.protocol import INTERNAL_ERROR, INVALID_PARAMS, ProtocolError


def api_refusal(response: ApiResponse) -> ProtocolError:
    """Return the error for a refused request.

    A client takes `INVALID_PARAMS` for a task that doesn't exist, and gives it up. So a limit, a missing scope and a
    service that is unavailable have another code, and the API's status over HTTP.
    """
    text = str(response.body.get("error") or "The request was refused")
    if response.is_missing:
        return ProtocolError(INVALID_PARAMS, text, response.body)
    return ProtocolError(INTERNAL_ERROR, text, response.body, HTTPStatus(response.status))
