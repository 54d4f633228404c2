"""The worked examples under `docs/examples`: two apps that embed Spike, and an external adapter."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from eventually import eventually
from pictures import decoded, encoded, photograph
from spike_contracts.upscaler import UpscalerContract

EXAMPLES: Final = Path(__file__).parents[3] / "docs/examples"
GENTLE: Final = EXAMPLES / "spike_gentle"
STRANGER: Final = "user_" + "z" * 24
INSTALLED: Final = """
from pathlib import Path
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_runtime import Settings, build

spike = build(Settings(data_dir=Path("var"), upscaler="gentle"))
spike.database.migrate()
ada = spike.accounts.registration.register(Email.parse("ada@example.org")).user
with open("photo.jpg", "rb") as photo:
    uploaded = spike.images.uploads.upload(ada.id, name=ImageName.parse("photo.jpg"), content=photo)
spike.jobs.runner.perform(uploaded.job.id)
print(spike.queries.job(uploaded.job.id, viewer=ada.id).job.result.method)
spike.close()
"""


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # both frameworks look annotations and views up by the module's name
    spec.loader.exec_module(module)
    return module


def wait_for(ask: Callable[[], Any]) -> Any:
    """Poll until the job is settled."""
    eventually("the job has ended", lambda: ask().status_code != 202)
    return ask()


def check_story(join: Callable[[], Any], upload: Callable[[str, bytes], Any], look: Callable[[str, str], Any]) -> None:
    """Sign up, upload, be charged, fetch the result; bad input costs nothing, and other users see nothing."""
    joined = join()
    assert joined.status_code == 201
    ada = joined.json()["id"]
    assert joined.json()["tokens"] == 100
    junk = upload(ada, b"no picture")
    assert (junk.status_code, junk.json()["code"]) == (400, "unknown_picture_format")
    uploaded = upload(ada, encoded(photograph()))
    assert uploaded.status_code == 202
    assert uploaded.json()["tokens"] == 98
    job = uploaded.json()["job"]
    assert look(STRANGER, job).status_code == 404
    result = wait_for(lambda: look(ada, job))
    assert result.status_code == 200
    assert max(decoded(result.content).size) == 1024


def test_the_fastapi_app_uploads_charges_works_and_delivers(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient  # noqa: PLC0415  # one test needs it

    app = example("fastapi_app").create_app(tmp_path / "var")
    with TestClient(app) as client:
        check_story(
            lambda: client.post("/people", params={"email": "ada@example.org"}),
            lambda user, content: client.post(
                "/pictures", params={"name": "a.jpg"}, content=content, headers={"X-User": user}
            ),
            lambda user, job: client.get(f"/jobs/{job}", headers={"X-User": user}),
        )


def test_the_django_app_uploads_charges_works_and_delivers(tmp_path: Path) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415  # one test needs it
    from django.test import Client  # noqa: PLC0415

    from spike_worker import working  # noqa: PLC0415

    project = example("django_app")
    project.configure(tmp_path / "var")
    client = Client()
    with working(project.spike()):
        check_story(
            lambda: client.post("/people", {"email": "ada@example.org"}),
            lambda user, content: client.post(
                "/pictures", {"file": SimpleUploadedFile("a.jpg", content)}, headers={"X-User": user}
            ),
            lambda user, job: client.get(f"/jobs/{job}", headers={"X-User": user}),
        )
    project.spike().close()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install the external adapter into a separate folder; return an environment in which it is found."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(GENTLE)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_an_adapter_from_outside_passes_the_suite_of_its_port(installed: dict[str, str], tmp_path: Path) -> None:
    options = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(GENTLE))
    command = [sys.executable, "-m", "pytest", *options, str(GENTLE / "tests")]
    ran = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout
    laws = [name for name in dir(UpscalerContract) if name.startswith("test_")]
    [passed] = re.findall(r"^(\d+) passed\b", ran.stdout, re.MULTILINE)
    assert int(passed) > len(laws)


def test_an_adapter_from_outside_is_found_by_its_setting(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph()))
    command = [sys.executable, "-c", INSTALLED]
    ran = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "bicubic"), ran.stderr
