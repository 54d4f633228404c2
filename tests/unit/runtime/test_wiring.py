"""The composition root."""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from memory_spike import MemorySpike
from spike_core.domain.catalog import SPECIFIED, Catalog, Offer
from spike_core.domain.events import Event, JobCompleted
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.orders import Order, TaskKind
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.factories import ADAPTER_API
from spike_core.services.regeneration import SamePolicy
from spike_memory import MemoryDatabase
from spike_runtime import Settings, WrongSettings, build, build_offline, plugins, policies, subscribers
from spike_runtime.plugins import GROUP, load_adapter, scheme_of


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


def test_leaving_the_context_closes_spike_also_by_an_exception() -> None:
    closed: list[str] = []

    class ClosingDatabase(MemoryDatabase):
        def close(self) -> None:
            closed.append("database")

    with MemorySpike.build(database=ClosingDatabase()).spike as spike:
        assert isinstance(spike.database, ClosingDatabase)
        assert closed == []
    assert closed == ["database"]
    with pytest.raises(ZeroDivisionError), MemorySpike.build(database=ClosingDatabase()).spike:
        raise ZeroDivisionError
    assert len(closed) == 2


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


def installed(monkeypatch: pytest.MonkeyPatch, *, api: object) -> None:
    """Install a store `mirror` whose module declares this version of the adapter API, or none."""
    module = ModuleType("mirror")
    vars(module).update({"open_mirror": len} | ({} if api is None else {"ADAPTER_API": api}))
    monkeypatch.setitem(sys.modules, "mirror", module)
    point = EntryPoint(name="storage.mirror", value="mirror:open_mirror", group=GROUP)
    monkeypatch.setattr(plugins, "_installed", lambda: {point.name: point})


@pytest.mark.parametrize("api", [ADAPTER_API, None])
def test_an_adapter_of_this_api_is_loaded_and_one_that_says_nothing_is_of_the_first(
    monkeypatch: pytest.MonkeyPatch, api: object
) -> None:
    installed(monkeypatch, api=api)
    assert load_adapter("storage", "mirror", setting="SPIKE_STORAGE_URL") is len


@pytest.mark.parametrize("api", [ADAPTER_API + 1, 0, "one"])
def test_an_adapter_of_another_api_is_refused_before_it_is_called(monkeypatch: pytest.MonkeyPatch, api: object) -> None:
    installed(monkeypatch, api=api)
    reason = f"SPIKE_STORAGE_URL: storage 'mirror' of mirror is written for adapter API {api}, and this Spike has"
    with pytest.raises(WrongSettings, match=reason):
        load_adapter("storage", "mirror", setting="SPIKE_STORAGE_URL")


def test_our_own_adapters_declare_the_api() -> None:
    ours = {point.module for point in entry_points(group=GROUP) if point.module.startswith("spike_")}
    found = {name: getattr(__import__(name, fromlist=["x"]), plugins.DECLARATION, None) for name in ours}
    assert found == dict.fromkeys(ours, ADAPTER_API)


NO_POSIX = """
import sys
sys.modules.update(dict.fromkeys(["fcntl", "resource", "termios"]))
"""
WITHOUT_POSIX = """
import spike_sqlalchemy
assert all(hasattr(spike_sqlalchemy, name) for name in spike_sqlalchemy.__all__)
from spike_memory import build_in_memory
from spike_pillow import classical_engine
build_in_memory(), classical_engine()
import spike_http
"""


def test_without_posix_the_core_runs_and_the_runtime_says_what_it_needs() -> None:
    ran = run(NO_POSIX + WITHOUT_POSIX)
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("spike_runtime.platform.UnsupportedPlatform: Spike's runtime, service and command need")
    assert "fcntl, resource, termios" in last


def test_without_posix_the_command_says_what_it_needs_in_one_line() -> None:
    ran = run(NO_POSIX + "from spike_cli.start import main; main()")
    assert (ran.returncode, ran.stdout) == (1, "")
    [line] = ran.stderr.splitlines()
    assert line.startswith("spike: Spike's runtime, service and command need a POSIX system")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


class _Mail:
    name = "mail"
    kinds = frozenset({JobCompleted})

    def handle(self, event: Event) -> None:
        raise NotImplementedError


def _fail() -> None:
    raise ZeroDivisionError("no server")


def test_subscribers_are_those_given_and_those_of_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = _Mail()
    index.name = "index"
    _install(monkeypatch, _Mail)
    spike = build(Settings(data_dir=tmp_path), subscribers=[index])
    assert [name.text for name in spike.events.subscribers] == ["mail", "index"]


def test_two_subscribers_of_one_name_are_refused_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, _Mail)
    with pytest.raises(WrongSettings, match=r"spike.subscribers: .+ mail is that of two"):
        build(Settings(data_dir=tmp_path), subscribers=[_Mail()])


def test_an_entry_point_of_a_subscriber_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, _fail)
    with pytest.raises(WrongSettings, match=r"mail = package:opener of spike.subscribers failed: no server"):
        build(Settings(data_dir=tmp_path))


def _install(monkeypatch: pytest.MonkeyPatch, opener: Callable[[], object]) -> None:
    """Install an entry point for a subscriber."""
    point = SimpleNamespace(name="mail", value="package:opener", load=lambda: opener)
    monkeypatch.setattr(subscribers, "entry_points", lambda *, group: [point] if group == subscribers.GROUP else [])


class _Plans:
    """An app's regeneration policies and prices."""

    def of(self, _owner_id: OwnerId) -> RegenerationPolicy:
        return RegenerationPolicy(cap=Tokens(7))

    def price(self, _order: Order, *, owner_id: OwnerId) -> Tokens:
        return Tokens(len(owner_id.text))


def _install_policies(monkeypatch: pytest.MonkeyPatch, *named: tuple[str, Callable[[], object]]) -> None:
    points = [
        SimpleNamespace(name=name, value=f"shop:{name}", load=lambda opener=opener: opener) for name, opener in named
    ]
    monkeypatch.setattr(policies, "entry_points", lambda *, group: points if group == policies.GROUP else [])


def test_every_process_knows_the_policies_of_an_app_that_registers_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`spike worker` refunds, and `spike tokens grant` grants, by the app's plans; a program may give others."""
    catalog = Catalog([*SPECIFIED, Offer(tier=Tier("TIER_8K"), longest_side_px=8192, price=Tokens(40))])
    _install_policies(monkeypatch, ("regeneration", _Plans), ("price_list", _Plans), ("catalog", lambda: catalog))
    ada = OwnerId("ada")
    with build(Settings(data_dir=tmp_path), database=MemoryDatabase()) as spike:
        spike.wallets.open(ada)
        assert spike.wallets.account(ada).cap == Tokens(7)
        assert spike.pricing.prices(Tier("TIER_8K"), ada)[TaskKind.ENHANCEMENT] == Tokens(3)
    assert Tier("TIER_8K") in build_offline(Settings(upscaler="classical")).pricing.catalog
    given = SamePolicy(RegenerationPolicy(cap=Tokens(9)))
    with build(Settings(data_dir=tmp_path), database=MemoryDatabase(), regeneration=given) as spike:
        spike.wallets.open(ada)
        assert spike.wallets.account(ada).cap == Tokens(9)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ([("regenerations", _Plans)], "regenerations is no policy; there are catalog, price_list, regeneration"),
        ([("catalog", _Plans), ("catalog", _Plans)], "there are two of catalog: shop:catalog and shop:catalog"),
        ([("price_list", _fail)], "price_list = shop:price_list of spike.policies failed: no server"),
    ],
)
def test_policies_that_cannot_be_used_are_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: list[tuple[str, Callable[[], object]]], problem: str
) -> None:
    _install_policies(monkeypatch, *named)
    with pytest.raises(WrongSettings, match=re.escape(problem)):
        build(Settings(data_dir=tmp_path))
