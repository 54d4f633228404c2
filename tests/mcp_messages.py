"""A client that sends raw messages of the Model Context Protocol to `/mcp`."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen
from falcon import testing

VERSION: Final = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
TASKS: Final[Mapping[str, Any]] = {"extensions": {"io.modelcontextprotocol/tasks": {}}}


@frozen
class RawClient:
    """Sends messages of the revision 2026-07-28, or with `send` any bytes."""

    client: testing.TestClient
    token: str

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        id_: int = 1,
        capabilities: Any = TASKS,
        headers: Mapping[str, str] | None = None,
    ) -> testing.Result:
        meta = {VERSION: "2026-07-28", CAPABILITIES: capabilities}
        params = {**(params or {}), "_meta": meta}
        name = params.get("name", params.get("uri", params.get("taskId")))
        own = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **(headers or {})}
        message = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
        return self.send(message, {**own, **({"Mcp-Name": name} if isinstance(name, str) else {})})

    def call(self, tool: str, *, id_: int = 1, capabilities: Any = TASKS, **arguments: Any) -> Any:
        answer = self.request("tools/call", {"name": tool, "arguments": arguments}, id_=id_, capabilities=capabilities)
        assert answer.status_code == 200, answer.text
        return answer.json["result"]

    def legacy(self, method: str, params: Mapping[str, Any] | None = None, **headers: str) -> testing.Result:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, **({} if params is None else {"params": params})}
        return self.send(message, {name.replace("_", "-"): value for name, value in headers.items()})

    def send(self, message: Any, headers: Mapping[str, str]) -> testing.Result:
        all_headers = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.simulate_post("/mcp", json=message, headers=all_headers)
