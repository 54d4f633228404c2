"""The specification's own clients, extracted from it when the tests run, against a running server.

Each example runs as it stands but for what it can't know: literal ids, credentials and hosts are replaced, and only
those that a test names in `with_real`. What a browser gives it (`fetch` with the session's cookie, a console, chosen
files) comes from `page.mjs`. Node 20 or newer and curl are needed.
"""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from attrs import frozen

from golden.errors import NOT_FOUND
from golden.images import DELETED, ENHANCING, GENERATING, MODIFYING
from golden.looks import assert_served
from live_account import PHOTO, Credentials, LiveAccount
from pictures import decoded
from running import PATIENCE_S, serving
from spec_text import BlockName, Spec

HERE: Final = Path(__file__).parent
EXAMPLES: Final[set[BlockName]] = set()  # those that a test below runs

Test = TypeVar("Test", bound=Callable[..., None])


def runs(language: str, place: str) -> Callable[[Test], Test]:
    """Give a test the block at this place of the specification, and record that it is run."""
    name = BlockName(language, place)
    EXAMPLES.add(name)
    return pytest.mark.parametrize("block", [name], indirect=True, ids=str)


def with_real(code: str, values: Mapping[str, str]) -> str:
    """Replace literals that only a user can fill in; each must occur."""
    for literal, value in values.items():
        assert literal in code, f"the example has no {literal} to replace"
        code = code.replace(literal, value)
    return code


@frozen
class Heard:
    """The output of an example, and the responses that it received."""

    lines: list[list[str]]  # level, text
    answers: list[dict[str, Any]]  # method, path, status, body
    outcome: Any


def run(code: str, account: LiveAccount, *files: str, **order: Any) -> Heard:
    """Run an example in Node, as on a page where a user has chosen these files."""
    order = {
        "code": code,
        "base": account.server.url,
        "sessionToken": account.credentials.session_token,
        "filePaths": [str(account.photos / name) for name in files or (PHOTO,)],
        **order,
    }
    done = subprocess.run(
        ["node", str(HERE / "run.mjs")],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    assert heard.pop("thrown") is None, heard
    return Heard(**heard)


def curl(line: str, account: LiveAccount) -> Any:
    """Run a curl line in the folder with the pictures and return the JSON that it printed."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=account.photos,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# uploading


@runs("bash", "Upload Single Image / cURL Example")
def test_the_upload_line_uploads(block: str, ada: LiveAccount) -> None:
    line = with_real(block, {"http://localhost:3000": ada.server.url, "{token}": ada.credentials.session_token})
    uploaded = curl(line, ada)
    assert (uploaded["success"], uploaded["image"]["name"]) == (True, PHOTO)
    assert ada.get(f"/api/images/{uploaded['image']['id']}")["image"]["jobs"][0]["tier"] == "TIER_1K"


@runs("javascript", "Upload Single Image / JavaScript Example")
def test_the_upload_example_names_image_and_job(block: str, ada: LiveAccount) -> None:
    album = ada.an_album(defaultTier="TIER_2K")
    heard = run(with_real(block, {"album_123abc": album}), ada)
    body = heard.answers[0]["body"]
    assert heard.lines == [["log", f"Image: {body['image']['id']}, Job: {body['enhancement']['jobId']}"]]
    assert body["enhancement"]["tier"] == "TIER_2K"
    assert [image["id"] for image in ada.get(f"/api/albums/{album}")["album"]["images"]] == [body["image"]["id"]]


@runs("javascript", "Upload Multiple Images (Batch) / JavaScript Example")
def test_the_batch_example_tells_each_files_fate(block: str, ada: LiveAccount) -> None:
    heard = run(block, ada, PHOTO, "notes.txt", PHOTO)
    first, _, third = heard.answers[0]["body"]["results"]
    assert heard.lines == [
        ["log", f"File 1: {first['imageId']}"],
        ["error", "File 2: File is not a supported image"],
        ["log", f"File 3: {third['imageId']}"],
    ]


# enhancing


@runs("javascript", "Enhance Single Image / JavaScript Example")
def test_the_enhance_example_starts_a_job(block: str, ada: LiveAccount) -> None:
    image_id = ada.an_image()
    heard = run(with_real(block, {"img_123abc": image_id}), ada)
    job_id = heard.answers[0]["body"]["jobId"]
    assert heard.lines == [["log", f"Job started: {job_id}"]]
    assert ada.get(f"/api/images/{image_id}")["image"]["jobs"][-1]["id"] == job_id


@runs("javascript", "Enhance Single Image / JavaScript Example")
def test_the_enhance_example_tells_the_poor_what_they_need(block: str, poor: LiveAccount) -> None:
    free = poor.an_image(poor.an_album(autoEnhance=False))
    heard = run(with_real(block, {"img_123abc": free}), poor)
    assert heard.lines == [["log", "Need 5 tokens"]]
    assert heard.answers[0]["body"]["title"] == "Payment required"


@runs("javascript", "Enhance with Multiple Tiers (Parallel) / JavaScript Example")
def test_the_parallel_example_starts_a_job_a_tier(block: str, ada: LiveAccount) -> None:
    heard = run(with_real(block, {"img_123abc": ada.an_image()}), ada)
    assert heard.lines == [["log", "2 jobs started"], ["log", "Total cost: 15 tokens"]]


@runs("javascript", "Batch Enhance Multiple Images / JavaScript Example")
def test_the_batch_enhance_example_starts_a_batch(block: str, ada: LiveAccount) -> None:
    heard = run(with_real(block, {"img_123abc": ada.an_image(), "img_456def": ada.an_image()}), ada)
    batch_id = heard.answers[0]["body"]["batchId"]
    assert heard.lines == [["log", f"Batch {batch_id} started with 2 images"]]
    assert len(ada.get(f"/api/batches/{batch_id}")["jobs"]) == 2


@runs("javascript", "Complete Enhancement Workflow")
def test_the_complete_workflow_ends_with_an_enhanced_picture(block: str, ada: LiveAccount) -> None:
    heard = run(block, ada, defines="enhanceImage")
    uploaded = heard.answers[0]["body"]
    said = [text for level, text in heard.lines if level == "log"]
    assert len(said) == len(heard.lines), heard.lines
    assert said[:2] == [
        f"Uploaded: {uploaded['image']['id']}",
        f"Auto-enhancement started: {uploaded['enhancement']['jobId']}",
    ]
    assert said[-2] == "Job status: COMPLETED"
    assert {*said[2:-2]} <= {"Job status: PENDING", "Job status: PROCESSING"}
    url = said[-1].removeprefix("Enhanced URL: ")
    assert max(decoded(ada.server.ask("GET", url).content).size) == 1024


@runs("javascript", "Manual Enhancement After Upload")
def test_the_manual_example_starts_three_jobs(block: str, ada: LiveAccount) -> None:
    assert run(block, ada).lines == [["log", "Started 3 jobs, cost: 17 tokens"]]


@runs("javascript", "Blend Two Images")
def test_the_blend_example_blends_two_images(block: str, ada: LiveAccount) -> None:
    heard = run(block, ada)
    first, second, blend = (answer["body"] for answer in heard.answers)
    assert heard.lines == [["log", f"Blend job started: {blend['jobId']}"]]
    job = ada.server.wait_for_job(first["image"]["id"], blend["jobId"], token=ada.credentials.session_token)
    assert (job["status"], job["isBlend"], job["sourceImageId"]) == ("COMPLETED", True, second["image"]["id"])


@runs("javascript", "Handling Rate Limits / Exponential Backoff Example")
def test_the_backoff_example_gets_through_at_last(block: str, photos: Path, tmp_path: Path) -> None:
    """One enhancement in two seconds is allowed here, so the second is refused once, and then accepted."""
    folder = tmp_path / "var"
    credentials = Credentials.register(folder, "ada@example.org", tokens=100)
    with serving(folder, SPIKE_RATE_ENHANCE="1", SPIKE_RATE_WINDOW_S="2") as server:
        ada = LiveAccount(server, credentials, photos)
        given = {"imageId": ada.an_image()}
        heard = run(block, ada, defines="enhanceWithRetry", driver=str(HERE / "backoff.mjs"), given=given)
    first, second = heard.outcome
    assert_served({**ENHANCING, "tokenCost": 2, "newBalance": 96}, first)
    assert_served({**ENHANCING, "tokenCost": 2, "newBalance": 94}, second)
    assert [answer["status"] for answer in heard.answers] == [200, 429, 200]
    (line,) = heard.lines
    assert re.fullmatch(r"Rate limited\. Retrying in [1-3]000ms\.\.\.", line[1])


# albums


@runs("javascript", "Move Images to Album / JavaScript Example")
def test_the_move_example_moves(block: str, ada: LiveAccount) -> None:
    images, source, target = [ada.an_image(), ada.an_image()], ada.an_album(), ada.an_album()
    ada.post(f"/api/albums/{source}/images", {"imageIds": images})
    ids = {"img_123abc": images[0], "img_456def": images[1], "album_xyz789": target, "album_old123": source}
    heard = run(with_real(block, ids), ada)
    assert heard.lines == [["log", "Moved 2 images"], ["log", "0 were already in the album"]]
    assert ada.get(f"/api/albums/{source}")["album"]["images"] == []


# pictures from words


@runs("bash", "Generate Image from Text / cURL Example")
def test_the_generate_line_starts_a_generation(block: str, ada: LiveAccount) -> None:
    line = with_real(block, {"https://spike.land": ada.server.url, "sk_live_...": ada.credentials.api_key})
    assert_served(GENERATING, curl(line, ada))


@runs("javascript", "Modify Existing Image / Using Base64 Image")
def test_the_base64_example_starts_a_modification(block: str, ada: LiveAccount) -> None:
    heard = run(with_real(block, {"sk_live_...": ada.credentials.api_key}), ada)
    assert_served(MODIFYING, heard.answers[0]["body"])


@runs("javascript", "Modify Existing Image / Using Image URL")
def test_the_url_example_is_refused_an_address_of_our_own(block: str, ada: LiveAccount) -> None:
    """No test uses the real web; `tests/unit/http/golden` tests the responses for public addresses."""
    url = f"{ada.server.url}/photo.jpg"
    ids = {"sk_live_...": ada.credentials.api_key, "https://example.com/photo.jpg": url}
    (answer,) = run(with_real(block, ids), ada).answers
    assert (answer["status"], answer["body"]["error"]) == (400, "The image URL is not allowed")


# the two classes


@runs("javascript", "Using with Fetch")
def test_each_method_of_the_image_class_works(block: str, ada: LiveAccount) -> None:
    source, target = ada.an_album(), ada.an_album(defaultTier="TIER_4K")
    given = {"base": ada.server.url, "targetAlbum": target, "sourceAlbum": source}
    outcome = run(block, ada, defines="SpikeImageAPI", driver=str(HERE / "image_api.mjs"), given=given).outcome
    image_id, other = outcome["uploaded"]["image"]["id"], outcome["placed"]["image"]["id"]
    assert outcome["uploaded"]["enhancement"]["tokenCost"] == outcome["placed"]["enhancement"]["tokenCost"] == 2
    assert outcome["enhanced"]["tokenCost"] == 5
    assert outcome["blended"]["tokenCost"] == 2
    assert [job["tier"] for job in outcome["inParallel"]["jobs"]] == ["FREE", "TIER_1K"]
    shown = outcome["shown"]["image"]
    started = [outcome["enhanced"]["jobId"], outcome["blended"]["jobId"], outcome["inParallel"]["jobs"][0]["jobId"]]
    assert shown["id"] == image_id
    assert {*started} < {job["id"] for job in shown["jobs"]}
    assert (outcome["added"]["moved"], outcome["added"]["alreadyInAlbum"]) == (1, 0)
    moved = {result["imageId"]: result["alreadyInAlbum"] for result in outcome["moved"]["results"]}
    assert moved == {image_id: True, other: False}
    assert_served(DELETED, outcome["deleted"])
    refused = outcome["refused"]
    for gone in ("enhanced", "shown", "deleted"):
        assert_served(NOT_FOUND, refused[gone])
    assert refused["inParallel"]["code"] == "INVALID_INPUT"
    assert refused["moved"]["invalidIds"] == ["img_123abc"]


@runs("javascript", "Using MCP API")
def test_each_method_of_the_mcp_class_works(block: str, ada: LiveAccount) -> None:
    """With only an API key, without the session's cookie."""
    given = {"base": ada.server.url, "apiKey": ada.credentials.api_key, "loopbackUrl": f"{ada.server.url}/photo.jpg"}
    order = {"defines": "SpikeMcpAPI", "driver": str(HERE / "mcp_api.mjs"), "given": given}
    outcome = run(block, ada, sessionToken="", **order).outcome
    refused = outcome.pop("refused")
    for name, expected in (("generated", GENERATING), ("modified", MODIFYING)):
        assert_served({**expected, "tokensCost": 2}, outcome[name])
    assert outcome["generatedWide"]["success"] is outcome["modifiedAsJpeg"]["success"] is True
    assert refused == {
        "loopback": "The image URL is not allowed",
        "otherType": "Invalid input",
        "free": "Invalid tier",
        "stranger": "You must be logged in to access this resource",
    }
    job = ada.get(f"/api/jobs/{outcome['generatedWide']['jobId']}?wait=30")["job"]
    assert (job["status"], job["enhancedWidth"], job["enhancedHeight"]) == ("COMPLETED", 1024, 576)


def test_every_example_is_run(spec: Spec) -> None:
    """A new example of the specification fails here until a test above runs it."""
    assert spec.of("javascript", "bash") == EXAMPLES
