"""The shell blocks of the documents, run page by page against a live `spike serve` and the servers that they name.

What can't be run says why, in the page's source: `tests/documents.py`. What placeholders stand for is in
`surroundings`, below, and in `tests/reader.py`.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import psycopg
import pytest

from documents import PAGES, PROJECT, Block, blocks
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from reader import Reader, shape
from running import Server, serving
from servers.postgres import PostgresServer
from servers.s3 import S3Server
from spike_runtime import build, load_settings
from spike_runtime.settings import PREFIX
from spike_sqlalchemy import open_postgres

SERVICE: Final = "http://localhost:3000"
DATABASE: Final = "localhost:5432"
BROKER: Final = "redis://127.0.0.1:6379/0"
BUCKET: Final = "s3://pictures?endpoint_url=https://s3.example.org&region=us-east-1"
DATA_FOLDER: Final = re.compile(r"(?<![/\w])var/")
NOTHING: Final = Block(page=PROJECT, line=0, language="", text="", not_run="")


def runs(block: Block) -> bool:
    return block.language == "sh" and not block.not_run


FOLLOWED: Final = [page for page in PAGES if any(runs(block) for block in blocks(page))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that all pages use; it has already enhanced a picture."""
    with serving(tmp_path_factory.mktemp("live") / "var") as server:
        body = an_upload(encoded(photograph(size=(480, 320))))
        uploaded = server.ask("POST", "/api/images/upload", token=server.token, body=body, content_type=CONTENT_TYPE)
        server.wait_for_job(uploaded.json["image"]["id"], uploaded.json["enhancement"]["jobId"], token=server.token)
        yield server


@pytest.fixture(scope="module")
def data_folder(server: Server) -> Path:
    [line] = [line for line in server.greeting.splitlines() if "Data folder: " in line]
    return Path(line.partition("Data folder: ")[2])


def surroundings(text: str, request: pytest.FixtureRequest, folder: Path) -> Mapping[str, str]:
    """Start the servers that a page needs, and return the values of its fixed placeholders."""
    found = {"/var/lib/spike": str(folder / "spike"), "SPIKE_GENERATOR_API_KEY=…": "SPIKE_GENERATOR_API_KEY=sk-made-up"}
    if SERVICE in text or DATA_FOLDER.search(text):
        server: Server = request.getfixturevalue("server")
        (folder / "var").symlink_to(request.getfixturevalue("data_folder"))
        found |= {SERVICE: server.url, "TOKEN=…": f"TOKEN={server.token}", "$TOKEN": server.token}
    if BROKER in text:
        found |= {BROKER: request.getfixturevalue("redis_url")}
    if BUCKET in text:
        s3_server: S3Server = request.getfixturevalue("s3_server")
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        theirs = {**os.environ, **s3_server.credentials}  # a server of somebody's has them in the environment
        found |= {f"{name}=…": f"{name}={theirs.get(name, '')}" for name in names}
        found |= {BUCKET: s3_server.url("read")}
    return found


def libpq(text: str, request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Start PostgreSQL if a page needs it, and return the environment in which its programs find it.

    A page that doesn't make the database finds one, migrated.
    """
    if not (makes := "createdb" in text) and "pg_dump" not in text:
        return {}
    server: PostgresServer = request.getfixturevalue("postgres_server")
    if not makes:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE spike")
        database = open_postgres(server.url.rpartition("/")[0] + "/spike")
        database.migrate()
        database.close()
    path = f"{server.bin}:/usr/bin:/bin"
    return {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres", "PATH": path}


@pytest.mark.parametrize("page", FOLLOWED, ids=[str(page.relative_to(PROJECT)) for page in FOLLOWED])
def test_a_page_can_be_followed_at_a_shell(
    page: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command succeeds, settings are accepted, and responses have the structure that the page shows."""
    shown = [*blocks(page), NOTHING]
    text = "\n".join(block.text for block in shown if runs(block))
    settings = libpq(text, request)
    stands_for = surroundings(text, request, tmp_path)
    if settings:
        stands_for = {**stands_for, DATABASE: f"127.0.0.1:{settings['PGPORT']}"}
    reader = Reader(folder=tmp_path, stands_for=stands_for, settings=settings)
    monkeypatch.chdir(tmp_path)
    for block, following in pairwise(shown):
        if not runs(block):
            continue
        answers = reader.follow(block)
        if following.language == "json" and not following.not_run:
            assert shape(json.loads(following.text)) == shape(answers[-1]), following.place
        if f"export {PREFIX}" in block.text:
            with monkeypatch.context() as patched:
                for name, value in reader.exported.items():
                    patched.setenv(name, value)
                build(load_settings()).close()
