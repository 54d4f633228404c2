"""The embedded mode, everything in one process and one folder: the disk fills up, the process is killed."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from fault_scenario import GRANT, FaultScenario
from fleet import IMPATIENT
from gates import Gate
from missing import do_without
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from recovery_times import FaultKind
from running import serving
from spike_core.domain.jobs import CompletedJob

TIERS: Final = ("FREE", "TIER_1K", "TIER_2K")
DISK: Final = "16m"
PIECE_BYTES: Final = 4096


@pytest.fixture
def settings(gate: Gate) -> Mapping[str, str]:
    """Return settings without servers; attempts don't run out before the disk has space again."""
    return {
        **IMPATIENT,
        **gate.settings,
        "SPIKE_OPENING_GRANT": str(GRANT),
        "SPIKE_ATTEMPTS_MAX": "1000",
        "SPIKE_COLLECT_INTERVAL_S": "0.5",
        "SPIKE_ORPHANS_INTERVAL_S": "0.5",
        "SPIKE_ORPHAN_AGE_S": "4",
    }


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """Put the data folder on a small disk of its own."""
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(folder)]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        do_without(f"a disk can't be mounted here, which takes root on Linux: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Fill the disk completely, and return the file that does so."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PIECE_BYTES))
        except OSError:
            return filler


def test_a_full_disk_refuses_what_it_must_and_loses_nothing(
    small_disk: Path, scenario: FaultScenario, gate: Gate
) -> None:
    """Uploads and orders are refused or done, never charged and lost; work continues when there is space again."""
    no_floor = {"SPIKE_DISK_FREE_MB_MIN": "0"}  # the disk is smaller than what is kept free by default
    with serving(small_disk, **scenario.settings, **no_floor) as server:
        image_id = scenario.upload(server)
        gate.shut()
        for tier in TIERS:
            scenario.enhance(server, image_id, tier)
        gate.wait_for(2)
        with scenario.injecting("disk full, with jobs in work", FaultKind.REFUSED):
            filler = fill(small_disk)
            gate.open()
            body = an_upload(encoded(photograph(size=(320, 40))))
            for _ in range(3):
                answer = server.ask(
                    "POST", "/api/images/upload", token=scenario.token, body=body, content_type=CONTENT_TYPE
                )
                assert answer.status == 500, answer.content
            refused = 0
            for _ in range(40):  # SQLite has some room of its own, in its log
                answer = scenario.try_to_post(server, "/api/images/enhance", {"imageId": image_id, "tier": "FREE"})
                if answer.status == 200:
                    scenario.note(answer.json["jobId"], answer.json["tokenCost"])
                else:
                    assert answer.json["code"] == "INTERNAL_ERROR", answer.content
                    refused += 1
            assert server.ask("GET", "/healthz").status == 200
            filler.unlink()
        scenario.recover()
        assert {type(job) for job in scenario.jobs().values()} == {CompletedJob}
        scenario.upload(server)
        scenario.recover()
        assert server.stop() == 0


def test_a_server_killed_in_the_middle_of_everything_goes_on_where_it_was(
    folder: Path, scenario: FaultScenario, gate: Gate
) -> None:
    with serving(folder, **scenario.settings) as server:
        image_id = scenario.upload(server)
        gate.shut()
        for tier in TIERS * 3:
            scenario.enhance(server, image_id, tier)
        gate.wait_for(2)
        with scenario.injecting(
            "embedded: kill -9 of the one process, with jobs in work and waiting", FaultKind.EMBEDDED
        ):
            server.kill()
    gate.open()
    with serving(folder, **scenario.settings) as server:
        assert "Sign-in token" not in server.greeting
        scenario.recover()
        assert {type(job) for job in scenario.jobs().values()} == {CompletedJob}
        assert server.stop() == 0
