"""The official client, in both eras, over HTTP against the application in this process."""

from typing import Any

from event_loop import run_coroutine
from mcp_messages import RawClient
from memory_spike import MemorySpike


def test_a_client_of_2026_follows_a_task_to_its_picture(services: MemorySpike, raw: RawClient) -> None:
    from official_client import Tasks, connected  # noqa: PLC0415  # slow to import, and each worker collects

    tasks = Tasks(raw, services.work)

    async def talk() -> None:
        async with connected(raw, mode="auto", extensions=[tasks]) as client:
            listed = await client.list_tools()
            assert {"enhance_image", "quote"} <= {tool.name for tool in listed.tools}
            done = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_1K"})
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            assert tasks.seen == ["working", "completed"]
            refused = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_9K"})
            assert refused.is_error
            templates = await client.list_resource_templates()
            assert len(templates.resource_templates) == 2
            listed_images = await client.list_resources()
            assert listed_images.resources == []  # the picture belongs to no image

    run_coroutine(talk)


def test_a_client_of_2025_asks_for_the_job(services: MemorySpike, raw: RawClient) -> None:
    import anyio.to_thread  # noqa: PLC0415

    from official_client import connected  # noqa: PLC0415

    async def talk() -> None:
        async with connected(raw, mode="legacy") as client:
            ordered = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_1K"})
            job_id = (ordered.structured_content or {})["jobId"]
            await anyio.to_thread.run_sync(services.work)
            done = await client.call_tool("get_job", {"jobId": job_id})
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            shown: Any = done.content
            read: Any = await client.read_resource(shown[2].uri)
            assert read.contents[0].blob == shown[1].data

    run_coroutine(talk)
