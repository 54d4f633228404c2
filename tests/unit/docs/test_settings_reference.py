"""`docs/reference/settings.md` documents every setting with its default, and nothing else."""

import os
import re
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from typed_settings import SecretStr

from spike_runtime import Settings, load_settings
from spike_runtime.settings import CONFIG_VARIABLE, PREFIX, TABLES

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/settings.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `(SPIKE_\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TOML_BLOCK: Final = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAST: Final = re.compile(r"at least ([\d.]+)$")


def shown(default: Any) -> str:
    """Return a default in the page's notation."""
    if isinstance(default, SecretStr):
        return shown(str(default))
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return f"`{text}`" if text else "empty"


def test_the_tables_are_the_settings_with_their_defaults() -> None:
    documented = [(name, default) for name, default, _, _ in ROW.findall(PAGE)]
    actual = {
        PREFIX + field.name.upper(): shown(field.default)
        for field in attrs.fields(Settings)
        if field.name not in TABLES
    }
    assert dict(documented) == actual
    assert len(documented) == len(actual), "each is named once"


def test_a_setting_takes_its_least_value_and_none_below() -> None:
    least = {
        name.removeprefix(PREFIX).lower(): match[1]
        for name, _, unit, _ in ROW.findall(PAGE)
        if (match := LEAST.search(unit))
    }
    assert set(least) == {field.name for field in attrs.fields(Settings) if isinstance(field.default, int | float)}
    restless = Settings(heartbeat_s=0.1, file_mb_max=1)  # goes with every lease, and every batch
    for name, text in least.items():
        number = type(getattr(restless, name))(text)
        lowest: dict[str, Any] = {name: number}
        too_low: dict[str, Any] = {name: number - type(number)(1)}
        assert getattr(attrs.evolve(restless, **lowest), name) == number
        with pytest.raises(ValueError, match=f"{PREFIX}{name.upper()} must be at least"):
            attrs.evolve(restless, **too_low)


def test_the_sample_file_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample, *_ = TOML_BLOCK.findall(PAGE)
    file = tmp_path / "spike.toml"
    file.write_text(sample, encoding="utf-8")
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    assert load_settings() == Settings(data_dir=Path("/var/lib/spike"), worker_threads=4)
