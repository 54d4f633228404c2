"""Resources: whatever tools link to can be read by the protocol too, by whom it belongs to."""

import base64
import io
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from falcon import testing

from caller import PICTURE, Caller
from mcp_messages import RawClient
from memory_spike import MemorySpike
from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_mcp.api import FILE_BYTES_MAX
from spike_memory import draw_picture

INLINE: Final[dict[str, Any]] = {"image": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}


def read(raw: RawClient, uri: object) -> testing.Result:
    return raw.request("resources/read", {"uri": uri})


def test_links_and_stable_uris_lead_to_the_same_file(services: MemorySpike, raw: RawClient) -> None:
    job_id = raw.call("upload_image", name="cat.jpg", **INLINE)["taskId"]
    services.work()
    result = raw.call("get_job", jobId=job_id)
    link = next(content["uri"] for content in result["content"] if content["type"] == "resource_link")
    services.clock.advance(timedelta(days=30))  # the link has expired
    for uri in (link, f"spike://jobs/{job_id}"):
        answer = read(raw, uri).json["result"]
        [contents] = answer["contents"]
        assert (contents["uri"], contents["mimeType"]) == (uri, "image/jpeg")
        assert base64.b64decode(contents["blob"]).startswith(b"picture JPEG 1024x576")
        assert (answer["resultType"], answer["cacheScope"], answer["ttlMs"] > 0) == ("complete", "private", True)
    listed = raw.request("resources/list").json["result"]
    [image] = listed["resources"]
    assert (image["name"], image["mimeType"], image["size"]) == ("cat.jpg", "image/jpeg", len(PICTURE))
    assert "nextCursor" not in listed
    original = raw.call("get_image", imageId=image["uri"].rpartition("/")[2])["content"][-1]["uri"]
    for uri in (image["uri"], original):
        [contents] = read(raw, uri).json["result"]["contents"]
        assert base64.b64decode(contents["blob"]) == PICTURE
    templates = raw.request("resources/templates/list").json["result"]["resourceTemplates"]
    assert [each["uriTemplate"] for each in templates] == ["spike://images/{imageId}", "spike://jobs/{jobId}"]
    legacy = raw.legacy("resources/read", {"uri": link}).json["result"]
    assert legacy.keys() == {"contents"}


def test_what_a_caller_may_not_see_is_as_if_it_did_not_exist(
    services: MemorySpike, client: testing.TestClient, raw: RawClient
) -> None:
    job_id = raw.call("upload_image", **INLINE)["taskId"]
    waiting = read(raw, f"spike://jobs/{job_id}")  # it has no result yet
    services.work()
    link = raw.call("get_job", jobId=job_id)["content"][-1]["uri"]
    path = urlsplit(link).path
    mallory = RawClient(client, services.register("mallory@example.org").api_key.text)
    unknown = a_job_id().text
    answers = [
        waiting,
        *(read(mallory, uri) for uri in (link, f"spike://jobs/{job_id}", f"spike://jobs/{unknown}")),
        read(raw, f"spike://images/{an_image_id().text}"),
        read(raw, f"spike://images/{job_id}"),
        read(raw, f"https://example.org{path}"),
        read(raw, "file:///etc/passwd"),
        read(raw, "spike://jobs/../images"),
        read(raw, "spike://images/layout"),
        read(raw, "spike://jobs/batch-status"),
        read(raw, ""),
        read(raw, f"http://falconframework.org{path.replace('enhanced', 'images')}"),
    ]
    for answer in answers:
        error = answer.json["error"]
        assert (answer.status_code, error["code"], error["message"]) == (400, -32602, "There is no such resource")
        assert error["data"].keys() == {"uri"}
    assert read(raw, 7).json["error"]["code"] == -32602
    assert raw.request("resources/list", {"cursor": "x"}).json["error"]["code"] == -32602
    legacy = raw.legacy("resources/read", {"uri": "file:///etc/passwd"})
    assert (legacy.status_code, legacy.json["error"]["code"]) == (200, -32002)
    tasks = [
        mallory.request(f"tasks/{verb}", {"taskId": id_})
        for verb in ("get", "update", "cancel")
        for id_ in (job_id, unknown)
    ]
    assert {(task.status_code, task.json["error"]["code"], task.json["error"]["message"]) for task in tasks} == {
        (400, -32602, "Resource not found")
    }
    assert raw.request("tasks/get", {"taskId": job_id}).json["result"]["status"] == "completed"


@pytest.mark.parametrize("id_", ["", "layout", "links", "a/b", "..", "%2e%2e", "?limit=1", None, 7, ["x"]])
def test_a_word_in_place_of_an_id_leads_to_no_other_operation(raw: RawClient, id_: object) -> None:
    for result in (raw.call("get_image", imageId=id_), raw.call("get_job", jobId=id_)):
        assert (result["isError"], result["structuredContent"]["code"]) == (True, "NOT_FOUND")


@pytest.mark.parametrize("name", ['a "b".jpg', "a\r\nb.jpg"])
def test_a_name_that_no_form_can_hold_is_refused_with_the_reason(raw: RawClient, name: str) -> None:
    result = raw.call("upload_image", name=name, **INLINE)
    assert result["content"][0]["text"].endswith("name must be one line without quotation marks")


def test_the_link_of_an_original_with_a_location_can_be_read_by_its_owner(raw: RawClient) -> None:
    located = draw_picture(flaw="located")
    raw.call("upload_image", image=base64.b64encode(located).decode(), mimeType="image/jpeg")
    [image] = raw.request("resources/list").json["result"]["resources"]
    link = raw.call("get_image", imageId=image["uri"].rpartition("/")[2])["content"][-1]["uri"]
    assert "/originals/" in link
    [contents] = read(raw, link).json["result"]["contents"]
    assert base64.b64decode(contents["blob"]) == located


def test_a_large_file_is_read_at_its_url(services: MemorySpike, raw: RawClient) -> None:
    raw.call("upload_image", **INLINE)
    [image] = raw.request("resources/list").json["result"]["resources"]
    key = ObjectKey.of_original(ImageId(image["uri"].rpartition("/")[2]), PictureFormat.JPEG)
    services.blobs.put(key, io.BytesIO(bytes(FILE_BYTES_MAX)))
    assert len(read(raw, image["uri"]).json["result"]["contents"][0]["blob"]) > FILE_BYTES_MAX
    services.blobs.put(key, io.BytesIO(bytes(FILE_BYTES_MAX + 1)))
    error = read(raw, image["uri"]).json["error"]
    assert (error["code"], "signature=" in error["data"]["url"]) == (-32602, True)


def test_a_key_sees_the_tools_that_its_scopes_allow(client: testing.TestClient, services: MemorySpike) -> None:
    ada = Caller(client, services.register("scopes@example.org"))
    keys = {
        scope: RawClient(
            client, ada.post("/api/settings/api-keys", {"name": scope, "scopes": [scope]}).json["apiKey"]["key"]
        )
        for scope in ("read", "spend", "manage")
    }
    seen = {
        scope: {tool["name"] for tool in key.request("tools/list").json["result"]["tools"]}
        for scope, key in keys.items()
    }
    assert seen["read"] == {"get_job", "list_images", "get_image", "get_balance", "quote"}
    assert seen["spend"] == {"generate_image", "modify_image", "enhance_image", "upload_image"}
    assert seen["manage"] == set()
    refused = keys["spend"].request("resources/list")
    assert (refused.status_code, refused.json["error"]["data"]["code"]) == (403, "INSUFFICIENT_SCOPE")
    services.pages.clear()  # so that a download would fail otherwise
    denied = keys["read"].call("upload_image", imageUrl="https://example.org/cat.jpg")
    assert denied["structuredContent"]["code"] == "INSUFFICIENT_SCOPE"
