"""`docs/howto/add-a-tier.md`: the tier of its settings is sold, described, processed and delivered."""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from falcon import testing

from documents import PROJECT
from effort import long
from pictures import decoded, encoded, photograph
from spike_cli.enhance import enhance
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_http import create_app
from spike_runtime import Spike, build, load_settings
from spike_runtime.settings import CONFIG_VARIABLE, PREFIX

PAGE: Final = (PROJECT / "docs/howto/add-a-tier.md").read_text(encoding="utf-8")


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the page's settings, for an engine without networks, and choose them."""
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    [block] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "spike.toml"
    file.write_text(f'[spike]\nupscaler = "classical"\ndata_dir = "var"\n{block}', encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    return tmp_path


@pytest.fixture
def spike(configured: Path) -> Iterator[Spike]:
    assert configured.is_dir()
    spike = build(load_settings())
    spike.database.migrate()
    yield spike
    spike.close()


@long(kept_by="tests/unit/http/resources/test_tiers.py::test_an_uploads_tier_is_charged")
def test_the_tier_of_the_page_is_sold_described_and_delivered(spike: Spike) -> None:
    """In a child process with its limits, for a square picture: more pixels than an upload may have."""
    ada = spike.accounts.registration.register(Email.parse("ada@example.org"))
    uploaded = spike.images.uploads.upload(
        ada.user.id, name=ImageName.parse("a.jpg"), content=io.BytesIO(encoded(photograph(size=(300, 300))))
    )
    client = testing.TestClient(create_app(spike), headers={"Authorization": f"Bearer {ada.session_token.text}"})
    body = {"imageId": str(uploaded.image.id), "tier": "TIER_8K"}
    accepted = client.simulate_post("/api/images/enhance", json=body).json
    assert accepted["tokenCost"] == 40
    assert '"TIER_8K"' in client.simulate_get("/openapi.json").text
    jobs = spike.queries.image(uploaded.image.id, viewer=ada.user.id).jobs
    spike.jobs.runner.perform(next(job.id for job in jobs if str(job.id) == accepted["jobId"]))
    done = client.simulate_get(f"/api/jobs/{accepted['jobId']}").json["job"]
    assert (done["status"], done["enhancedWidth"], done["enhancedHeight"]) == ("COMPLETED", 8192, 8192)


@pytest.mark.usefixtures("logging_as_it_was")
def test_the_command_knows_the_tier_of_the_page(configured: Path) -> None:
    (configured / "photo.png").write_bytes(encoded(photograph(size=(300, 20))))
    ran = CliRunner().invoke(enhance, [str(configured / "photo.png"), "--tier", "tier_8k"])
    assert ran.exit_code == 0, ran.output
    assert max(decoded((configured / "photo-8k.jpg").read_bytes()).size) == 8192
    refused = CliRunner().invoke(enhance, [str(configured / "photo.png"), "--tier", "TIER_9K"])
    assert "must be one of FREE, TIER_1K, TIER_2K, TIER_4K, TIER_8K" in " ".join(
        refused.output.replace("│", "").split()
    )
