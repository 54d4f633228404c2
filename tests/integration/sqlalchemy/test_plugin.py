from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from spike_core.domain.errors import InvalidValue
from spike_core.ports.plugins import OpenDatabase
from spike_sqlalchemy import open_sqlite

OPEN: OpenDatabase = open_sqlite  # mypy says that it is one


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///spike.db", "spike.db"),
        ("sqlite:///var/spike.db", "var/spike.db"),
        ("sqlite:////srv/spike.db", "/srv/spike.db"),
        ("sqlite+pysqlite:////srv/with space.db", "/srv/with space.db"),
    ],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert open_sqlite(url).path == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "spike.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/spike.db",
        "sqlite:///spike.db?mode=ro",
        "sqlite:///file:spike.db",
        "postgresql://host/spike",
        "sqlite+aiosqlite:///spike.db",
    ],
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must look like"):
        open_sqlite(url)


def test_opening_touches_nothing(tmp_path: Path) -> None:
    database = OPEN(f"sqlite:///{tmp_path}/spike.db")
    assert list(tmp_path.iterdir()) == []
    database.close()


def test_the_entry_point_leads_here() -> None:
    point = EntryPoint("database.sqlite", "spike_sqlalchemy.plugin:open_sqlite", "spike.adapters")
    assert point.load() is open_sqlite
