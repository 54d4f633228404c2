"""`spike mcp` over stdio, by itself and before a server, with the official client in both eras."""

import json
import threading
from pathlib import Path
from typing import Any

from waitress.server import create_server

from event_loop import run_coroutine
from memory_spike import MemorySpike
from preloaded import run
from running import PATIENCE_S, SPIKE, environment
from spike_http import create_app


def test_a_program_finds_what_a_script_ordered(tmp_path: Path) -> None:
    """Each has a process of its own, which ends in order when its input does, with a job in work."""
    from mcp import Client, StdioServerParameters  # noqa: PLC0415  # slow to import, and each worker collects

    folder = environment(tmp_path / "data", {})
    job_id = ordered_by_a_script(tmp_path / "script", folder)

    async def follow() -> None:
        async with Client(StdioServerParameters(command=SPIKE, args=["mcp"], env=folder), mode="legacy") as client:
            for _ in range(4):
                done = await client.call_tool("get_job", {"jobId": job_id, "wait": 30})
                if (done.structured_content or {})["status"] == "COMPLETED":
                    break
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            balance = await client.call_tool("get_balance", {})
            assert (balance.structured_content or {})["balance"] == 98

    run_coroutine(follow)


def ordered_by_a_script(script: Path, folder: dict[str, str]) -> str:
    """Order by lines that all come at once and end, one of them no JSON and one too large; return the job's id."""
    call = {"jsonrpc": "2.0", "method": "tools/call"}
    order = {"name": "generate_image", "arguments": {"prompt": "a lake", "tier": "TIER_1K"}}
    lines = [
        b"\xff\xfe no JSON",
        json.dumps({**call, "id": 1, "params": order}).encode(),
        b'{"jsonrpc": "2.0", "id": 2, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"x": "' + b"!" * 50_000_000 + b'"}}',
    ]
    script.write_bytes(b"\n".join(lines))
    with script.open("rb") as stdin:
        ended = run([SPIKE, "mcp"], folder, timeout_s=PATIENCE_S, stdin=stdin.fileno())
    assert ended.returncode == 0, ended.stderr
    replies = {reply["id"]: reply for reply in map(json.loads, ended.stdout.splitlines())}  # nothing else is printed
    assert replies.keys() == {None, 1, 2, 3}
    assert replies[None]["error"]["code"] == -32700
    assert "large" in replies[3]["error"]["message"]
    job_id: str = replies[1]["result"]["structuredContent"]["jobId"]
    return job_id


def test_it_passes_requests_on_to_a_server(tmp_path: Path) -> None:
    """What is ordered there is followed, and read, here."""
    import anyio.to_thread  # noqa: PLC0415  # slow to import, and each worker collects
    from mcp import Client, StdioServerParameters  # noqa: PLC0415

    services = MemorySpike.build()
    server = create_server(create_app(services.spike), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    url, key = f"http://127.0.0.1:{server.effective_port}", services.register().api_key.text
    parameters = StdioServerParameters(
        command=SPIKE, args=["mcp", "--server", url, "--api-key", key], env=environment(tmp_path, {})
    )

    async def talk() -> None:
        async with Client(parameters, mode="auto") as client:
            assert client.session.discover_result is not None
            ordered = await client.call_tool("generate_image", {"prompt": "a lake", "tier": "TIER_1K"})
            job_id = (ordered.structured_content or {})["jobId"]
            await anyio.to_thread.run_sync(services.work)
            done = await client.call_tool("get_job", {"jobId": job_id})
            link: Any = done.content[-1]
            read = [await client.read_resource(uri) for uri in (link.uri, f"spike://jobs/{job_id}")]
            blobs: list[Any] = [each.contents[0] for each in read]
            assert blobs[0].blob == blobs[1].blob
            refused = await client.call_tool("generate_image", {"prompt": "a lake", "tier": "TIER_9K"})
            assert refused.is_error

    try:
        run_coroutine(talk)
    finally:
        server.close()
