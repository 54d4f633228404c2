"""The path of `SPIKE_PUBLIC_URL` in front of every path, where the proxy leaves it on."""

import falcon
from attrs import frozen


@frozen
class PathPrefix:
    """Takes the prefix off the paths of requests. A path without it stays as it is: the proxy has taken it off."""

    prefix: str  # such as /spike; empty where there is none

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Take it off, before the route is looked for."""
        if self.prefix and (req.path == self.prefix or req.path.startswith(f"{self.prefix}/")):
            req.path = req.path.removeprefix(self.prefix) or "/"
