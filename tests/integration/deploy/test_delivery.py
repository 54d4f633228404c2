"""Files and zip archives as real clients fetch them: curl resumes, from Spike itself and through nginx; unzip opens."""

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from missing import do_without
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, noise
from running import Server, serving
from servers.nginx import OBJECTS, nginx_before
from spike_core.domain.objects import PictureFormat

ORIGIN: Final = "https://app.example.org"


@functools.cache
def picture() -> bytes:
    return encoded(noise(640, seed=3), PictureFormat.PNG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("delivery") / "var"


@pytest.fixture(scope="module")
def proxied(folder: Path) -> Iterator[Server]:
    """A server that leaves files to nginx; its own port sends them itself, since it trusts nginx's address alone."""
    settings = {
        "SPIKE_ACCEL_REDIRECT": "/objects",
        "SPIKE_TRUSTED_PROXIES": "127.0.0.1",
        "SPIKE_WORKER_THREADS": "0",
        "SPIKE_CORS_ORIGINS": ORIGIN,
    }
    with serving(folder, SPIKE_SANDBOX="off", **settings) as server:
        port = urlsplit(server.url).port or 0
        with nginx_before(port, port, changes={"#accel ": "", OBJECTS: f"{folder}/objects/"}) as nginx:
            yield evolve(server, url=f"http://127.0.0.1:{nginx}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sends files itself."""
    settings = {"SPIKE_WORKER_THREADS": "0"}
    with serving(tmp_path_factory.mktemp("alone") / "var", SPIKE_SANDBOX="off", **settings) as server:
        yield server


@pytest.fixture(params=["server", "proxied"])
def reached(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    return server


def uploaded(server: Server, name: str = "Hafen früh.png") -> tuple[str, str]:
    """Return an image's id and its signed URL."""
    body = an_upload(picture(), filename=name)
    answer = server.ask("POST", "/api/images/upload", token=server.token, body=body, content_type=CONTENT_TYPE)
    image = answer.json["image"]
    link = urlsplit(image["url"])
    return image["id"], f"{server.url}{link.path}?{link.query}"


def curl(*arguments: str) -> str:
    program = shutil.which("curl") or do_without("curl isn't installed")
    done = subprocess.run(
        [program, "-sS", "--fail", *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_curl_resumes_a_file(reached: Server, tmp_path: Path) -> None:
    _, url = uploaded(reached)
    file = tmp_path / "picture.png"
    file.write_bytes(picture()[:100_000])
    status = curl("-C", "-", "-o", str(file), "-w", "%{http_code} %{size_download}", url)
    assert status == f"206 {len(picture()) - 100_000}"
    assert file.read_bytes() == picture()


def test_curl_saves_a_file_under_its_name_and_fetches_it_once(reached: Server, tmp_path: Path) -> None:
    _, url = uploaded(reached)
    head = curl("-I", "-H", f"Origin: {ORIGIN}", f"{url}&download=1").lower()
    assert "filename*=utf-8''hafen%20fr%c3%bch.png" in head
    assert "accept-ranges: bytes" in head
    etags = str(tmp_path / "etag")
    first = curl("--etag-save", etags, "-o", "/dev/null", "-w", "%{http_code}", url)
    again = curl("--etag-compare", etags, "-o", "/dev/null", "-w", "%{http_code}", url)
    assert (first, again) == ("200", "304")


def test_through_nginx_a_file_has_the_headers_that_spike_gave_it(proxied: Server) -> None:
    _, url = uploaded(proxied)
    head = curl("-i", "-o", "/dev/null", "-D", "-", "-H", f"Origin: {ORIGIN}", "-r", "0-9", url).lower()
    assert " 206 " in head.splitlines()[0]
    for line in (
        f"content-range: bytes 0-9/{len(picture())}",
        f"access-control-allow-origin: {ORIGIN}",
        "access-control-allow-credentials: true",
        "vary: origin",
        "cache-control: private, max-age=3600, immutable",
    ):
        assert line in head, head
    assert head.count("etag:") == head.count("last-modified:") == 1
    assert " 200 " in curl("-i", "-o", "/dev/null", "-D", "-", "-r", "0-9,20-29", url).splitlines()[0]


def test_a_zip_file_of_two_pictures_arrives_whole(reached: Server, tmp_path: Path) -> None:
    ids = [uploaded(reached, "same.png")[0] for _ in range(2)]
    file = tmp_path / "a.zip"
    body = '{"imageIds": ["' + '", "'.join(ids) + '"]}'
    curl(
        *("-o", str(file), "-H", f"Authorization: Bearer {reached.token}", "-H", "Content-Type: application/json"),
        *("-d", body, f"{reached.url}/api/images/download"),
    )
    unzip = shutil.which("unzip") or do_without("unzip isn't installed")
    tested = subprocess.run([unzip, "-t", str(file)], capture_output=True, text=True, check=False)
    assert (tested.returncode, "same (2).png" in tested.stdout) == (0, True), tested.stdout
