"""What `spike serve` creates and prints is for its user alone."""

import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import Server, run_spike, serving
from spike_cli.banner import ACCOUNT_FILE, welcome
from spike_runtime import Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private") / "var"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as server:
        yield server


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(paths: Iterable[Path]) -> dict[Path, int]:
    """Return the modes of those that are still there: the server renames files of renditions meanwhile."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            found[path] = mode(path)
    return found


def test_a_log_of_the_first_start_holds_a_link_that_works_once_and_nothing_else(server: Server, folder: Path) -> None:
    file = folder / ACCOUNT_FILE
    printed, named, kept = server.greeting.partition(f"Token, API key and a curl line: {file}\n")
    assert named
    assert mode(file) == 0o600
    for line in ("Sign-in token (shown once): ", "API key       (shown once): sk_live_", "curl -F"):
        assert line in file.read_text()
        assert line in kept
        assert line not in printed
    link = re.search(r"Sign in: \S+#token=(\S+)", printed)
    assert link is not None
    assert link[1] not in kept
    assert server.ask("GET", "/api/images", token=link[1]).status == 401
    assert [server.ask("POST", "/api/session", token=link[1]).status for _ in range(2)] == [201, 401]
    assert server.ask("GET", "/api/images", token=server.token).status == 200


def test_nobody_else_can_read_what_it_has_created(server: Server, folder: Path) -> None:
    body = an_upload(encoded(photograph(size=(64, 48))))
    assert (
        server.ask("POST", "/api/images/upload", token=server.token, body=body, content_type=CONTENT_TYPE).status == 200
    )
    assert run_spike("keys", "create", "owner@localhost", "ci", folder=folder).returncode == 0
    created = modes([folder, *folder.rglob("*")])
    assert {"spike.db", "secret", "serve.lock", "objects"} <= {path.name for path in created}
    assert {path.name: oct(mode) for path, mode in created.items() if mode & 0o077} == {}


def test_on_a_terminal_everything_is_shown_and_nothing_written(tmp_path: Path) -> None:
    services = MemorySpike.build(Settings(data_dir=tmp_path))
    user = services.register()
    shown = welcome(services.spike, user, host="127.0.0.1", port=3000, is_terminal=True)
    for text in (
        f"Sign in: http://localhost:3000/#token={user.session_token.text}\n",
        f"Sign-in token (shown once): {user.session_token.text}\n",
        f"API key       (shown once): {user.api_key.text}\n",
        f'-H "Authorization: Bearer {user.session_token.text}" http://localhost:3000/api/images/upload\n',
    ):
        assert text in shown
    assert not (tmp_path / ACCOUNT_FILE).exists()


def test_an_old_file_or_a_link_in_its_place_is_replaced(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / ACCOUNT_FILE).symlink_to(elsewhere)
    services = MemorySpike.build(Settings(data_dir=tmp_path))
    shown = welcome(services.spike, services.register(), host="127.0.0.1", port=3000, is_terminal=False)
    assert "sk_live_" not in shown
    assert elsewhere.read_text() == "mine"
    assert mode(tmp_path / ACCOUNT_FILE) == 0o600
    assert "sk_live_" in (tmp_path / ACCOUNT_FILE).read_text()
