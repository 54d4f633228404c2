"""The composition root."""

from pathlib import Path

import pytest

from spike_memory.database import MemoryDatabase
from spike_runtime import Settings, WrongSettings, build
from spike_runtime.plugins import load_adapter, scheme_of


def test_building_opens_no_database(tmp_path: Path) -> None:
    spike = build(Settings(data_dir=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"secret"}
    assert spike.owns_its_jobs


def test_a_database_from_elsewhere_is_not_ours_alone(tmp_path: Path) -> None:
    spike = build(Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/shared.db"))
    assert not spike.owns_its_jobs


def test_a_database_of_the_app_is_used_and_not_ours_alone(tmp_path: Path) -> None:
    database = MemoryDatabase()
    spike = build(Settings(data_dir=tmp_path), database=database)
    assert spike.database is database
    assert not spike.owns_its_jobs


REDIS = "redis://127.0.0.1:1/0"  # nothing is asked of it


@pytest.mark.parametrize(
    ("broker_url", "serve_works", "expected"),
    [
        ("memory://", "auto", True),
        ("memory://", "no", False),
        (REDIS, "auto", False),
        (REDIS, "yes", True),
    ],
)
def test_who_serves_works_too_where_nobody_else_can_or_where_told(
    tmp_path: Path, broker_url: str, serve_works: str, expected: object
) -> None:
    spike = build(Settings(data_dir=tmp_path, broker_url=broker_url, serve_works=serve_works))
    assert spike.serves_and_works is expected


def test_jobs_on_a_shared_queue_are_not_ours_alone(tmp_path: Path) -> None:
    assert not build(Settings(data_dir=tmp_path, broker_url=REDIS)).owns_its_jobs


def test_an_adapter_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(WrongSettings, match="SPIKE_STORAGE_URL: no storage 'ftp' is installed; there is file"):
        load_adapter("storage", "ftp", setting="SPIKE_STORAGE_URL")


@pytest.mark.parametrize(
    ("url", "scheme"), [("sqlite:///x", "sqlite"), ("postgresql+psycopg://h/d", "postgresql"), ("S3://b", "s3")]
)
def test_a_scheme_names_the_adapter(url: str, scheme: str) -> None:
    assert scheme_of(url, setting="SPIKE_X") == scheme


@pytest.mark.parametrize("url", ["", "plain", "://x"])
def test_a_url_without_a_scheme_is_refused(url: str) -> None:
    with pytest.raises(WrongSettings, match="SPIKE_X"):
        scheme_of(url, setting="SPIKE_X")
