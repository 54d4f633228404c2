"""Options of adapters, which their factories declare."""

import pickle
from collections.abc import Mapping
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import field, frozen, validators
from typed_settings import SecretStr

from spike_core.ports.factories import Engine, EngineResources
from spike_runtime import Settings, WrongSettings, load_settings, plugins
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.engines import chosen_engine
from spike_runtime.settings import CONFIG_VARIABLE


@frozen(kw_only=True)
class CvOptions:
    model: str
    strength: float = field(default=1.0, validator=validators.le(2))
    fast: bool = False
    token: SecretStr = field(factory=lambda: SecretStr(""))


built_with: list[CvOptions] = []


def open_cv(*, means: EngineResources, options: CvOptions) -> Engine:
    built_with.append(options)
    return means.classical()


def open_cv_extra(*, means: EngineResources) -> Engine:
    return means.classical()


def open_mirror(url: str, *, options: CvOptions) -> tuple[str, CvOptions]:
    return url, options


def open_wrong(*, options: dict[str, str]) -> Any:
    return options


OPTIONS: Final = {"model": "edsr.pb"}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    group = "spike.adapters"
    points = [
        EntryPoint("upscaler.cv", f"{__name__}:open_cv", group),
        EntryPoint("upscaler.cv_extra", f"{__name__}:open_cv_extra", group),
        EntryPoint("upscaler.classical", "spike_pillow.plugin:open_engine", group),
        EntryPoint("storage.mirror", f"{__name__}:open_mirror", group),
    ]
    monkeypatch.setattr(plugins, "_installed", lambda: {point.name: point for point in points})
    built_with.clear()


def arguments(open_: Any = open_cv, name: str = "cv", **options: Any) -> Mapping[str, Any]:
    return AdapterOptions(**options).arguments(open_, name)


def test_options_come_from_the_file_and_variables_which_take_precedence() -> None:
    found = arguments(
        tables={"cv": {"model": "edsr.pb", "strength": 2}},
        variables={"SPIKE_ADAPTER_CV_STRENGTH": "0.5", "SPIKE_ADAPTER_CV_FAST": "false"},
    )
    assert found == {"options": CvOptions(model="edsr.pb", strength=0.5, fast=False)}


def test_the_query_of_a_url_comes_first_and_is_taken_off() -> None:
    options = AdapterOptions(tables={"mirror": {"model": "a", "strength": 2}})
    found, url = options.arguments_and_url(open_mirror, "mirror", "mirror://host/path?model=b%20c")
    assert (found, url) == ({"options": CvOptions(model="b c", strength=2)}, "mirror://host/path")


@pytest.mark.parametrize("url", ["mirror:///a/{test}", "mirror:////a/b.db", "mirror://", "mirror://host/a#b"])
def test_the_rest_of_the_url_stays_as_it_was_written(url: str) -> None:
    before, mark, fragment = url.partition("#")
    _, left = AdapterOptions().arguments_and_url(open_mirror, "mirror", f"{before}?model=x{mark}{fragment}")
    assert left == url


def test_an_adapter_without_options_reads_its_query_itself() -> None:
    def open_plain(url: str) -> str:
        return url

    assert AdapterOptions().arguments_and_url(open_plain, "plain", "plain://x?y=1") == ({}, "plain://x?y=1")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"tables": {"cv": {**OPTIONS, "model_": "x"}}}, "'cv' has no option 'model_'; did you mean model?"),
        (
            {"tables": {"cv": OPTIONS}, "variables": {"SPIKE_ADAPTER_CV_MODEL_": "x"}},
            "SPIKE_ADAPTER_CV_MODEL_ isn't an option of the adapter 'cv'; did you mean SPIKE_ADAPTER_CV_MODEL?",
        ),
        ({}, "'cv' needs the option model: set SPIKE_ADAPTER_CV_MODEL"),
        ({"tables": {"cv": {**OPTIONS, "strength": "much"}}}, "option strength of the adapter 'cv' is invalid"),
        ({"tables": {"cv": {**OPTIONS, "strength": 3}}}, "option of the adapter 'cv' is invalid.*strength"),
        ({"tables": {"cv": {**OPTIONS, "fast": "perhaps"}}}, "option fast of the adapter 'cv' is invalid"),
    ],
)
def test_a_wrong_option_is_refused_and_named(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(WrongSettings, match=complaint):
        arguments(**options)


def test_an_adapter_that_declares_none_refuses_options() -> None:
    with pytest.raises(WrongSettings, match="'cv_extra' has no options, but depth is set"):
        arguments(open_cv_extra, "cv_extra", tables={"cv_extra": {"depth": 3}})


def test_a_variable_belongs_to_the_adapter_with_the_longest_name() -> None:
    """`SPIKE_ADAPTER_CV_EXTRA_…` is none of `cv`'s."""
    variables = {"SPIKE_ADAPTER_CV_EXTRA_DEPTH": "3", "SPIKE_ADAPTER_CV_MODEL": "x"}
    assert arguments(variables=variables) == {"options": CvOptions(model="x")}
    with pytest.raises(WrongSettings, match="SPIKE_ADAPTER_CV_EXTRA_DEPTH is set"):
        arguments(open_cv_extra, "cv_extra", variables=variables)


def test_options_must_be_an_attrs_class() -> None:
    with pytest.raises(WrongSettings, match="annotate its options with an attrs class"):
        arguments(open_wrong, "cv")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            Settings(adapters={"classica": {}}),
            r"\[spike.adapters.classica\]: no such adapter is installed; did you mean classical\?",
        ),
        (Settings(adapter_variables={"SPIKE_ADAPTER_VC_MODEL": "x"}), "SPIKE_ADAPTER_VC_MODEL isn't an option of any"),
    ],
)
def test_options_of_an_adapter_that_isnt_installed_are_refused(settings: Settings, complaint: str) -> None:
    with pytest.raises(WrongSettings, match=complaint):
        AdapterOptions.of(settings)


def test_options_of_an_adapter_that_isnt_in_use_may_stand_in_the_settings() -> None:
    settings = Settings(upscaler="cv_extra", adapters={"cv": {"model": "x"}})
    assert chosen_engine(settings).name == "cv_extra"


def test_the_engine_gets_its_options_as_data_that_a_child_process_can_unpickle() -> None:
    """A child has an environment by allow-list, so the options aren't left in variables."""
    choice = chosen_engine(Settings(upscaler="cv", adapter_variables={"SPIKE_ADAPTER_CV_MODEL": "edsr.pb"}))
    opener = pickle.loads(pickle.dumps(choice.opener))  # noqa: S301
    assert isinstance(opener, partial)
    opener()
    assert built_with == [CvOptions(model="edsr.pb")]


def test_a_secret_option_isnt_shown() -> None:
    settings = Settings(adapters={"cv": {"token": "hunter2"}}, adapter_variables={"SPIKE_ADAPTER_CV_TOKEN": "hunter2"})
    assert "hunter2" not in f"{settings!r} {AdapterOptions.of(settings)!r}"
    assert "hunter2" not in repr(arguments(tables={"cv": {**OPTIONS, "token": "hunter2"}}))


def test_the_settings_read_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "spike.toml"
    file.write_text('[spike.adapters.cv]\nmodel = "edsr.pb"\nstrength = 1.5\n', encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    monkeypatch.setenv("SPIKE_ADAPTER_CV_FAST", "yes")
    found = AdapterOptions.of(load_settings()).arguments(open_cv, "cv")
    assert found == {"options": CvOptions(model="edsr.pb", strength=1.5, fast=True)}


@frozen(kw_only=True)
class SecretOptions:
    key: str = field(validator=validators.max_len(3))
    number: int = 1


def open_secret(*, means: EngineResources, options: SecretOptions) -> Engine:
    raise NotImplementedError


@pytest.mark.parametrize("options", [{"key": "S3CRET-VALUE"}, {"key": "abc", "number": "S3CRET-VALUE"}])
def test_an_invalid_option_is_named_without_its_value(options: dict[str, str]) -> None:
    with pytest.raises(WrongSettings) as caught:
        arguments(open_secret, "cv", tables={"cv": options})
    assert "S3CRET" not in str(caught.value)
    assert "Attribute(" not in str(caught.value)
    assert "cv" in str(caught.value)
