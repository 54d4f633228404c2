"""The data folder: its secret and its lock."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spike_memory import CountingSecrets
from spike_runtime import WrongSettings
from spike_runtime.data_folder import kept_secret, make_folder, only_worker


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    secrets = CountingSecrets()
    first = kept_secret(tmp_path, secrets)
    assert kept_secret(tmp_path, secrets) == first
    assert len(first) >= 43
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_starters_at_the_same_moment_agree_on_the_secret(tmp_path: Path) -> None:
    secrets = CountingSecrets()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_secret(tmp_path, secrets), range(8)))
    assert len(found) == 1


def test_one_server_holds_the_folder_until_it_ends(tmp_path: Path) -> None:
    with only_worker(tmp_path):
        (tmp_path / "serve.lock").write_text("1@elsewhere", encoding="ascii")  # as another process has written
        with pytest.raises(WrongSettings, match="another process works"), only_worker(tmp_path):
            raise AssertionError("two servers in one folder")
    with only_worker(tmp_path):
        assert (tmp_path / "serve.lock").exists()


def test_a_process_that_works_twice_is_told_that_it_does_so_itself(tmp_path: Path) -> None:
    for _ in range(2):
        with only_worker(tmp_path), pytest.raises(WrongSettings, match="this process already"), only_worker(tmp_path):
            raise AssertionError("two servers in one process")


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WrongSettings, match="SPIKE_DATA_DIR"):
        make_folder(tmp_path / "file")
