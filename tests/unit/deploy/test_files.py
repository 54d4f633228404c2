"""The files of `deploy/` agree with the code, with each other, and with their comments."""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # it comes without types
from attrs import fields

from spike_http.requests.query import WAIT_S_MAX
from spike_http.serving.bodies import BODY_BYTES_MAX
from spike_runtime import Settings

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
NAMES: Final = {f"SPIKE_{attribute.name.upper()}" for attribute in fields(Settings)}
DEFAULTS: Final = Settings()
COMPOSE: Final[Mapping[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: Final[Mapping[str, Any]] = COMPOSE["services"]
OURS: Final = ("web1", "web2", "worker1", "worker2")
NGINX: Final = (DEPLOY / "nginx.conf").read_text()
DOCKERFILE: Final = (DEPLOY / "Dockerfile").read_text()
UNITS: Final = ("spike-web@.service", "spike-worker.service")


def seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)s?", text)
    assert match is not None
    return float(match[1])


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    parser.read(DEPLOY / "systemd" / name)
    return parser


@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bSPIKE_[A-Z_]+\b", path.read_text()))
    assert named <= NAMES


def test_the_settings_of_compose_are_all_there_for_all_of_ours() -> None:
    shared = SERVICES["web1"]["environment"]
    assert {name for name in shared if name.startswith("SPIKE_")} <= NAMES
    assert all(SERVICES[name]["environment"] == shared for name in OURS)


def test_images_are_pinned_to_a_patch_release() -> None:
    images = {each["image"] for each in SERVICES.values()} | set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    for image in images - {"spike:local"}:
        assert re.search(r":v?\d+\.\d+", image), image


def test_nginx_lets_no_client_say_what_spike_believes_of_a_trusted_proxy() -> None:
    said = dict(re.findall(r"proxy_set_header (\S+)\s+(\S+);", NGINX))
    assert said["X-Forwarded-For"] == "$proxy_add_x_forwarded_for"
    assert (said["X-Forwarded-Proto"], said["X-Forwarded-Host"]) == ("$scheme", "$http_host")


def test_nginx_leads_to_the_servers_and_ports_of_compose() -> None:
    assert re.findall(r"^\s+server (\S+) max_fails=0;", NGINX, re.MULTILINE) == ["web1:3000", "web2:3000"]
    for name in ("web1", "web2"):
        assert SERVICES[name]["command"][-2:] == ["--port", "3000"]
    assert "listen 8080;" in NGINX
    assert SERVICES["nginx"]["ports"] == ["8080:8080"]
    assert "EXPOSE 3000" in DOCKERFILE


def test_the_proxy_that_is_trusted_is_nginx() -> None:
    address = SERVICES["nginx"]["networks"]["default"]["ipv4_address"]
    assert SERVICES["web1"]["environment"]["SPIKE_TRUSTED_PROXIES"] == address


def test_idle_connections_are_closed_by_nginx_before_a_server_ends() -> None:
    [keepalive] = re.findall(r"^\s+keepalive_timeout (\d+)s;\s+}", NGINX, re.MULTILINE)
    assert int(keepalive) < DEFAULTS.drain_s


def directive(name: str) -> str:
    """Return the value of a directive of nginx's server block."""
    [value] = re.findall(rf"^        {name} +(.+);", NGINX.partition("    server {")[2], re.MULTILINE)
    return str(value)


def test_nginx_is_as_patient_as_spike() -> None:
    assert seconds(directive("client_header_timeout")) == DEFAULTS.header_timeout_s
    assert seconds(directive("send_timeout")) == DEFAULTS.read_timeout_s
    assert seconds(directive("client_body_timeout")) < DEFAULTS.body_timeout_s
    assert seconds(directive("keepalive_timeout")) < DEFAULTS.idle_timeout_s
    assert seconds(directive("proxy_read_timeout")) > WAIT_S_MAX + DEFAULTS.database_statement_s


def test_nginx_takes_the_largest_body_and_what_spike_explains() -> None:
    taken_bytes = int(directive("client_max_body_size").removesuffix("m")) * 1024 * 1024
    assert BODY_BYTES_MAX < taken_bytes < 1.3 * BODY_BYTES_MAX


def test_nginx_keeps_slow_clients_to_itself() -> None:
    assert directive("proxy_request_buffering") == directive("proxy_buffering") == "on"
    connections = int(re.findall(r"worker_connections (\d+);", NGINX)[0])
    assert int(re.findall(r"worker_rlimit_nofile (\d+);", NGINX)[0]) >= 2 * connections
    assert connections >= 2 * DEFAULTS.connections_max


def test_nobody_is_killed_before_its_work_can_end() -> None:
    for name in ("web1", "web2"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > DEFAULTS.drain_s + 10
    for name in ("worker1", "worker2"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > DEFAULTS.worker_drain_s + 10
    assert seconds(unit(UNITS[0])["Service"]["TimeoutStopSec"]) > DEFAULTS.drain_s + 10
    assert seconds(unit(UNITS[1])["Service"]["TimeoutStopSec"]) > DEFAULTS.worker_drain_s + 10


@pytest.mark.parametrize("name", OURS)
def test_containers_may_write_nothing_but_what_they_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_runs_as_nobody_in_particular_and_pins_every_package() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in install or "--no-deps --no-build-isolation ." in install for install in installs)
    assert "ARG NEURAL=no" in DOCKERFILE
    assert "ARG HEIF=no" in DOCKERFILE


def test_metrics_begin_empty_when_the_machine_starts() -> None:
    assert COMPOSE["volumes"]["metrics"]["driver_opts"]["type"] == "tmpfs"
    folder = re.search(r"^SPIKE_METRICS_DIR=(\S+)$", (DEPLOY / "systemd" / "spike.env").read_text(), re.MULTILINE)
    assert folder is not None
    assert folder[1].startswith("/run/")
    assert f"D {folder[1]} " in (DEPLOY / "systemd" / "spike.tmpfiles.conf").read_text()


@pytest.mark.parametrize("name", UNITS)
def test_units_signal_the_parent_alone_and_gain_no_rights(name: str) -> None:
    service = unit(name)["Service"]
    assert (service["KillMode"], service["NoNewPrivileges"], service["User"]) == ("mixed", "yes", "spike")


def test_secrets_are_asked_for_and_none_is_written_down() -> None:
    names = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    given = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert names == {name for name, value in given.items() if not value}
