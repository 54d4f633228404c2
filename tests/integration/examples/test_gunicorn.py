"""The programs of docs/howto/mount.md under gunicorn itself: one worker, which also works on the jobs."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from documents import PROJECT, all_blocks
from eventually import PATIENCE_S, eventually
from multipart import CONTENT_TYPE, a_form, a_part
from running import Server, environment, run_spike
from spike_contracts.pictures import draw_picture
from spike_core.domain.dimensions import Dimensions

GUNICORN: Final = str(Path(sys.executable).with_name("gunicorn"))
LISTENING: Final = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")
FILES: Final = {"pictures_wsgi.py": "def create", "gunicorn.conf.py": "post_worker_init"}


def program(mark: str) -> str:
    [block] = [
        each for each in all_blocks("python") if each.place.startswith("docs/howto/mount.md") and mark in each.text
    ]
    return block.text


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Gunicorn as the page starts it, with the page's files in its folder; at the end it is stopped with SIGTERM."""
    for name, mark in FILES.items():
        (tmp_path / name).write_text(program(mark))
    settings = {
        "SPIKE_PUBLIC_URL": "http://127.0.0.1/spike",
        "SPIKE_SANDBOX": "off",
        "HOME": str(tmp_path),  # gunicorn has a control socket there
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "tests"), os.environ.get("PYTHONPATH", "")]),
    }
    log = tmp_path / "gunicorn.log"
    with log.open("w") as stderr:
        command = [GUNICORN, "--bind", "127.0.0.1:0", "pictures_wsgi:create()"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment(tmp_path / "var", settings), stderr=stderr, stdout=stderr
        )
    try:
        found = eventually(
            "gunicorn's address", lambda: process.poll() is not None or LISTENING.search(log.read_text())
        )
        assert isinstance(found, re.Match), log.read_text()
        yield found[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def test_gunicorn_serves_under_its_prefix_and_works_on_the_jobs(url: str, tmp_path: Path) -> None:
    server: Any = Server(process=None, url=url, greeting="")  # type: ignore[arg-type]  # gunicorn isn't ours to stop
    eventually("readiness", lambda: server.ask("GET", "/spike/readyz").status == 200)
    key = json.loads(run_spike("users", "create", "ada@example.org", "--json", folder=tmp_path / "var").stdout)[
        "apiKey"
    ]
    with urllib.request.urlopen(f"{url}/spike/", timeout=PATIENCE_S) as page:  # noqa: S310  # our own
        assert b'src="/spike/studio/' in page.read()
    form = a_form(a_part("file", draw_picture(Dimensions(width_px=64, height_px=48)), filename="a.jpg"))
    uploaded = server.ask("POST", "/spike/api/images/upload", token=key, body=form, content_type=CONTENT_TYPE)
    job_id = uploaded.json["enhancement"]["jobId"]
    job = server.ask("GET", f"/spike/api/jobs/{job_id}?wait=30", token=key).json["job"]
    assert job["status"] == "COMPLETED"
