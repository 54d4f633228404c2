"""A failed start is reported in one line that names the setting, without a traceback or a secret."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from effort import staggered
from running import run_spike
from spike_sqlalchemy.schema import HEAD

COMMANDS = [("serve", "--port", "0"), ("worker",), ("migrate",)]
QUEUE = {"SPIKE_BROKER_URL": "redis://127.0.0.1:1/0"}  # a queue without a server, which the command shouldn't reach


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def error_line(*command: str, folder: Path, **settings: str) -> str:
    """Run a command that must fail, and return the line that it prints."""
    answer = run_spike(*command, folder=folder, **settings)
    assert answer.returncode == 1, answer
    assert answer.stdout == ""
    assert answer.stderr.startswith("spike: "), answer.stderr
    assert answer.stderr.count("\n") == 1, answer.stderr
    return answer.stderr


@pytest.mark.parametrize("command", staggered(COMMANDS, step=3), ids=lambda command: command[0])
def test_a_database_of_a_newer_release_is_left_alone(folder: Path, command: tuple[str, ...]) -> None:
    assert run_spike("migrate", folder=folder).returncode == 0
    with closing(sqlite3.connect(folder / "spike.db")) as database:
        database.execute("UPDATE spike_version SET version_num = '9999'")
        database.commit()
    line = error_line(*command, folder=folder, **QUEUE)
    assert f"revision 9999, newer than {HEAD}" in line
    assert "run the newer release, or restore the backup" in line


def test_a_database_with_others_tables_is_left_alone(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "spike.db")) as database:
        database.execute("CREATE TABLE users (name TEXT)")
        database.commit()
    line = error_line("migrate", folder=folder, **QUEUE)
    assert "users already, and not of Spike; give Spike's tables a prefix, by ?prefix=spike_" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPIKE_DATABASE_URL", "postgresql://spike:hush@127.0.0.1:1/spike"),
        ("SPIKE_DATABASE_URL", "postgresql://spike:hush@127.0.0.1:1/spike?sslmodus=require"),
        ("SPIKE_DATABASE_URL", "sqlite:////dev/null/spike.db"),
        ("SPIKE_STORAGE_URL", "s3://bucket?endpoint_url=http://127.0.0.1:99999"),
        ("SPIKE_BROKER_URL", "redis://:hush@127.0.0.1:99999/0"),
        ("SPIKE_RATE_LIMIT_URL", "redis://:hush@127.0.0.1:port/0"),
        ("SPIKE_DATA_DIR", "/dev/null/var"),
        ("SPIKE_METRICS_DIR", "/dev/null/metrics"),
        ("SPIKE_WORK_TIME_MAX_S", "inf"),
    ],
)
def test_a_setting_that_cannot_be_is_named(folder: Path, name: str, value: str) -> None:
    line = error_line("worker", folder=folder, **(QUEUE | {name: value}))
    assert name in line
    assert "hush" not in line
