"""`docs/reference/http.md` documents every endpoint and error, and no others."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from falcon import inspect, testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from reader import shape
from spike_core.domain.catalog import SPECIFIED
from spike_http import create_app
from spike_http.errors import ENHANCE_MESSAGES, TABLE, UPLOAD_MESSAGES
from spike_http.openapi.markdown import reference
from spike_http.serving.health_checks import THREADS_KEY
from spike_runtime import Settings

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/http.md").read_text(encoding="utf-8")
HEADING: Final = re.compile(r"^### .+\n\n`(\w+) (\S+)`, credentials: \w+$", re.MULTILINE)
RPC_ROW: Final = re.compile(r"^\| .+ \| `(POST) (/mcp)` \|", re.MULTILINE)
PAGE_ROW: Final = re.compile(r"^\| [^\[].*\| `(GET) (\S+)` \| none \| none \| (?:none|404|404 503) \|$", re.MULTILINE)
JSON_BLOCK: Final = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ERROR_ROW: Final = re.compile(r"^\| (\d{3}) \| `([A-Z_]+)` \| (.+) \|$", re.MULTILINE)
RATE_ROW: Final = re.compile(
    r"^\| \[`(\w+) (\S+)`\]\(#\S+\) \| (\d+) \| \[`(SPIKE_RATE_\w+)`\]\(settings\.md\) \|$", re.MULTILINE
)
TIER_ROW: Final = re.compile(r"^\| `(\w+)` \| (\d+) \| (\d+) px \|$", re.MULTILINE)


@pytest.fixture
def services() -> MemorySpike:
    return MemorySpike.build()


@pytest.fixture
def ada(services: MemorySpike) -> Caller:
    return Caller(testing.TestClient(create_app(services.spike)), services.register())


def section(heading: str) -> str:
    """Return the text below a heading of the second level, or below the endpoint of one of the third."""
    line = f"\n{heading}, credentials: " if heading.startswith("`") else f"\n## {heading}\n"
    _, found, rest = PAGE.partition(line)
    assert found, f"there is a section {heading}"
    return rest.partition("\n## ")[0].partition("\n### ")[0]


def as_documented(template: str) -> str:
    """Return the router's path in the page's notation: `{imageId}` for `{image_id}`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), template)


def test_the_page_is_the_one_that_is_written_from_the_document(services: MemorySpike) -> None:
    """After a change of the API or its texts, `make reference` writes the page again."""
    client = testing.TestClient(create_app(services.spike))
    assert reference(client.simulate_get("/openapi.json").json) == PAGE


def samples(heading: str) -> list[Any]:
    return [json.loads(block) for block in JSON_BLOCK.findall(section(heading))]


def test_every_route_is_documented_and_none_else(services: MemorySpike) -> None:
    routes = inspect.inspect_routes(create_app(services.spike))
    actual = {
        (method.method, as_documented(route.path))
        for route in routes
        for method in route.methods
        if not method.internal
    }
    documented = [*HEADING.findall(PAGE), *PAGE_ROW.findall(PAGE), *RPC_ROW.findall(PAGE)]
    assert set(documented) == actual
    assert len(documented) == len(actual), "each is documented once"


def test_every_error_is_documented_and_none_else() -> None:
    """Falcon's own (405, 415, 416) aren't in the table of errors; the next test names them."""
    limits = {"file_mb_max": 10, "source_mb_max": 20, "batch_mb_max": 50, "megapixels_max": 50, "files_max": 20}

    def with_limits(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda field: str(limits.get(field[1], field[0])), text)

    actual = {(str(int(row.status)), row.code, with_limits(row.message.error)) for row in TABLE.values()}
    actual |= {("402", "INSUFFICIENT_TOKENS", next(iter(UPLOAD_MESSAGES.values())).error)}
    actual |= {("402", "INSUFFICIENT_TOKENS", message.error) for message in ENHANCE_MESSAGES.values()}
    actual |= {("500", "INTERNAL_ERROR", list(UPLOAD_MESSAGES.values())[-1].error)}
    documented = {(status, code, error.partition(" (")[0]) for status, code, error in ERROR_ROW.findall(PAGE)}
    assert {row for row in documented if row[0] not in {"405", "415", "416"}} == actual


def test_falcons_errors_are_told(ada: Caller) -> None:
    documented = set(ERROR_ROW.findall(PAGE))
    wrong_method = ada.client.simulate_delete("/healthz")
    headers = {**ada.headers, "Content-Type": "text/plain"}
    wrong_type = ada.client.simulate_post("/api/images/enhance", headers=headers, body="hello")
    url = ada.upload().json["image"]["url"].removeprefix("http://falconframework.org")
    beyond = ada.client.simulate_get(url, headers={"Range": "bytes=99999999-"})
    for answer in (wrong_method, wrong_type, beyond):
        assert (str(answer.status_code), answer.json["code"], answer.json["error"]) in documented


def test_the_tiers_are_those_of_the_domain() -> None:
    documented = TIER_ROW.findall(section("`POST /api/images/enhance`"))
    assert documented == [
        (tier.name, str(SPECIFIED[tier].price), str(SPECIFIED[tier].longest_side_px)) for tier in SPECIFIED.tiers
    ]


def test_the_sample_answers_have_the_shape_of_the_real_ones(services: MemorySpike, ada: Caller) -> None:
    def assert_alike(heading: str, answer: testing.Result) -> None:
        assert answer.status_code in {200, 201}
        sample = samples(heading)[-1]
        assert shape(sample) == shape(answer.json)

    services.spike.maintenance.presence.report()
    uploaded = ada.upload()
    image_id, job_id = uploaded.json["image"]["id"], uploaded.json["enhancement"]["jobId"]
    assert_alike("`POST /api/images/upload`", uploaded)
    assert_alike("`GET /api/jobs/{jobId}`", ada.get(f"/api/jobs/{job_id}"))
    many = ada.post("/api/jobs/batch-status", {"jobIds": [job_id, "unknown"]})
    assert_alike("`POST /api/jobs/batch-status`", many)
    services.work()
    services.background.run()  # renditions
    assert_alike("`GET /api/images/{imageId}`", ada.get(f"/api/images/{image_id}"))
    request, _ = samples("`POST /api/images/enhance`")
    enhancing = ada.post("/api/images/enhance", {**request, "imageId": image_id})
    assert_alike("`POST /api/images/enhance`", enhancing)
    request, _ = samples("`POST /api/images/parallel-enhance`")
    assert_alike(
        "`POST /api/images/parallel-enhance`",
        ada.post("/api/images/parallel-enhance", {**request, "imageId": image_id}),
    )
    assert_alike("`GET /api/images`", ada.get("/api/images"))
    two = {"imageIds": [image_id, ada.upload().json["image"]["id"]], "tier": "TIER_2K"}
    assert_alike("`POST /api/images/batch-enhance`", ada.post("/api/images/batch-enhance", two))
    batch = ada.post("/api/images/batch-enhance", {"imageIds": [image_id], "tier": "TIER_2K"})
    assert_alike("`GET /api/batches/{batchId}`", ada.get(f"/api/batches/{batch.json['batchId']}"))
    assert_alike("`POST /api/jobs/{jobId}/cancel`", ada.post(f"/api/jobs/{enhancing.json['jobId']}/cancel"))
    assert_alike("`GET /api/tokens/balance`", ada.get("/api/tokens/balance"))
    assert_alike("`GET /api/tokens/history`", ada.get("/api/tokens/history", limit="1"))
    assert_alike("`GET /api/settings/api-keys`", ada.get("/api/settings/api-keys"))
    assert_alike("`GET /api/sessions`", ada.get("/api/sessions"))
    naming, _ = samples("`POST /api/settings/api-keys`")
    created = ada.post("/api/settings/api-keys", naming)
    assert_alike("`POST /api/settings/api-keys`", created)
    key_id = created.json["apiKey"]["id"]
    assert_alike("`DELETE /api/settings/api-keys/{keyId}`", ada.delete(f"/api/settings/api-keys/{key_id}"))
    bob = Caller(ada.client, services.register("bob@example.org"))  # who has no such picture yet
    files = [a_part("files", PICTURE, filename="a.jpg"), a_part("files", b"junk", filename="b.jpg")]
    headers = {**bob.headers, "Content-Type": CONTENT_TYPE}
    many_files = ada.client.simulate_post("/api/images/batch-upload", headers=headers, body=a_form(*files))
    assert_alike("`POST /api/images/batch-upload`", many_files)
    assert_alike("`GET /healthz`", ada.get("/healthz"))
    ready = ada.client.simulate_get("/readyz", extras={THREADS_KEY: lambda: False})
    assert_alike("`GET /readyz`", ready)


def test_the_sample_answers_of_pictures_from_words_and_strangers_have_the_shape_of_the_real_ones(
    services: MemorySpike, ada: Caller
) -> None:
    def assert_alike(heading: str, answer: testing.Result) -> None:
        assert answer.status_code == 200
        assert shape(samples(heading)[-1]) == shape(answer.json)

    anonymous = ada.client.simulate_post(
        "/api/images/anonymous-upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(PICTURE)
    )
    assert_alike("`POST /api/images/anonymous-upload`", anonymous)
    source = ada.client.simulate_post(
        "/api/images/anonymous-upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(PICTURE)
    )
    ids = [answer.json["image"]["id"] for answer in (anonymous, source)]
    mix = {"imageId": ids[0], "blendSource": {"imageId": ids[1]}}
    assert_alike("`POST /api/images/anonymous-enhance`", ada.post("/api/images/anonymous-enhance", mix))
    request, _ = samples("`POST /api/mcp/generate`")
    generating = ada.post("/api/mcp/generate", request)
    assert_alike("`POST /api/mcp/generate`", generating)
    services.work()
    services.background.run()  # renditions
    assert_alike("`GET /api/mcp/jobs/{jobId}`", ada.get(f"/api/mcp/jobs/{generating.json['jobId']}"))
    assert_alike("`GET /api/mcp/history`", ada.get("/api/mcp/history"))
    request, _ = samples("`POST /api/mcp/modify`")
    services.pages[request["imageUrl"]] = PICTURE
    assert_alike("`POST /api/mcp/modify`", ada.post("/api/mcp/modify", request))


def test_the_sample_answers_of_changing_and_deleting_have_the_shape_of_the_real_ones(
    services: MemorySpike, ada: Caller
) -> None:
    ada.post("/api/albums", {"name": "Plain", "autoEnhance": False})
    album = ada.get("/api/albums").json["albums"][0]["id"]
    form = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("albumId", album.encode()))
    path = f"/api/images/{ada.upload_form(form).json['image']['id']}"
    services.background.run()  # renditions
    request, sample = samples("`PATCH /api/images/{imageId}`")
    assert shape(sample) == shape(ada.patch(path, request).json)
    assert samples("`DELETE /api/images/{imageId}`") == [ada.delete(path).json]


def test_the_sample_answers_of_albums_have_the_shape_of_the_real_ones(services: MemorySpike, ada: Caller) -> None:
    def assert_alike(heading: str, answer: testing.Result, status: int = 200) -> None:
        assert answer.status_code == status
        assert shape(samples(heading)[-1]) == shape(answer.json)

    image_id = ada.upload().json["image"]["id"]
    services.background.run()  # renditions
    [wanted, _] = samples("`POST /api/albums`")
    made = ada.post("/api/albums", wanted)
    album = made.json["album"]
    path = f"/api/albums/{album['id']}"
    [_, sample] = samples("`POST /api/albums`")
    assert made.status_code == 201
    assert shape(sample) == shape(made.json)
    assert_alike("`POST /api/albums/{albumId}/images`", ada.post(f"{path}/images", {"imageIds": [image_id]}))
    [change, _] = samples("`PATCH /api/albums/{albumId}`")
    assert_alike("`PATCH /api/albums/{albumId}`", ada.patch(path, {**change, "coverImageId": image_id}))
    assert_alike("`GET /api/albums`", ada.get("/api/albums"))
    assert_alike("`GET /api/albums/{albumId}`", ada.get(path))
    second_id = ada.upload().json["image"]["id"]
    ada.post(f"{path}/images", {"imageIds": [second_id]})
    order = {"imageOrder": [second_id, image_id]}
    assert_alike("`PATCH /api/albums/{albumId}/images`", ada.patch(f"{path}/images", order))
    target = ada.post("/api/albums", {"name": "Work"}).json["album"]["id"]
    request, _ = samples("`POST /api/images/move-to-album`")
    move = {"imageIds": [image_id], "targetAlbumId": target, "removeFromSourceAlbum": album["id"]}
    assert move.keys() == request.keys()
    assert_alike("`POST /api/images/move-to-album`", ada.post("/api/images/move-to-album", move))
    assert_alike("`DELETE /api/albums/{albumId}/images`", ada.delete(f"{path}/images", {"imageIds": [image_id]}))
    assert_alike("`DELETE /api/albums/{albumId}`", ada.delete(path))


def test_the_sample_error_has_the_shape_of_a_real_one(services: MemorySpike, ada: Caller) -> None:
    poor = Caller(ada.client, services.register("poor@example.org", tokens=3))
    image_id = poor.upload().json["image"]["id"]
    refused = poor.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_4K"})
    assert refused.status_code == 402
    [sample] = samples("Errors")
    assert shape(sample) == shape(refused.json)
    texts = ("error", "title", "suggestion", "code")
    assert [sample[name] for name in texts] == [refused.json[name] for name in texts]


def test_the_rate_limits_are_those_of_the_settings() -> None:
    rows = RATE_ROW.findall(section("Rate limits"))
    named = {setting.removeprefix("SPIKE_").lower(): int(limit) for _, _, limit, setting in rows}
    defaults = {f"rate_{rate.bucket.value.replace('-', '_')}": rate.limit for rate in Settings().rates}
    defaults.pop("rate_cancel")  # of jobs that a worker has begun alone, as the operation's text says
    assert "SPIKE_RATE_CANCEL" in PAGE
    assert named == defaults
    assert {(method, path) for method, path, _, _ in rows} <= set(HEADING.findall(PAGE))
