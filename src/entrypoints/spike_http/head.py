"""HEAD, which is answered wherever GET is: as GET, and without the body (RFC 9110, section 9.3.2)."""

from contextlib import suppress
from typing import Any, Final

import falcon

_ALLOW: Final = "Allow"


class HeadAsGet:
    """Leads a HEAD request to the handler of GET; Falcon then leaves the body out and keeps its length.

    `Allow` lists HEAD wherever it lists GET.
    """

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Ask as GET does."""
        if req.method == "HEAD":
            req.method = "GET"
            req.context.is_head = True

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Give the request its method back, and close a stream that isn't sent: no server would."""
        allowed = (resp.get_header(_ALLOW) or "").split(", ")
        if "GET" in allowed and "HEAD" not in allowed:
            allowed.insert(allowed.index("GET") + 1, "HEAD")
            resp.set_header(_ALLOW, ", ".join(allowed))
        if not is_head(req):
            return
        req.method = "HEAD"
        stream, resp.stream = resp.stream, None
        with suppress(AttributeError):
            stream.close()  # type: ignore[union-attr]  # those that have it


def is_head(req: falcon.Request) -> bool:
    """Return whether the client asked by HEAD."""
    return bool(req.context.get("is_head"))
