"""`docs/howto/add-a-tier.md`, applied to a copy of the sources: the new tier is sold, processed and delivered."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from documents import PROJECT, blocks
from pictures import decoded, encoded, photograph

PAGE: Final = PROJECT / "docs/howto/add-a-tier.md"
ROOTS: Final = ("src", "src/adapters", "src/entrypoints")
SELL: Final = """
import json
from pathlib import Path
from falcon import testing
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_http import create_app
from spike_runtime import Settings, build

spike = build(Settings(data_dir=Path("var"), upscaler="classical"))
spike.database.migrate()
user = spike.accounts.registration.register(Email.parse("ada@example.org"))
with open("photo.jpg", "rb") as photo:
    image = spike.images.uploads.upload(user.user.id, name=ImageName.parse("photo.jpg"), content=photo).image
client = testing.TestClient(create_app(spike))
headers = {"Authorization": "Bearer " + user.session_token.text}
body = {"imageId": str(image.id), "tier": "TIER_3K"}
accepted = client.simulate_post("/api/images/enhance", headers=headers, json=body).json
described = client.simulate_get("/openapi.json").text
job = next(job for job in spike.queries.image(image.id, viewer=user.user.id).jobs if str(job.id) == accepted["jobId"])
spike.jobs.runner.perform(job.id)
done = client.simulate_get("/api/jobs/" + accepted["jobId"], headers=headers).json["job"]
spike.close()
found = {"cost": accepted["tokenCost"], "status": done["status"], "width": done["enhancedWidth"]}
print(json.dumps({**found, "described": '"TIER_3K"' in described}))
"""
ENHANCE: Final = "import sys; from spike_cli.main import main; sys.argv[0] = 'spike'; main()"


def hunks(diff: str) -> Iterator[tuple[str, str, str]]:
    """Yield file, old text and new text of each hunk."""
    header, *rest = diff.split("\n@@\n")
    [_, name] = header.splitlines()
    for hunk in rest:
        lines = hunk.splitlines()
        old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
        new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
        yield name.removeprefix("+++ b/"), old, new


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the sources and the reference, and change them as the page describes."""
    copy = tmp_path_factory.mktemp("changed")
    shutil.copytree(PROJECT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "docs/reference", copy / "docs/reference")
    for block in blocks(PAGE):
        for name, old, new in hunks(block.text):
            text = (copy / name).read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{block.place}: {name} has {old!r} {text.count(old)} times"
            (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    return copy


def run(copy: Path, folder: Path, code: str, *arguments: str) -> str:
    (folder / "photo.jpg").write_bytes(encoded(photograph()))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPIKE_")}
    environment = {**inherited, "PYTHONPATH": os.pathsep.join(str(copy / root) for root in ROOTS)}
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_tier_of_the_page_is_sold_described_and_delivered(changed: Path, tmp_path: Path) -> None:
    [*_, last] = run(changed, tmp_path, SELL).splitlines()
    assert json.loads(last) == {"cost": 7, "status": "COMPLETED", "width": 3072, "described": True}


def test_the_command_knows_the_tier_of_the_page(changed: Path, tmp_path: Path) -> None:
    run(changed, tmp_path, ENHANCE, "enhance", "photo.jpg", "--tier", "TIER_3K", "--upscaler", "classical")
    assert max(decoded((tmp_path / "photo-3k.jpg").read_bytes()).size) == 3072
