"""`spike doctor` on working and on broken installations."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from effort import staggered
from gates import Gate
from hostile_engine import with_engine
from images_api import KEY, ImagesApi
from missing import do_without
from running import PATIENCE_S, SPIKE, environment, run_spike
from servers.s3 import S3Server

LAYERS = [
    f"sandbox: {layer}"
    for layer in (
        "no new privileges",
        "namespaces",
        "no capabilities",
        "hidden memory",
        "limits",
        "Landlock",
        "seccomp",
        "environment",
        "hidden parent",
    )
]
PARTS = [
    "database",
    "storage",
    "clock",
    "queue",
    "rate limits",
    "sandbox",
    *LAYERS,
    "engine",
    "generator",
    "disk",
    "permissions",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    assert run_spike("migrate", folder=folder).returncode == 0
    return folder


def objects(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder / "objects").rglob("*") if path.is_file())


def test_a_sound_installation_is_found_well_and_left_as_it_was(folder: Path) -> None:
    before = objects(folder)
    checked = run_spike("doctor", folder=folder, SPIKE_SANDBOX="on")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [f"ok    {part}" for part in PARTS]
    assert objects(folder) == before
    assert run_spike("audit", folder=folder).returncode == 0


def test_a_database_that_nobody_has_made_is_named_with_its_remedy(tmp_path: Path) -> None:
    checked = run_spike("doctor", folder=tmp_path / "var")
    assert checked.returncode == 1
    assert "FAIL  database" in checked.stdout
    assert "SPIKE_DATABASE_URL" in checked.stdout
    assert "spike migrate" in checked.stdout


def test_a_folder_that_others_can_enter_is_a_warning(folder: Path) -> None:
    folder.chmod(0o750)
    checked = run_spike("doctor", folder=folder)
    assert checked.returncode == 0
    *_, warning, remedy = checked.stdout.splitlines()
    assert warning == f"warn  permissions: other users can enter {folder}: its mode is 0750"
    assert remedy.startswith("      SPIKE_DATA_DIR: chmod -R go= the folder")
    started = run_spike("users", "create", "ada@example.org", folder=folder)
    assert "other users can enter the data folder" in started.stderr
    assert "0750" in started.stderr


def under_permissions(command: Sequence[str]) -> Sequence[str]:
    """Return a command that respects permissions even if root runs it: it drops CAP_DAC_OVERRIDE."""
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        do_without("root may write everywhere, and setpriv isn't installed")
    return ["setpriv", "--bounding-set", "-dac_override", *command]


def test_a_store_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "objects").mkdir(exist_ok=True)
    (folder / "objects").chmod(0o500)
    command = under_permissions([SPIKE, "doctor"])
    checked = subprocess.run(
        command, env=environment(folder, {}), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    (folder / "objects").chmod(0o700)
    assert checked.returncode == 1, checked.stderr
    assert "FAIL  storage" in checked.stdout
    assert "Permission denied" in checked.stdout


def test_a_store_that_is_a_file_is_named(folder: Path, tmp_path: Path) -> None:
    """The one error that also occurs for root."""
    (tmp_path / "objects").write_text("not a folder")
    url = (tmp_path / "objects").as_uri()
    checked = run_spike("doctor", "--json", folder=folder, SPIKE_STORAGE_URL=url)
    facts = json.loads(checked.stdout)
    assert (checked.returncode, facts["ok"]) == (1, False)
    assert [check["part"] for check in facts["checks"]] == [part for part in PARTS if not part.startswith("sandbox")]
    [ill] = [check for check in facts["checks"] if check["trouble"]]
    assert (ill["part"], ill["setting"]) == ("storage", "SPIKE_STORAGE_URL")


def test_a_wrong_setting_is_named_before_anything_is_tried(folder: Path) -> None:
    checked = run_spike("doctor", folder=folder, SPIKE_BROKER_URL="carrier-pigeon://")
    assert checked.returncode == 1
    assert "SPIKE_BROKER_URL" in checked.stderr
    assert checked.stdout == ""


def test_a_server_of_queue_and_limits_that_is_away_is_named_for_both(folder: Path, dead_redis_url: str) -> None:
    settings = {"SPIKE_BROKER_URL": dead_redis_url, "SPIKE_RATE_LIMIT_URL": dead_redis_url}
    checked = run_spike("doctor", "--json", folder=folder, **settings)
    ill = {check["part"]: check["trouble"] for check in json.loads(checked.stdout)["checks"] if check["trouble"]}
    assert checked.returncode == 1
    assert ill.keys() == {"queue", "rate limits"}
    assert all("refused" in trouble for trouble in ill.values())


def test_a_server_of_queue_and_limits_that_is_there_is_found_well(folder: Path, redis_url: str) -> None:
    settings = {"SPIKE_BROKER_URL": redis_url, "SPIKE_RATE_LIMIT_URL": redis_url}
    assert run_spike("doctor", folder=folder, **settings).returncode == 0


@pytest.mark.parametrize(("seconds", "said"), staggered([(90, "ahead of"), (2, ""), (-90, "behind")], step=2))
def test_a_clock_that_differs_from_the_stores_is_named(
    folder: Path, tmp_path: Path, s3_server: S3Server, seconds: int, said: str
) -> None:
    (tmp_path / "clock").write_text(str(seconds))
    settings = {
        **Gate.at(tmp_path / "gate").settings,
        **s3_server.credentials,
        "SPIKE_STORAGE_URL": s3_server.url(f"t-{uuid.uuid4().hex}"),
        "SPIKE_TEST_CLOCK": str(tmp_path / "clock"),
    }
    checked = run_spike("doctor", "--json", folder=folder, **settings)
    ill = {check["part"]: check["trouble"] for check in json.loads(checked.stdout)["checks"] if check["trouble"]}
    assert ill.keys() == ({"clock"} if said else set())
    if said:
        assert re.fullmatch(rf"it is (89|9[0-2]) s {said} the object store's", ill["clock"])


def test_an_image_server_that_does_not_take_the_key_is_named(folder: Path) -> None:
    with ImagesApi() as api:
        settings = {"SPIKE_GENERATOR": "openai", "SPIKE_GENERATOR_URL": api.url}
        well = run_spike("doctor", folder=folder, SPIKE_GENERATOR_API_KEY=KEY, **settings)
        ill = run_spike("doctor", folder=folder, SPIKE_GENERATOR_API_KEY="another", **settings)
    assert (well.returncode, ill.returncode) == (0, 1)
    assert "FAIL  generator: SPIKE_GENERATOR_API_KEY isn't accepted" in ill.stdout
    assert "another" not in ill.stdout + ill.stderr


def test_the_folder_of_metrics_is_tried_where_there_is_one(folder: Path, tmp_path: Path) -> None:
    checked = run_spike("doctor", "--json", folder=folder, SPIKE_METRICS_DIR=str(tmp_path / "metrics"))
    parts = {check["part"]: check["trouble"] for check in json.loads(checked.stdout)["checks"]}
    assert (checked.returncode, parts["metrics"]) == (0, "")
    assert list((tmp_path / "metrics").iterdir()) == []


def test_children_that_cannot_be_started_are_named(folder: Path, tmp_path: Path) -> None:
    checked = run_spike("doctor", folder=folder, SPIKE_SANDBOX="on", **with_engine("dying_engine", tmp_path))
    assert checked.returncode == 1
    assert "FAIL  sandbox: the child exited with code 3" in checked.stdout
    assert "SPIKE_SANDBOX: " in checked.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="no other system isolates children")
def test_what_children_can_do_is_a_warning_with_its_remedy(folder: Path) -> None:
    """Children with limits alone can do all that isolation prevents; Spike works all the same."""
    checked = run_spike("doctor", "--json", folder=folder, SPIKE_SANDBOX="limits", SPIKE_SANDBOX_VARIABLES="HOME")
    checks = {check["part"]: check for check in json.loads(checked.stdout)["checks"]}
    warned = {part: check["trouble"] for part, check in checks.items() if check["is_warning"] and check["trouble"]}
    assert checked.returncode == 0
    assert warned.keys() >= {f"sandbox: {part}" for part in ("limits", "Landlock", "seccomp", "environment")}
    assert warned["sandbox: Landlock"] == "a child was able to read file, write file"
    assert warned["sandbox: seccomp"] == "a child was able to fork, execute"
    assert warned["sandbox: environment"] == "children have the variables HOME"


def test_an_installation_without_a_sandbox_is_well(folder: Path) -> None:
    checked = run_spike("doctor", folder=folder)
    assert checked.returncode == 0
    assert "sandbox" not in checked.stdout
