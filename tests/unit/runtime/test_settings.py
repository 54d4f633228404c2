"""Settings: their sources, and the errors for invalid ones."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from spike_runtime import Settings, WrongSettings, load_settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SPIKE_"):
            monkeypatch.delenv(name)


def test_without_a_word_the_defaults_hold() -> None:
    assert load_settings() == Settings(data_dir=Path("var").absolute())


def test_the_environment_is_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIKE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SPIKE_WEB_THREADS", "3")
    monkeypatch.setenv("SPIKE_LEASE_S", "90.5")
    settings = load_settings()
    assert (settings.data_dir, settings.web_threads) == (tmp_path, 3)
    assert settings.job_limits.lease == timedelta(seconds=90.5)


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_text("[spike]\nweb_threads = 5\ntoken_cap = 7\n")
    monkeypatch.setenv("SPIKE_CONFIG", str(file))
    monkeypatch.setenv("SPIKE_WEB_THREADS", "3")
    settings = load_settings()
    assert (settings.web_threads, settings.token_cap) == (3, 7)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPIKE_WEB_THREADS", "many", "SPIKE_WEB_THREADS: 'many'"),
        ("SPIKE_WEB_THREADS", "0", "SPIKE_WEB_THREADS must be at least 1, not 0"),
        ("SPIKE_FILE_MB_MAX", "257", "SPIKE_FILE_MB_MAX must be at most 256, not 257"),
        ("SPIKE_FILE_MB_MAX", "0", "SPIKE_FILE_MB_MAX must be at least 1, not 0"),
        ("SPIKE_FILE_MB_MAX", "60", "SPIKE_BATCH_MB_MAX must be at least SPIKE_FILE_MB_MAX, 60, not 50"),
        ("SPIKE_BATCH_MB_MAX", "1000", "SPIKE_BODIES_MB_MAX must be at least 2100, not 2000, since SPIKE_BATCH_MB_MAX"),
        ("SPIKE_LEASE_S", "nan", "SPIKE_LEASE_S must be at least 1, not nan"),
        ("SPIKE_LEASE_S", "inf", "SPIKE_LEASE_S must be at most 1000000000, not inf"),
        ("SPIKE_DRAIN_S", "1e300", "SPIKE_DRAIN_S must be at most 1000000000, not 1e+300"),
        ("SPIKE_PUBLIC_URL", "spike.example.org", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://example.org/api", "SPIKE_PUBLIC_URL can't have a path that begins with /api"),
        (
            "SPIKE_PUBLIC_URL",
            "https://example.org/files/x",
            "SPIKE_PUBLIC_URL can't have a path that begins with /files",
        ),
        ("SPIKE_PUBLIC_URL", "https://example.org/a b", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://example.org//spike", "SPIKE_PUBLIC_URL may have a path of letters, digits"),
        ("SPIKE_PUBLIC_URL", "https://example.org/a/../b", "SPIKE_PUBLIC_URL may have a path of letters, digits"),
        ("SPIKE_PUBLIC_URL", "https://example.org/sp%69ke", "SPIKE_PUBLIC_URL may have a path of letters, digits"),
        ("SPIKE_PUBLIC_URL", "https://example.org/';x", "SPIKE_PUBLIC_URL may have a path of letters, digits"),
        ("SPIKE_PUBLIC_URL", "https://@", "SPIKE_PUBLIC_URL must not contain a user name or a password"),
        ("SPIKE_PUBLIC_URL", "https://user:pw@example.org", "SPIKE_PUBLIC_URL must not contain a user name"),
        ("SPIKE_PUBLIC_URL", "https://:80", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://example.org:0", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://example.org:70000", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://-example.org", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_PUBLIC_URL", "https://[1::2::3]", "SPIKE_PUBLIC_URL must look like https://spike.example.org"),
        ("SPIKE_CDN_URL", "https://cdn example.org", "SPIKE_CDN_URL must look like https://spike.example.org"),
        ("SPIKE_LOG_FORMAT", "xml", "SPIKE_LOG_FORMAT must be one of auto, console, json, not 'xml'"),
        ("SPIKE_ORPHAN_AGE_S", "3.9", "SPIKE_ORPHAN_AGE_S must be at least 4, not 3.9"),
        ("SPIKE_HEARTBEAT_S", "31", "SPIKE_HEARTBEAT_S must be at most half of SPIKE_LEASE_S"),
        ("SPIKE_TOKENCAP", "3", "SPIKE_TOKENCAP isn't a setting; did you mean SPIKE_TOKEN_CAP?"),
        ("SPIKE_CONFIG", "/nowhere.toml", "SPIKE_CONFIG: there is no file /nowhere.toml"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as refused:
        load_settings()
    assert message in str(refused.value)


@pytest.mark.parametrize("path", ["", "/", "/spike", "/spike/", "/apps/spike-2", "/a.b/api", "/..."])
def test_a_public_url_may_have_a_path(path: str) -> None:
    assert Settings(public_url=f"https://example.org{path}").public_url == f"https://example.org{path}"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]", "[2001:db8::1]:8443", "spike_web", "a.b.c."])
def test_a_public_url_may_have_any_host_of_the_web(host: str) -> None:
    assert Settings(public_url=f"http://{host}").public_url == f"http://{host}"


def test_a_password_in_a_public_url_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="SPIKE_PUBLIC_URL") as refused:
        Settings(public_url="https://user:swordfish@example.org")
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("text", ["[spike]\nweb_thread = 5\n", "[spike\n", "[spike]\nweb_threads = 'x'\n"])
def test_a_wrong_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    file = tmp_path / "spike.toml"
    file.write_text(text)
    monkeypatch.setenv("SPIKE_CONFIG", str(file))
    with pytest.raises(WrongSettings):
        load_settings()


@pytest.mark.parametrize("name", ["SPIKE_SECRET", "SPIKE_GENERATOR_API_KEY"])
@pytest.mark.parametrize("value", ["hunter2\n", " hunter2", "\thunter2"])
def test_a_secret_with_stray_white_space_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Lesson 20: a line break from a file of secrets became part of the secret, so that its signatures were invalid."""
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as refused:
        load_settings()
    assert f"{name} must not begin or end with white space" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKE_SECRET", "hunter2")
    settings = load_settings()
    assert settings.secret == "hunter2"
    assert "hunter2" not in repr(settings)


def test_the_old_name_of_the_limit_on_active_jobs_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().job_limits.active_jobs_max == 8
    monkeypatch.setenv("SPIKE_ON_THEIR_WAY_MAX", "3")
    with pytest.warns(
        DeprecationWarning, match="SPIKE_ON_THEIR_WAY_MAX is deprecated .+ in 0.3: use SPIKE_ACTIVE_JOBS"
    ):
        settings = load_settings()
    assert settings.job_limits.active_jobs_max == 3
    assert settings.old_names == ["on_their_way_max"]
    monkeypatch.setenv("SPIKE_ACTIVE_JOBS_MAX", "8")  # which of the two counts would be anybody's guess
    with pytest.raises(WrongSettings, match="SPIKE_ON_THEIR_WAY_MAX is the old name of SPIKE_ACTIVE_JOBS_MAX"):
        load_settings()
    monkeypatch.delenv("SPIKE_ON_THEIR_WAY_MAX")
    assert load_settings().old_names == []
