"""Request bodies: which are dropped before they are stored."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spike_core.domain.limits import UploadLimits
from spike_http.openapi.document import Route
from spike_http.openapi.operations import Access, operations_of
from spike_http.requests.body_sizes import body_bytes_max

BODY_BYTES_MAX: Final = body_bytes_max(UploadLimits())  # of the specification's operations
RPC_PATH: Final = "/mcp"  # which isn't in the route table, since it isn't REST
_PLACEHOLDER: Final = re.compile(r"\\{\w+\\}")
_CREDENTIALS: Final = ("AUTHORIZATION", "COOKIE")


def body_share(limits: UploadLimits) -> float:
    """Return how much larger than the specification's a body may be; at least 1."""
    return max(1.0, body_bytes_max(limits) / BODY_BYTES_MAX)


@frozen
class BodyPolicy:
    """Tells by a request's header whether its body will be used."""

    _accesses: Sequence[tuple[re.Pattern[str], Mapping[str, Access]]]
    bytes_max: int = BODY_BYTES_MAX

    @classmethod
    def of(cls, routes: Iterable[Route], *, base_path: str = "", bytes_max: int = BODY_BYTES_MAX) -> "BodyPolicy":
        """Return the policy of a route table that clients see below `base_path`."""
        rpc = re.compile(f"(?:{re.escape(base_path)})?{re.escape(RPC_PATH)}/?")
        accesses: list[tuple[re.Pattern[str], Mapping[str, Access]]] = [(rpc, {"POST": Access.USER})]
        for route in routes:
            pattern = _PLACEHOLDER.sub("[^/]+", re.escape(route.path))
            operations = operations_of(route.resource)
            with_body = {method: each.access for method, each in operations.items() if each.body is not None}
            accesses.append((re.compile(f"(?:{re.escape(base_path)})?{pattern}/?"), with_body))
        return cls(accesses, bytes_max)

    def refuses(self, request: Any) -> bool:
        """Return whether a request parsed by waitress will be refused whatever its body holds.

        That is so if no operation takes a body there, if it is too large, or if credentials are required and absent.
        """
        if request.content_length > self.bytes_max:
            return True
        path = "/" + request.path.lstrip("/")  # as the application gets it
        for pattern, accesses in self._accesses:
            if pattern.fullmatch(path) and request.command in accesses:
                needs_credentials = accesses[request.command] is Access.USER
                return needs_credentials and not any(request.headers.get(name) for name in _CREDENTIALS)
        return True
