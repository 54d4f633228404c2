"""Pictures from a server with OpenAI's images API: the requests, and the use of the responses."""

import io
import re
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from effort import long, staggered
from images_api import FORBIDDEN, KEY, ImagesApi, Script, answering, refusing
from pictures import a_photo, decoded, encoded, exif, photograph
from spike_contracts.generator import GeneratorContract
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, PromptRefused, TooManyPixels
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.limits import PROMPT_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.ports.generator import Generator
from spike_core.ports.probe import ImageProbe
from spike_openai import ImageServer, OpenAIGenerator
from spike_openai.sizes import SIZES, asked_for
from spike_pillow import PillowProbe
from spike_pillow.canvas_fitter import PillowCanvasFitter

SQUARE = AspectRatio.SQUARE.size(256)
WIDE = AspectRatio.SIXTEEN_TO_NINE.size(384)
PROMPT = Prompt("a cat on a chair")
PAGE = (Path(__file__).parents[3] / "docs/howto/generate-with-openai.md").read_text(encoding="utf-8")
DOCUMENTED = re.findall(r"^\| (\d+:\d+) \| (\d+x\d+) \| (all|\d+x\d+) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def api() -> Iterator[ImagesApi]:
    with ImagesApi() as opened:
        yield opened


def a_generator(api: ImagesApi, *, key: str = KEY, model: str = "") -> OpenAIGenerator:
    return OpenAIGenerator(
        server=ImageServer.parse(api.url, api_key=key, model=model), canvas_fitter=PillowCanvasFitter()
    )


@pytest.fixture
def generator(api: ImagesApi) -> Generator:
    return a_generator(api)


@pytest.fixture
def lost_generator() -> Generator:
    """Return a generator whose server's port has no listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    server = ImageServer.parse(f"http://127.0.0.1:{port}/v1", api_key=KEY, model="")
    return OpenAIGenerator(server=server, canvas_fitter=PillowCanvasFitter())


@pytest.fixture
def probe() -> ImageProbe:
    return PillowProbe()


@pytest.fixture
def make_picture() -> MakePicture:
    return a_photo


class TestOpenAIGenerator(GeneratorContract):
    """With pictures inside the responses."""


@long(kept_by="tests/integration/openai/test_generator.py::test_a_file_of_the_server_is_fetched_with_the_key")
class TestOpenAIGeneratorByAddress(GeneratorContract):
    """With pictures as files of the server."""

    @pytest.fixture
    def api(self) -> Iterator[ImagesApi]:
        with ImagesApi(delivers_addresses=True) as opened:
            yield opened


def test_whether_the_server_can_be_asked_costs_no_picture(api: ImagesApi) -> None:
    a_generator(api).ping()
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("GET", "/v1/models")


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_lists_no_models_can_be_asked(api: ImagesApi, status: int) -> None:
    api.scripts.append(refusing(status))
    a_generator(api).ping()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refusing(401, "invalid_api_key"), "SPIKE_GENERATOR_API_KEY isn't accepted"),
        (refusing(402), "its account has no credit left"),
        (refusing(503), "answered 503"),
        (
            answering(b"", ("Location", "https://example.org/"), status=301),
            "SPIKE_GENERATOR_URL must be the final address",
        ),
    ],
)
def test_what_keeps_the_server_from_being_asked_is_told(api: ImagesApi, answer: Script, message: str) -> None:
    api.scripts.append(answer)
    with pytest.raises(GeneratorUnavailable) as failed:
        a_generator(api).ping()
    assert message in str(failed.value.__cause__)
    assert KEY not in "".join(traceback.format_exception(failed.value))
    assert len(api.asked) == 1


def test_a_server_that_is_away_is_told_so() -> None:
    with ImagesApi() as api:
        generator = a_generator(api)
    with pytest.raises(GeneratorUnavailable) as failed:
        generator.ping()
    assert "can't be reached" in str(failed.value.__cause__)


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, of 255."""
    means = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return float(sum(means) / len(means))


def test_what_is_asked_is_what_the_api_knows(api: ImagesApi) -> None:
    a_generator(api, model="some-model").generate(PROMPT, negative=None, size=WIDE)
    (asked,) = api.asked
    assert asked.path == "/v1/images/generations"
    assert asked.fields == {
        "prompt": "a cat on a chair",
        "size": "1536x1024",
        "n": 1,
        "model": "some-model",
        "response_format": "b64_json",
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["accept-encoding"] == "identity"


def test_without_a_model_the_server_chooses(api: ImagesApi) -> None:
    a_generator(api).generate(PROMPT, negative=None, size=WIDE)
    assert "model" not in api.asked[0].fields


@pytest.mark.parametrize("change", ["generate", "modify"])
def test_what_isnt_wanted_is_said_in_plain_words(api: ImagesApi, change: str) -> None:
    generator, unwanted = a_generator(api), Prompt("people, cars")
    if change == "generate":
        generator.generate(PROMPT, negative=unwanted, size=SQUARE)
    else:
        generator.modify(io.BytesIO(a_photo(SQUARE)), PROMPT, negative=unwanted, size=SQUARE)
    assert api.asked[0].fields["prompt"] == "a cat on a chair\n\nThe picture must not show: people, cars"


@pytest.mark.parametrize("text", ["größer, 像素, 🐈", "a\nb", 'quotes " and \\', "x" * PROMPT_CHARS_MAX])
def test_words_arrive_as_they_were_written(api: ImagesApi, text: str) -> None:
    generator = a_generator(api)
    generator.generate(Prompt(text), negative=None, size=SQUARE)
    generator.modify(io.BytesIO(a_photo(SQUARE)), Prompt(text), negative=None, size=SQUARE)
    assert [asked.fields["prompt"] for asked in api.asked] == [text, text]


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        (AspectRatio.SQUARE, "1024x1024"),
        (AspectRatio.FIVE_TO_FOUR, "1536x1024"),
        (AspectRatio.FOUR_TO_FIVE, "1024x1536"),
        (AspectRatio.FOUR_TO_THREE, "1536x1024"),
        (AspectRatio.THREE_TO_FOUR, "1024x1536"),
        (AspectRatio.THREE_TO_TWO, "1536x1024"),
        (AspectRatio.TWO_TO_THREE, "1024x1536"),
        (AspectRatio.SIXTEEN_TO_NINE, "1536x1024"),
        (AspectRatio.NINE_TO_SIXTEEN, "1024x1536"),
        (AspectRatio.TWENTY_ONE_TO_NINE, "1536x1024"),
    ],
)
def test_the_size_asked_is_the_nearest_in_aspect(ratio: AspectRatio, size: str) -> None:
    for side in (16, 1024, 4096):
        assert str(asked_for(ratio.size(side))) == size


def test_the_page_tells_what_is_asked_for_and_used() -> None:
    for name, asked, used in DOCUMENTED:
        size = AspectRatio.parse(name).size(4096)
        canvas = asked_for(size)
        assert str(canvas) == asked
        scale = min(canvas.width_px / size.width_px, canvas.height_px / size.height_px)
        middle = Dimensions(width_px=round(size.width_px * scale), height_px=round(size.height_px * scale))
        assert used == ("all" if middle == canvas else str(middle))
    assert {name for name, _, _ in DOCUMENTED} == {ratio.value for ratio in AspectRatio}


def test_turning_the_wanted_size_turns_the_asked_one() -> None:
    for width, height in [(1, 1000), (100, 123), (100, 122), (900, 1000), (7, 10)]:
        lying = asked_for(Dimensions(width_px=height, height_px=width))
        standing = asked_for(Dimensions(width_px=width, height_px=height))
        assert (lying.width_px, lying.height_px) == (standing.height_px, standing.width_px)
        assert {lying, standing} <= {*SIZES}


def test_a_picture_of_another_aspect_is_cut_not_squeezed(api: ImagesApi) -> None:
    picture = decoded(a_generator(api).generate(PROMPT, negative=None, size=WIDE).content)
    drawn = photograph(size=(1536, 1024))
    expected = ImageOps.fit(drawn, (WIDE.width_px, WIDE.height_px), Image.Resampling.LANCZOS)
    assert distance(picture, expected) < 2


@pytest.mark.parametrize("size", staggered([(900, 300), (640, 480), (480, 640), (640, 360), (500, 500)], step=2))
def test_what_was_in_the_frame_stays_in_the_frame(api: ImagesApi, size: tuple[int, int]) -> None:
    """The server mirrors its input; cropped to the original's aspect ratio, the result is the mirrored original."""
    photo = photograph(size=size)
    wanted = Dimensions(width_px=size[0], height_px=size[1])
    picture = a_generator(api).modify(io.BytesIO(encoded(photo, PictureFormat.PNG)), PROMPT, negative=None, size=wanted)
    assert distance(decoded(picture.content), ImageOps.mirror(photo)) < 4


def test_an_original_is_sent_upright_and_without_metadata(api: ImagesApi) -> None:
    lying = photograph(size=(640, 480))
    original = encoded(lying, exif=exif(orientation=6), comment=b"private")
    wanted = Dimensions(width_px=480, height_px=640)
    picture = a_generator(api).modify(io.BytesIO(original), PROMPT, negative=None, size=wanted)
    (asked,) = api.asked
    assert asked.path == "/v1/images/edits"
    assert b"SecretCamera" not in asked.image
    assert b"private" not in asked.image
    sent = decoded(asked.image)
    assert (sent.format, sent.size, sent.mode) == ("PNG", (1024, 1536), "RGB")
    assert not sent.getexif()
    upright = lying.transpose(Image.Transpose.ROTATE_270)
    assert distance(decoded(picture.content), ImageOps.mirror(upright)) < 6


def test_what_is_transparent_becomes_white(api: ImagesApi) -> None:
    """A server could take a transparent area as a mask, and change nothing else."""
    glass = Image.new("RGBA", (300, 200), (10, 20, 30, 0))
    glass.paste((200, 0, 0, 255), (0, 0, 150, 200))
    a_generator(api).modify(
        io.BytesIO(encoded(glass, PictureFormat.PNG)),
        PROMPT,
        negative=None,
        size=Dimensions(width_px=300, height_px=200),
    )
    sent = decoded(api.asked[0].image)
    assert sent.mode == "RGB"
    assert sent.getpixel((1500, 500)) == (255, 255, 255)


def test_a_thin_original_can_be_changed(api: ImagesApi) -> None:
    for size in (Dimensions(width_px=700, height_px=1), Dimensions(width_px=1, height_px=700)):
        picture = a_generator(api).modify(io.BytesIO(a_photo(size)), PROMPT, negative=None, size=size)
        assert decoded(picture.content).size == (size.width_px, size.height_px)


def test_too_large_an_original_is_not_sent(api: ImagesApi) -> None:
    huge = io.BytesIO(a_photo(Dimensions(width_px=60_000, height_px=4000)))
    with pytest.raises(TooManyPixels):
        a_generator(api).modify(huge, PROMPT, negative=None, size=SQUARE)
    assert api.asked == []


@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-2", "chatgpt-image-latest", "openai/gpt-image-1-mini"])
def test_a_model_that_always_answers_in_base64_isnt_asked_to(api: ImagesApi, model: str) -> None:
    """It would reject the whole request."""
    api.takes_response_format = False
    a_generator(api, model=model).generate(PROMPT, negative=None, size=SQUARE)
    assert [asked.fields.get("response_format") for asked in api.asked] == [None]


@pytest.mark.parametrize("change", ["generate", "modify"])
def test_a_server_that_cant_be_asked_for_base64_is_asked_without(api: ImagesApi, change: str) -> None:
    api.takes_response_format = False
    generator = a_generator(api, model="deployment-7")
    if change == "generate":
        generator.generate(PROMPT, negative=None, size=SQUARE)
    else:
        generator.modify(io.BytesIO(a_photo(SQUARE)), PROMPT, negative=None, size=SQUARE)
    assert [asked.fields.get("response_format") for asked in api.asked] == ["b64_json", None]


def test_a_file_of_the_server_is_fetched_with_the_key(api: ImagesApi) -> None:
    """Servers that require a key require it for files too."""
    api.delivers_addresses = True
    picture = a_generator(api).generate(PROMPT, negative=None, size=SQUARE)
    assert (decoded(picture.content).size, picture.dimensions) == ((256, 256), SQUARE)
    assert [(asked.method, asked.headers["authorization"]) for asked in api.asked] == [
        ("POST", f"Bearer {KEY}"),
        ("GET", f"Bearer {KEY}"),
    ]


def test_refused_words_are_refused_for_good(api: ImagesApi) -> None:
    for _ in range(2):
        with pytest.raises(PromptRefused):
            a_generator(api).generate(Prompt(f"a {FORBIDDEN} thing"), negative=None, size=SQUARE)
    assert len(api.asked) == 2


def test_one_generator_serves_many_threads(api: ImagesApi) -> None:
    generator, made = a_generator(api), dict[int, tuple[int, int]]()

    def make(side: int) -> None:
        picture = generator.generate(Prompt(f"cat {side}"), negative=None, size=AspectRatio.SQUARE.size(side))
        made[side] = decoded(picture.content).size

    threads = [threading.Thread(target=make, args=(side,)) for side in range(64, 70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {side: (side, side) for side in range(64, 70)}


def test_no_proxy_of_the_machine_is_used(api: ImagesApi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    a_generator(api).generate(PROMPT, negative=None, size=SQUARE)
    assert len(api.asked) == 1
