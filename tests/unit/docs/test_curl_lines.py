"""Each curl line of the REST reference succeeds with an application that has the resources it names."""

import argparse
import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from falcon import testing

from caller import PICTURE, Caller
from documents import PROJECT, Block, blocks
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_http import create_app
from spike_http.openapi.texts import examples

PAGE: Final = PROJECT / "docs/reference/http.md"
LINES: Final = [block for block in blocks(PAGE) if block.language == "sh"]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="body")
    parser.add_argument("-F", dest="fields", action="append", default=[])
    return parser


def what_the_page_names(services: MemorySpike, ada: Caller, *, anonymous: bool) -> Mapping[str, str]:
    """Create the resources that the examples name, and return the real id of each."""
    images = [ada.upload().json for _ in range(2)]
    [image, other] = [each["image"]["id"] for each in images]
    albums = [ada.post("/api/albums", {"name": name}).json["album"]["id"] for name in ("Holidays", "Work")]
    ada.post(f"/api/albums/{albums[0]}/images", {"imageIds": [image, other]})
    found = {
        examples.IMAGE_ID: image,
        examples.OTHER_IMAGE_ID: other,
        examples.JOB_ID: images[0]["enhancement"]["jobId"],
        examples.OTHER_JOB_ID: images[1]["enhancement"]["jobId"],
        examples.ALBUM_ID: albums[0],
        examples.OTHER_ALBUM_ID: albums[1],
        examples.BATCH_ID: ada.post("/api/images/batch-enhance", {"imageIds": [image], "tier": "FREE"}).json["batchId"],
        examples.GENERATION_ID: ada.post("/api/mcp/generate", {"prompt": "sea", "tier": "TIER_1K"}).json["jobId"],
        examples.KEY_ID: ada.post("/api/settings/api-keys", {"name": "laptop"}).json["apiKey"]["id"],
    }
    hook = {"url": "https://app.example.org/", "events": ["job.completed"]}
    found[examples.WEBHOOK_ID] = webhook = ada.post("/api/settings/webhooks", hook).json["webhook"]["id"]
    tested = ada.post(f"/api/settings/webhooks/{webhook}/test").json
    found[examples.DELIVERY_ID] = tested["delivery"]["id"]
    if anonymous:
        for name in (examples.ANONYMOUS_IMAGE_ID, examples.OTHER_ANONYMOUS_IMAGE_ID):
            sent = ada.client.simulate_post(
                "/api/images/anonymous-upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(PICTURE)
            )
            found[name] = sent.json["image"]["id"]
    services.pages["https://example.com/photo.jpg"] = PICTURE
    url = ada.get(f"/api/images/{image}").json["image"]["originalUrl"]
    query = dict(pair.split("=", 1) for pair in urlsplit(url).query.split("&"))
    return {**found, str(examples.EXPIRES): query["expires"], examples.SIGNATURE: query["signature"]}


def multipart(fields: list[str]) -> bytes:
    parts = []
    for each in fields:
        name, _, value = each.partition("=")
        is_file = value.startswith("@")
        parts.append(a_part(name, PICTURE, filename=value[1:]) if is_file else a_part(name, value.encode()))
    return a_form(*parts)


@pytest.mark.parametrize("block", LINES, ids=lambda block: block.place)
def test_a_curl_line_succeeds(block: Block) -> None:
    services = MemorySpike.build()
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register(tokens=1000))
    text = block.text.replace("$TOKEN", ada.registered.session_token.text)
    for example, real in what_the_page_names(services, ada, anonymous="anonymous" in text).items():
        text = re.sub(rf"(?<![a-z_]){re.escape(example)}", real, text)
    command, *words = shlex.split(text.replace("\\\n", " "))
    assert command == "curl"
    sent = arguments().parse_args(words)
    headers: dict[str, str] = dict(header.split(": ", 1) for header in sent.headers)
    body: bytes = (sent.body or "").encode()
    if sent.fields:
        headers["Content-Type"] = CONTENT_TYPE
        body = multipart(sent.fields)
    url = urlsplit(sent.url)
    method = sent.method or ("POST" if body else "GET")
    params: dict[str, Any] = {name: value for name, value in parse_qsl(url.query) if name != "wait"}
    answer = ada.client.simulate_request(method, url.path, headers=headers, params=params, body=body)
    assert answer.status_code in {200, 201, 202}, answer.text
    assert not sent.body or json.loads(sent.body)
