"""Request bodies: which are dropped before they are stored."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spike_core.domain.limits import BATCH_BYTES_MAX
from spike_http.openapi.document import Route
from spike_http.openapi.operations import Access, operations_of
from spike_http.requests.upload_forms import FORM_OVERHEAD_BYTES_MAX

# the largest body of any operation, a batch of files; the application explains what exceeds the limit of its own
BODY_BYTES_MAX: Final = BATCH_BYTES_MAX + FORM_OVERHEAD_BYTES_MAX
RPC_PATH: Final = "/mcp"  # which isn't in the route table, since it isn't REST
_PLACEHOLDER: Final = re.compile(r"\\{\w+\\}")
_CREDENTIALS: Final = ("AUTHORIZATION", "COOKIE")


@frozen
class BodyPolicy:
    """Tells by a request's header whether its body will be used."""

    _accesses: Sequence[tuple[re.Pattern[str], Mapping[str, Access]]]

    @classmethod
    def of(cls, routes: Iterable[Route], *, base_path: str = "") -> "BodyPolicy":
        """Return the policy of a route table that clients see below `base_path`."""
        rpc = re.compile(f"(?:{re.escape(base_path)})?{re.escape(RPC_PATH)}/?")
        accesses: list[tuple[re.Pattern[str], Mapping[str, Access]]] = [(rpc, {"POST": Access.USER})]
        for route in routes:
            pattern = _PLACEHOLDER.sub("[^/]+", re.escape(route.path))
            operations = operations_of(route.resource)
            with_body = {method: each.access for method, each in operations.items() if each.body is not None}
            accesses.append((re.compile(f"(?:{re.escape(base_path)})?{pattern}/?"), with_body))
        return cls(accesses)

    def refuses(self, request: Any) -> bool:
        """Return whether a request parsed by waitress will be refused whatever its body holds.

        That is so if no operation takes a body there, if it is too large, or if credentials are required and absent.
        """
        if request.content_length > BODY_BYTES_MAX:
            return True
        path = "/" + request.path.lstrip("/")  # as the application gets it
        for pattern, accesses in self._accesses:
            if pattern.fullmatch(path) and request.command in accesses:
                needs_credentials = accesses[request.command] is Access.USER
                return needs_credentials and not any(request.headers.get(name) for name in _CREDENTIALS)
        return True
