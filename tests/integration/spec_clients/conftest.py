"""The specification, a running server, and users with accounts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from live_account import PHOTO, Credentials, LiveAccount
from pictures import encoded, photograph
from running import serving
from spec_text import BlockName, Spec, read_spec


@pytest.fixture(scope="session")
def spec() -> Spec:
    return read_spec()


@pytest.fixture
def block(request: pytest.FixtureRequest, spec: Spec) -> str:
    """The code block under test, unchanged."""
    name: BlockName = request.param
    assert name in spec.blocks, f"the specification has no block {name}"
    return spec.blocks[name]


@pytest.fixture(scope="module")
def photos(spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photograph, and a file that isn't a picture."""
    assert spec.blocks
    folder = tmp_path_factory.mktemp("photos")
    (folder / PHOTO).write_bytes(encoded(photograph()))
    (folder / "notes.txt").write_text("hello")
    return folder


@pytest.fixture(scope="module")
def accounts(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveAccount, LiveAccount]]:
    """A user with many tokens and a user with none, on one server for all tests of a module."""
    folder = tmp_path_factory.mktemp("spike") / "var"
    ada = Credentials.register(folder, "ada@example.org", tokens=1000)
    poor = Credentials.register(folder, "poor@example.org", tokens=0)
    with serving(folder) as server:
        yield LiveAccount(server, ada, photos), LiveAccount(server, poor, photos)


@pytest.fixture
def ada(accounts: tuple[LiveAccount, LiveAccount]) -> LiveAccount:
    return accounts[0]


@pytest.fixture
def poor(accounts: tuple[LiveAccount, LiveAccount]) -> LiveAccount:
    return accounts[1]
