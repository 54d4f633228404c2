"""The generator's settings: which ones are refused at startup, and complete jobs with the accepted ones."""

import io
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import typed_settings
from attrs import evolve

from forked_children import forked_children
from images_api import FORBIDDEN, KEY, ImagesApi, refusing
from pictures import a_photo, decoded
from spike_core.domain.accounts import Email
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue, PromptRefused
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CompletedJob, Job, JobStatus, RefundedJob
from spike_core.domain.tiers import Tier
from spike_core.services.ingest import InlineImage
from spike_openai import OpenAIGenerator
from spike_openai.plugin import open_generator
from spike_pillow.canvas_fitter import PillowCanvasFitter
from spike_runtime import Settings, Spike, WrongSettings, build
from spike_sandbox import SandboxedCanvasFitter


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture
def api() -> Iterator[ImagesApi]:
    with ImagesApi() as opened:
        yield opened


@pytest.fixture
def settings(api: ImagesApi, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        upscaler="classical",
        generator="openai",
        generator_url=api.url,
        generator_api_key=typed_settings.SecretStr(KEY),
        retry_delay_s=0,
        attempts_max=2,
    )


@pytest.fixture
def spike(settings: Settings) -> Iterator[Spike]:
    built = build(settings)
    built.database.migrate()
    yield built
    built.close()


@pytest.fixture
def owner(spike: Spike) -> OwnerId:
    return spike.accounts.registration.register(Email.parse("ada@example.org")).user.id


def generated(spike: Spike, owner: OwnerId, words: str) -> Job:
    """Generate a picture in this thread, and return the settled job."""
    creating = spike.jobs.generations.generate(
        owner, prompt=Prompt(words), negative=None, tier=Tier.TIER_2K, aspect_ratio=AspectRatio.SIXTEEN_TO_NINE
    )
    return ended(spike, owner, creating.job)


def ended(spike: Spike, owner: OwnerId, job: Job) -> Job:
    for _ in range(spike.settings.attempts_max):
        if spike.jobs.generations.job(owner, job.id).status in {JobStatus.PENDING, JobStatus.PROCESSING}:
            spike.jobs.runner.perform(job.id)
    return spike.jobs.generations.job(owner, job.id)


def balance(spike: Spike, owner: OwnerId) -> int:
    return spike.wallets.account(owner).wallet.balance.amount


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generator_url": ""}, "SPIKE_GENERATOR_URL must be set"),
        ({"generator_url": "127.0.0.1:8080"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": "/v1"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": "http://"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": "ftp://example.org/v1"}, "SPIKE_GENERATOR_URL must be an http or https address"),
        ({"generator_url": "http://example.org:port/v1"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": "http://[::1/v1"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": "http://example.org/\n"}, "SPIKE_GENERATOR_URL must be"),
        ({"generator_url": f"http://user:{KEY}@example.org/v1"}, "SPIKE_GENERATOR_URL must not contain credentials"),
        ({"generator_url": "http://example.org/v1?a=b"}, "SPIKE_GENERATOR_URL must have no query"),
        (
            {"generator_url": "https://api.openai.com/v1", "generator_api_key": typed_settings.SecretStr("")},
            "SPIKE_GENERATOR_API_KEY must be set",
        ),
        ({"generator_api_key": typed_settings.SecretStr(f"{KEY}\n{KEY}")}, "SPIKE_GENERATOR_API_KEY must be printable"),
        ({"generator_api_key": typed_settings.SecretStr(f"{KEY} x")}, "SPIKE_GENERATOR_API_KEY must be printable"),
        ({"generator_api_key": typed_settings.SecretStr(f"{KEY}é")}, "SPIKE_GENERATOR_API_KEY must be printable"),
        ({"generator_model": "a model"}, "SPIKE_GENERATOR_MODEL must be"),
        ({"generator_model": "x" * 201}, "SPIKE_GENERATOR_MODEL must be"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(settings: Settings, change: dict[str, str], message: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        build(evolve(settings, **change))  # type: ignore[arg-type]  # a setting each
    assert str(refused.value).startswith(f"SPIKE_GENERATOR=openai: {message}")
    assert KEY not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "HTTPS://API.OPENAI.COM/v1/", "https://api.openai.com:443"]
)
def test_openai_itself_needs_a_key(url: str) -> None:
    with pytest.raises(InvalidValue, match="SPIKE_GENERATOR_API_KEY"):
        open_generator(url=url, api_key="", model="gpt-image-2", canvas_fitter=PillowCanvasFitter())
    open_generator(url=url, api_key=KEY, model="gpt-image-2", canvas_fitter=PillowCanvasFitter())


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/images/edits"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/images/edits"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/images/edits"),
        ("http://[::1]:8080/a/b", "http://[::1]:8080/a/b/images/edits"),
    ],
)
def test_the_path_of_the_url_stays_in_front(url: str, endpoint: str) -> None:
    assert (
        str(
            open_generator(url=url, api_key="", model="", canvas_fitter=PillowCanvasFitter()).server.endpoint(
                "images/edits"
            )
        )
        == endpoint
    )


def test_a_server_of_ones_own_needs_no_key(api: ImagesApi) -> None:
    api.scripts.append(refusing(400, "moderation_blocked"))
    generator = open_generator(url=api.url, api_key="", model="", canvas_fitter=PillowCanvasFitter())
    with pytest.raises(PromptRefused):
        generator.generate(Prompt("a cat"), negative=None, size=AspectRatio.SQUARE.size(64))
    assert "authorization" not in api.asked[0].headers


def test_pictures_are_opened_in_the_sandbox(spike: Spike) -> None:
    assert isinstance(spike.generator, OpenAIGenerator)
    assert isinstance(spike.generator.canvas_fitter, SandboxedCanvasFitter)


def test_the_start_asks_the_server_nothing(spike: Spike, api: ImagesApi) -> None:
    assert spike.settings.generator == "openai"
    assert api.asked == []


def test_a_picture_is_made_from_words_and_delivered(spike: Spike, api: ImagesApi, owner: OwnerId) -> None:
    job = generated(spike, owner, "a cat on a chair")
    assert isinstance(job, CompletedJob)
    with spike.storage.blobs.open(job.result.key) as content:
        assert decoded(content.read()).size == (2048, 1152)
    assert [asked.path for asked in api.asked] == ["/v1/images/generations"]
    assert balance(spike, owner) == 95
    assert list(spike.maintenance.audit.findings()) == []


def test_a_picture_is_changed_by_words_and_delivered(spike: Spike, api: ImagesApi, owner: OwnerId) -> None:
    original = a_photo(Dimensions(width_px=640, height_px=480))
    creating = spike.jobs.generations.modify(
        owner,
        prompt=Prompt("make it snow"),
        negative=None,
        tier=Tier.TIER_1K,
        picture=InlineImage(content=io.BytesIO(original)),
    )
    job = ended(spike, owner, creating.job)
    assert isinstance(job, CompletedJob)
    assert job.result.dimensions == Dimensions(width_px=1024, height_px=768)
    assert [asked.path for asked in api.asked] == ["/v1/images/edits"]


def test_refused_words_are_refunded_at_once(spike: Spike, api: ImagesApi, owner: OwnerId) -> None:
    job = generated(spike, owner, f"something {FORBIDDEN}")
    assert isinstance(job, RefundedJob)
    assert job.reason.startswith("The generator refuses this prompt for good")
    assert len(api.asked) == 1
    assert balance(spike, owner) == 100
    assert list(spike.maintenance.audit.findings()) == []


def test_a_wrong_key_is_told_in_the_log_and_refunded(
    spike: Spike, api: ImagesApi, owner: OwnerId, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the setting for the operator; the user reads that the prompt isn't the cause."""
    caplog.set_level(logging.INFO)
    api.scripts += [refusing(401, "invalid_api_key")] * 2
    job = generated(spike, owner, "a cat")
    assert isinstance(job, RefundedJob)
    assert job.reason == "The picture generator is unavailable."
    assert "SPIKE_GENERATOR_API_KEY isn't accepted" in caplog.text
    assert KEY not in caplog.text
    assert balance(spike, owner) == 100


def test_an_outage_is_over_by_the_next_attempt(spike: Spike, api: ImagesApi, owner: OwnerId) -> None:
    api.scripts.append(refusing(404, "model_not_found"))
    assert isinstance(generated(spike, owner, "a cat"), CompletedJob)
    assert balance(spike, owner) == 95
